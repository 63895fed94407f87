import * as Schema from "effect/Schema"
import type { JournalRecord } from "../../../control/loop/LoopStore.ts"
import type { Replay } from "../../../domain/loop/Replay.ts"
import type { Json } from "../../../domain/loop/Patch.ts"
import { tell } from "../../../domain/loop/Tell.ts"
import { UnixMillis } from "./Basics.ts"
import { EvaluationView, evaluationView, Judgement } from "./EvaluationView.ts"

export const JournalRecordView = Schema.Struct({
  id: Schema.Int.annotate({ description: "From 1; later records have higher numbers." }),
  at_unix_millis: UnixMillis,
  kind: Schema.String,
  rollout: Schema.NullOr(Schema.String),
  told: Schema.String.annotate({ description: "One line of the story." }),
  entry: Schema.Json.annotate({ description: "The record as it is kept, in the names that its hashes are made of." })
}).annotate({ identifier: "JournalRecord" })
export type JournalRecordView = typeof JournalRecordView.Type

export const JournalView = Schema.Struct({
  records: Schema.Array(JournalRecordView).annotate({ description: "Oldest first." })
})
export type JournalView = typeof JournalView.Type

export const journalRecordView = ({ id, entry }: JournalRecord): JournalRecordView => ({
  id,
  at_unix_millis: entry.at,
  kind: entry._tag,
  rollout: "rollout" in entry ? (entry.rollout ?? null) : null,
  told: tell(entry),
  // Absent keys stand for `undefined`, as in the store.
  entry: JSON.parse(JSON.stringify(entry)) as Json
})

export const ReplayView = Schema.Struct({
  rollout: Schema.String,
  is_same: Schema.Boolean.annotate({ description: "Whether everything that can be repeated came out as recorded." }),
  is_same_assignment: Schema.NullOr(Schema.Boolean).annotate({ description: "The arms, drawn again; `null`: none were drawn." }),
  verdict: Schema.NullOr(Schema.Struct({ recorded: Judgement, again: Schema.NullOr(Judgement) })),
  looks: Schema.Array(
    Schema.Struct({
      look: Schema.Int,
      is_final: Schema.Boolean,
      is_intact: Schema.Boolean.annotate({ description: "Whether the input is the one that was hashed." }),
      is_same: Schema.Boolean,
      recorded: EvaluationView,
      again: Schema.NullOr(EvaluationView).annotate({ description: "`null`: this version does not have the evaluator." })
    })
  )
})
export type ReplayView = typeof ReplayView.Type

export const replayView = (rollout: string, { looks, isSame, isSameAssignment, verdict }: Replay): ReplayView => ({
  rollout,
  is_same: isSame,
  is_same_assignment: isSameAssignment ?? null,
  verdict: verdict === undefined ? null : { recorded: verdict.recorded, again: verdict.again ?? null },
  looks: looks.map(({ look, isFinal, isIntact, isSame: isSameLook, recorded, again }) => ({
    look,
    is_final: isFinal,
    is_intact: isIntact,
    is_same: isSameLook,
    recorded: evaluationView(recorded),
    again: again === undefined ? null : evaluationView(again)
  }))
})
