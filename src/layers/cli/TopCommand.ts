import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { whereFlags, whereOf } from "./client/ApiFlags.ts"

/** `weir top`: how things stand, live. */
export const top = Command.make("top", whereFlags).pipe(
  Command.withDescription(
    "Show how things stand, live: the state in one word and why, rates and drops by tenant, findings, rollouts. q quits. Where the output is no terminal, it is printed once."
  ),
  Command.withShortDescription("Show how things stand, live"),
  Command.withHandler((flags) =>
    Effect.flatMap(
      Effect.promise(() => import("./Top.ts")),
      ({ showTop }) => showTop(whereOf(flags))
    )
  )
)
