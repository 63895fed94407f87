import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"

/** `weir components`: what a configuration can use. */
export const components = Command.make("components", {
  json: Flag.Boolean("json").pipe(Flag.withDescription("Print a JSON array instead of a table"), Flag.withDefault(false))
}).pipe(
  Command.withDescription("List the components that a configuration can use: kind, type, signals, other spellings, description."),
  Command.withShortDescription("List the components that a configuration can use"),
  Command.withExamples([
    { command: "weir components", description: "A table" },
    { command: "weir components --json | jq -r '.[].type'", description: "The types only" }
  ]),
  Command.withHandler(({ json }) =>
    Effect.flatMap(
      Effect.promise(() => import("./ComponentTable.ts")),
      ({ printComponents }) => printComponents(json)
    )
  )
)
