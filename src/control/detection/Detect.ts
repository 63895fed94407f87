import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { FindingEvent } from "../../domain/loop/Finding.ts"
import { ObservationStore } from "../evidence/ObservationStore.ts"
import { Detection, type Watching } from "./Detection.ts"

export interface DetectOptions {
  /** A second is looked at when it has been over for so long: agents need time to report on it. */
  readonly lagMillis: number
}

const secondMillis = 1000
/** After a longer pause (a suspended machine) what lies in between is not looked at. */
const mostBehind = 60

/**
 * Watches the store, second by second, and tells of what opens, changes and closes, one event after the other. Runs until it is interrupted.
 *
 * Full: a slow `tell` makes detection late, and after a minute leaves seconds out. Fails: never.
 */
export const detect = (
  watching: ReadonlyArray<Watching>,
  tell: (event: FindingEvent) => Effect.Effect<void>,
  { lagMillis }: DetectOptions = { lagMillis: 3000 }
): Effect.Effect<never, never, ObservationStore> =>
  Effect.gen(function* () {
    const store = yield* ObservationStore
    const detection = new Detection(watching)
    const latest = Effect.map(Clock.currentTimeMillis, (now) => Math.floor((now - lagMillis) / secondMillis) - 1)
    let done = yield* latest
    const round = Effect.gen(function* () {
      const until = yield* latest
      for (let second = Math.max(done + 1, until - mostBehind); second <= until; second++) {
        yield* Effect.forEach(detection.step(store.second(second * secondMillis)), tell, { discard: true })
        done = second
      }
      const now = yield* Clock.currentTimeMillis
      yield* Effect.sleep(secondMillis - (now % secondMillis))
    })
    return yield* Effect.forever(round)
  })
