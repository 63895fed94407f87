import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LoopStore, LoopStoreError, type JournalRecord } from "../../control/loop/LoopStore.ts"
import type { JournalEntry } from "../../domain/loop/JournalEntry.ts"
import type { State } from "../../domain/loop/State.ts"
import { Database, messageOf, rows, transaction } from "./Database.ts"

/** The loop's state in the table `loop`, its journal in `journal`. */
export const layer: Layer.Layer<LoopStore, never, Database> = Layer.effect(
  LoopStore,
  Effect.map(Database, ({ sqlite }) => {
    const get = sqlite.prepare("select state from loop where id = 1")
    const put = sqlite.prepare("insert or replace into loop values (1, ?)")
    const add = sqlite.prepare("insert into journal (at, kind, rollout, entry) values (?, ?, ?, ?)")
    const forwards = sqlite.prepare("select id, entry from journal where id > ?1 and (?2 is null or rollout = ?2) order by id limit ?3")
    const backwards = sqlite.prepare("select id, entry from journal where ?1 is null or rollout = ?1 order by id desc limit ?2")
    const attempt = <A>(operation: LoopStoreError["operation"], run: () => A) =>
      Effect.try({ try: run, catch: (cause) => new LoopStoreError({ operation, message: messageOf(cause) }) })
    return {
      load: attempt("load", () => {
        const row = get.get() as { readonly state: string } | undefined
        return row === undefined ? undefined : (JSON.parse(row.state) as State)
      }),
      commit: (state, entries) =>
        attempt("commit", () => {
          const records: Array<JournalRecord> = []
          transaction(sqlite, () => {
            put.run(JSON.stringify(state))
            for (const entry of entries) {
              const { lastInsertRowid } = add.run(
                entry.at,
                entry._tag,
                "rollout" in entry ? (entry.rollout ?? null) : null,
                JSON.stringify(entry)
              )
              records.push({ id: Number(lastInsertRowid), entry })
            }
          })
          return records
        }),
      read: ({ rollout, after, limit }) =>
        attempt("read", () =>
          after === undefined
            ? rows<Row>(backwards, rollout ?? null, limit)
                .toReversed()
                .map(toRecord)
            : rows<Row>(forwards, after, rollout ?? null, limit).map(toRecord)
        )
    }
  })
)

interface Row {
  readonly id: number
  readonly entry: string
}

const toRecord = ({ id, entry }: Row): JournalRecord => ({ id, entry: JSON.parse(entry) as JournalEntry })
