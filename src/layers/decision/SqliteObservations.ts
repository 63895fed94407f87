import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import { defaultLimits } from "../../control/evidence/Observations.ts"
import { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import type { Report } from "../../domain/loop/Report.ts"
import { Database, messageOf, transaction } from "./Database.ts"

const interval = "1 second"
/** Of one second, as JSON. With ten minutes of it the file stays below 200 MB. */
const mostBytes = 256 << 10

/**
 * Keeps the observations of the last ten minutes over a restart, in the table `observation`, so that a comparison that runs has its evidence
 * afterwards. What has come in the last second may be missing then.
 *
 * Reads what the store has added, once a second. **Full**: of a second with more than 256 KiB nothing is kept. **Fails**: what cannot be kept
 * or read is logged, and observations go on in memory. **Closes**: the rest is kept.
 */
export const layer: Layer.Layer<never, never, Database | ObservationStore> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { sqlite } = yield* Database
    const store = yield* ObservationStore
    const all = sqlite.prepare("select reports from observation where at > ? order by id")
    const put = sqlite.prepare("insert into observation (at, reports) values (?, ?)")
    const drop = sqlite.prepare("delete from observation where at <= ?")
    const attempt = <A>(what: string, otherwise: A, run: () => A) =>
      Effect.try({ try: run, catch: messageOf }).pipe(
        Effect.catch((problem) => Effect.as(Effect.logWarning(`observations cannot be ${what}: ${problem}`), otherwise))
      )

    const oldest = Effect.map(Clock.currentTimeMillis, (now) => now - defaultLimits.retentionMillis)
    const after = yield* oldest
    const kept = yield* attempt("read", [], () =>
      all.all(after).flatMap((row) => JSON.parse((row as { readonly reports: string }).reports) as ReadonlyArray<Report>)
    )
    yield* Effect.forEach(kept, store.add, { discard: true })
    store.takeAdded()

    const keep = Effect.gen(function* () {
      const added = store.takeAdded()
      if (added.length === 0) return
      const reports = JSON.stringify(added)
      if (reports.length > mostBytes) return
      const [now, until] = [yield* Clock.currentTimeMillis, yield* oldest]
      yield* attempt("kept over a restart", undefined, () =>
        transaction(sqlite, () => {
          put.run(now, reports)
          drop.run(until)
        })
      )
    })
    yield* Effect.addFinalizer(() => keep)
    yield* Effect.forkScoped(Effect.repeat(keep, Schedule.spaced(interval)))
  })
)
