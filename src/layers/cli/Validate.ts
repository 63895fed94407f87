import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { configFlag } from "./Flags.ts"

/** `weir validate`: everything that is wrong with configuration files, at once, without running them. */
export const validate = Command.make("validate", { config: configFlag }).pipe(
  Command.withDescription(
    "Check configuration files without running them: syntax, names, types, settings, pipelines, connectors. Every problem is printed with its place. Exit code 0 when a gateway could run them, 78 when not."
  ),
  Command.withShortDescription("Check configuration files without running them"),
  Command.withExamples([
    { command: "weir validate --config base.yaml --config prod.yaml", description: "Check two files as one configuration" }
  ]),
  Command.withHandler(({ config }) =>
    Effect.flatMap(
      Effect.promise(() => import("./ValidateFiles.ts")),
      ({ validateFiles }) => validateFiles(config)
    )
  )
)
