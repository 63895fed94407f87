import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { configFlag } from "./Flags.ts"

/** `weir validate`: everything that is wrong with configuration files, at once, without running them. */
export const validate = Command.make("validate", {
  config: configFlag,
  control: Flag.Boolean("control").pipe(
    Flag.withDescription("The files are a control plane's (sections control and weir)"),
    Flag.withDefault(false)
  )
}).pipe(
  Command.withDescription(
    "Check configuration files without running them: syntax, names, types, settings, pipelines, connectors. Every problem is printed with its place. It binds no port and opens no file that a setting names: a port in use, a directory that cannot be written and a certificate that is missing are told by `weir run`. Exit code 0 when a gateway could run them, 78 when not."
  ),
  Command.withShortDescription("Check configuration files without running them"),
  Command.withExamples([
    { command: "weir validate --config base.yaml --config prod.yaml", description: "Check two files as one configuration" },
    { command: "weir validate --control --config control.yaml", description: "Check the rules and settings of a control plane" }
  ]),
  Command.withHandler(({ config, control }) =>
    Effect.flatMap(
      Effect.promise(() => import("./ValidateFiles.ts")),
      ({ validateControl, validateFiles }) => (control ? validateControl(config) : validateFiles(config))
    )
  )
)
