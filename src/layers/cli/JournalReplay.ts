import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { printableLine } from "../../domain/Printable.ts"
import type { ReplayView } from "../api/view/JournalView.ts"
import { ask } from "./client/ControlClient.ts"
import { json } from "./client/Table.ts"
import type { Where } from "./client/Where.ts"
import { CommandFailure, ExitCode } from "./ExitCode.ts"

export const replayRollout = (where: Where, id: string, asJson: boolean): Effect.Effect<void, CommandFailure> =>
  Effect.gen(function* () {
    const replay = yield* ask(where, (client) => client.journal.replay({ params: { id } }))
    yield* Console.log(asJson ? json(replay) : textOf(replay))
    if (!replay.is_same)
      return yield* Effect.fail(new CommandFailure(ExitCode.no, `weir: rollout ${id} does not come out as it was recorded`))
  })

const textOf = ({ looks, is_same_assignment, verdict }: ReplayView): string =>
  [
    `assignment   ${is_same_assignment === null ? "none was drawn" : same(is_same_assignment)}`,
    ...looks.map(({ look, is_final, is_intact, is_same, recorded }) =>
      printableLine(
        `look ${String(look).padEnd(7)} ${same(is_same)}${is_intact ? "" : ", and its input is not what was hashed"}: ${recorded.judgement}${is_final ? " (the planned one)" : ""}: ${recorded.reason}`
      )
    ),
    `verdict      ${verdict === null ? "none" : `${verdict.recorded}; again: ${verdict.again ?? "it stands on no look"}`}`
  ].join("\n")

const same = (isSame: boolean): string => (isSame ? "the same" : "DIFFERENT")
