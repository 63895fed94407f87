import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { overlayFlag } from "./Flags.ts"

/** `weir up`: a gateway for this machine, without a file. */
export const up = Command.make("up", {
  config: overlayFlag,
  printConfig: Flag.Boolean("print-config").pipe(
    Flag.withDescription("Print the embedded default instead of running it"),
    Flag.withDefault(false)
  )
}).pipe(
  Command.withDescription(
    "Run a gateway on this machine with the embedded default: OTLP on 127.0.0.1:4317 (gRPC) and 4318 (HTTP), own metrics on 8888, health on 13133. What arrives is kept in ./weir-data, bounded. A line is printed when a new service starts to send, and a summary every minute."
  ),
  Command.withShortDescription("Run a gateway on this machine with the embedded default"),
  Command.withExamples([
    { command: "weir up", description: "Start, and send something to it" },
    { command: "weir up --config ports.yaml", description: "Change a part of the default" },
    { command: "weir up --print-config > weir.yaml", description: "Start a configuration of your own from the default" }
  ]),
  Command.withHandler(({ config, printConfig }) =>
    Effect.flatMap(
      Effect.promise(() => import("./UpGateway.ts")),
      ({ upGateway }) => upGateway({ config, printConfig })
    )
  )
)
