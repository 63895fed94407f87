import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { defaultConfiguration } from "./DefaultConfiguration.ts"
import type { CommandFailure } from "./ExitCode.ts"
import { overlayFlag } from "./Flags.ts"
import { supervise } from "./Supervise.ts"

/** `weir up`: a gateway and a control plane for this machine, without a file. */
export const up = Command.make("up", {
  config: overlayFlag,
  control: Flag.String("control").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("A configuration file of the control plane (sections control and weir); give several to lay later ones over"),
    Flag.atLeast(0)
  ),
  only: Flag.Literals("only", ["gateway", "control"]).pipe(
    Flag.withDescription("Run one of the two processes, in the foreground"),
    Flag.optional
  ),
  printConfig: Flag.Boolean("print-config").pipe(
    Flag.withDescription("Print the embedded default instead of running it"),
    Flag.withDefault(false)
  )
}).pipe(
  Command.withDescription(
    "Run a gateway and its control plane on this machine, two processes, with the embedded default: OTLP on 127.0.0.1:4317 (gRPC) and 4318 (HTTP), own metrics on 8888, health on 13133; console and API on 4319, OpAMP on 4320. What arrives is kept in ./weir-data, bounded. A line is printed when a new service starts to send, and a summary every minute. One Ctrl-C stops both, the gateway first."
  ),
  Command.withShortDescription("Run a gateway and a control plane on this machine"),
  Command.withExamples([
    { command: "weir up", description: "Start, and send something to it" },
    { command: "weir up --config ports.yaml", description: "Change a part of the default" },
    { command: "weir up --print-config > weir.yaml", description: "Start a configuration of your own from the default" }
  ]),
  Command.withHandler(({ config, control, only, printConfig }): Effect.Effect<void, CommandFailure> => {
    if (printConfig) return Console.log(defaultConfiguration.text.trimEnd())
    if (Option.isNone(only))
      return supervise([
        { name: "the control plane", args: ["up", "--only", "control", ...control.flatMap((file) => ["--control", file])] },
        { name: "the gateway", args: ["up", "--only", "gateway", ...config.flatMap((file) => ["--config", file])] }
      ])
    return only.value === "control"
      ? Effect.flatMap(
          Effect.promise(() => import("./ServeControl.ts")),
          ({ serveControl }) => serveControl({ config: control })
        )
      : Effect.flatMap(
          Effect.promise(() => import("./UpGateway.ts")),
          ({ upGateway }) => upGateway({ config })
        )
  })
)
