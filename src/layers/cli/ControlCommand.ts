import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"

/** `weir control`: a control plane. */
export const control = Command.make("control", {
  config: Flag.String("config").pipe(
    Flag.withAlias("c"),
    Flag.withMetavar("FILE"),
    Flag.withDescription("A configuration file (sections control and weir); give several to lay later ones over earlier ones"),
    Flag.atLeast(0)
  )
}).pipe(
  Command.withDescription(
    "Run a control plane: agents connect to it over OpAMP (127.0.0.1:4320), it watches what they see, decides by the rules of the configuration, and tries changes on a part of the agents before the rest gets them. API and console are on 127.0.0.1:4319. SIGHUP loads the rules again."
  ),
  Command.withShortDescription("Run a control plane"),
  Command.withExamples([
    { command: "weir control", description: "With the defaults, everything on loopback" },
    { command: "weir control --config control.yaml", description: "With rules, tokens, addresses" }
  ]),
  Command.withHandler(({ config }) =>
    Effect.flatMap(
      Effect.promise(() => import("./ServeControl.ts")),
      ({ serveControl }) => serveControl({ config })
    )
  )
)
