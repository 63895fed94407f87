import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { LoopStore } from "../../../control/loop/LoopStore.ts"
import { replay } from "../../../domain/loop/Replay.ts"
import { Api } from "../Api.ts"
import { NotFound, Unavailable } from "../Errors.ts"
import { journalRecordView, replayView } from "../view/JournalView.ts"

const defaultLimit = 100
/** A rollout's story is shorter: its looks are bounded by its deadline. */
const maxStory = 100_000

export const JournalHandlers = HttpApiBuilder.group(
  Api,
  "journal",
  Effect.fnUntraced(function* (handlers) {
    const journal = yield* LoopStore
    const read = (query: Parameters<LoopStore["Service"]["read"]>[0]) =>
      Effect.mapError(journal.read(query), ({ message }) => new Unavailable({ message: `the journal cannot be read: ${message}` }))
    return handlers
      .handle("list", ({ query: { limit = defaultLimit, ...query } }) =>
        Effect.map(read({ ...query, limit }), (records) => ({ records: records.map(journalRecordView) }))
      )
      .handle("replay", ({ params: { id } }) =>
        Effect.gen(function* () {
          const records = yield* read({ rollout: id, limit: maxStory })
          if (records.length === 0) return yield* new NotFound({ message: `the journal knows no rollout ${id}` })
          return replayView(id, replay(records.map(({ entry }) => entry)))
        })
      )
  })
)
