import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { JournalEntry } from "../../domain/loop/JournalEntry.ts"
import type { State } from "../../domain/loop/State.ts"

export class LoopStoreError extends Schema.TaggedError<LoopStoreError>()("LoopStoreError", {
  operation: Schema.Literals(["load", "commit", "read"]),
  message: Schema.String
}) {}

/** An entry of the journal with its number, from 1; later entries have higher numbers. */
export interface JournalRecord {
  readonly id: number
  readonly entry: JournalEntry
}

export interface JournalQuery {
  /** Entries of one rollout only. */
  readonly rollout?: string
  /** Entries with higher numbers only. */
  readonly after?: number
  /** So many at most: the oldest with `after`, else the latest. Always given back oldest first. */
  readonly limit: number
}

/** Where the loop outlives the process: its state and its journal, which never disagree. One writer; what has been committed is durable. */
export class LoopStore extends Context.Service<
  LoopStore,
  {
    /** `undefined` before the first commit. */
    readonly load: Effect.Effect<State | undefined, LoopStoreError>
    /** State and entries together or not at all. Gives the entries with their numbers. */
    readonly commit: (state: State, entries: ReadonlyArray<JournalEntry>) => Effect.Effect<ReadonlyArray<JournalRecord>, LoopStoreError>
    readonly read: (query: JournalQuery) => Effect.Effect<ReadonlyArray<JournalRecord>, LoopStoreError>
  }
>()("weir/control/loop/LoopStore") {
  static readonly layerMemory: Layer.Layer<LoopStore> = Layer.sync(LoopStore, () => {
    let stored: State | undefined
    const records: Array<JournalRecord> = []
    return {
      load: Effect.sync(() => stored),
      commit: (state, entries) =>
        Effect.sync(() => {
          stored = state
          const added = entries.map((entry, i) => ({ id: records.length + i + 1, entry }))
          records.push(...added)
          return added
        }),
      read: ({ rollout, after, limit }) =>
        Effect.sync(() => {
          const found = records.filter(
            ({ id, entry }) => id > (after ?? 0) && (rollout === undefined || ("rollout" in entry && entry.rollout === rollout))
          )
          return after === undefined ? found.slice(-limit) : found.slice(0, limit)
        })
    }
  })
}
