import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { jsonFlag, whereFlags, whereOf } from "./client/ApiFlags.ts"

const replay = Command.make("replay", {
  ...whereFlags,
  rollout: Argument.String("rollout").pipe(Argument.withDescription("The rollout's id")),
  json: jsonFlag
}).pipe(
  Command.withDescription(
    "Judge a rollout again from the record alone: the draw of its arms, every look, the verdict. Exit code 1 when something comes out otherwise."
  ),
  Command.withShortDescription("Judge a rollout again from the record"),
  Command.withHandler(({ rollout, json, ...flags }) =>
    Effect.flatMap(
      Effect.promise(() => import("./JournalReplay.ts")),
      ({ replayRollout }) => replayRollout(whereOf(flags), rollout, json)
    )
  )
)

/** `weir journal`: the loop's story. */
export const journal = Command.make("journal", {
  ...whereFlags,
  rollout: Flag.String("rollout").pipe(Flag.withMetavar("ID"), Flag.withDescription("The story of one rollout"), Flag.optional),
  follow: Flag.Boolean("follow").pipe(Flag.withAlias("f"), Flag.withDescription("Go on with what happens"), Flag.withDefault(false)),
  limit: Flag.Int("limit").pipe(Flag.withDescription("How many records at most, the latest"), Flag.withDefault(100)),
  json: jsonFlag
}).pipe(
  Command.withDescription("Print what the loop has found, proposed, tried and decided, one line each; --json prints one record a line."),
  Command.withShortDescription("Print the loop's story"),
  Command.withExamples([
    { command: "weir journal --follow", description: "The latest records, then what happens" },
    { command: "weir journal --rollout 3f9c0a51d2b86e47", description: "One rollout from its proposal to its end" }
  ]),
  Command.withHandler(({ rollout, follow, limit, json, ...flags }) =>
    Effect.flatMap(
      Effect.promise(() => import("./JournalStory.ts")),
      ({ tellJournal }) => tellJournal(whereOf(flags), { rollout: Option.getOrUndefined(rollout), follow, limit, json })
    )
  ),
  Command.withSubcommands([replay])
)
