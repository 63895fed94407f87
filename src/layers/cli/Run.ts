import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { configFlag } from "./Flags.ts"

/** `weir run`: a gateway from configuration files. */
export const run = Command.make("run", {
  config: configFlag,
  watch: Flag.Boolean("watch").pipe(Flag.withDescription("Reload when a file changes"), Flag.withDefault(false))
}).pipe(
  Command.withDescription(
    "Run a gateway. SIGHUP loads the configuration again; a wrong one is reported and changes nothing. SIGINT and SIGTERM drain and stop, a second one ends at once."
  ),
  Command.withShortDescription("Run a gateway from configuration files"),
  Command.withExamples([
    { command: "weir run --config weir.yaml", description: "Run one file" },
    {
      command: "weir run --config base.yaml --config prod.yaml --watch",
      description: "Lay prod.yaml over base.yaml, and reload on changes"
    }
  ]),
  Command.withHandler(({ config, watch }) =>
    Effect.flatMap(
      Effect.promise(() => import("./RunGateway.ts")),
      ({ runGateway }) => runGateway({ config, watch })
    )
  )
)
