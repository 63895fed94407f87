import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Finding, FindingEvent } from "../../domain/loop/Finding.ts"
import { ObservationStore } from "../evidence/ObservationStore.ts"
import { DetectionStore, type DetectionStoreError } from "./DetectionStore.ts"
import { Detection, type Watching } from "./Detection.ts"

export interface DetectOptions {
  /** A second is looked at when it has been over for so long: agents need time to report on it. */
  readonly lagMillis: number
}

const secondMillis = 1000
/** After a longer pause (a suspended machine) what lies in between is not looked at. */
const mostBehind = 60

/** What is learnt is saved this often, with everything that is found, and at the end. */
const saveMillis = 30_000

/**
 * Watches the store, second by second, and tells of what opens, changes and closes, one event after the other. Runs until it is interrupted.
 *
 * It begins with what was saved by an earlier life, and closes what that had found for detectors that are no more (`open` are the findings
 * that others believe to be open). **Full**: a slow `tell` makes detection late, and after a minute leaves seconds out. **Fails**: never; a
 * memory that cannot be saved is logged.
 */
export const detect = (
  watching: ReadonlyArray<Watching>,
  open: ReadonlyArray<Finding>,
  tell: (event: FindingEvent) => Effect.Effect<void>,
  { lagMillis }: DetectOptions = { lagMillis: 3000 }
): Effect.Effect<never, never, ObservationStore | DetectionStore> =>
  Effect.gen(function* () {
    const store = yield* ObservationStore
    const memory = yield* DetectionStore
    const complain = ({ message }: DetectionStoreError) => Effect.logWarning(`what detectors remember cannot be kept: ${message}`)
    const detection = new Detection(watching, yield* Effect.catch(memory.load, (error) => Effect.as(complain(error), {})))
    const save = Effect.suspend(() => Effect.catch(memory.save(detection.memory()), complain))
    const latest = Effect.map(Clock.currentTimeMillis, (now) => Math.floor((now - lagMillis) / secondMillis) - 1)
    const known = new Set(detection.open().map(({ id }) => id))
    const until = yield* Clock.currentTimeMillis
    for (const finding of open) if (!known.has(finding.id)) yield* tell({ _tag: "FindingClosed", finding: { ...finding, until } })
    let done = yield* latest
    let savedAt = until
    const round = Effect.gen(function* () {
      const newest = yield* latest
      let hasNews = false
      for (let second = Math.max(done + 1, newest - mostBehind); second <= newest; second++) {
        const events = detection.step(store.second(second * secondMillis))
        yield* Effect.forEach(events, tell, { discard: true })
        hasNews ||= events.length > 0
        done = second
      }
      const now = yield* Clock.currentTimeMillis
      if (hasNews || now - savedAt >= saveMillis) {
        savedAt = now
        yield* save
      }
      yield* Effect.sleep(secondMillis - (now % secondMillis))
    })
    return yield* Effect.ensuring(Effect.forever(round), save)
  })
