import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { ObservationStore } from "../../../src/control/evidence/ObservationStore.ts"
import { noFigures } from "../../../src/domain/loop/Figures.ts"
import { noVolume } from "../../../src/domain/loop/Metric.ts"
import type { Report } from "../../../src/domain/loop/Report.ts"
import { HistogramRecorder } from "../../../src/domain/stats/HistogramRecorder.ts"
import { Database } from "../../../src/layers/decision/Database.ts"
import * as SqliteObservations from "../../../src/layers/decision/SqliteObservations.ts"

const start = 1_790_000_000_000

const report = (second: number, services: ReadonlyArray<string> = ["checkout"]): Report => {
  const about = { agent: "a", revision: "r1", startUnixMillis: start + second * 1000, endUnixMillis: start + (second + 1) * 1000 }
  const recorder = new HistogramRecorder()
  recorder.record(0.25, 3)
  const observations = services.map((service) => ({
    ...about,
    subject: { tenant: "acme", service, signal: "traces" as const },
    ...noFigures,
    received: { ...noVolume, items: 10, errors: 1 },
    dropped: { sampled: 2 },
    durations: recorder.take()
  }))
  return { id: `a@${second}`, ...about, lost: 0, observations }
}

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "weir-observations-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** One life of a control plane's store. */
const life = <A>(directory: string, live: (store: ObservationStore["Service"]) => Effect.Effect<A>): Effect.Effect<A> =>
  Effect.gen(function* () {
    const kept = SqliteObservations.layer.pipe(Layer.provide(Database.layer(directory)), Layer.provideMerge(ObservationStore.layer()))
    return yield* live(Context.get(yield* Layer.build(kept), ObservationStore))
  }).pipe(Effect.scoped, Effect.orDie)

describe("observations", () => {
  it.effect("are there after a restart as they were, and count once", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* TestClock.setTime(start)
      const totals = (store: ObservationStore["Service"]) => store.totals({}, start, start + 60_000)
      const before = yield* life(directory, (store) =>
        Effect.gen(function* () {
          for (let second = 0; second < 5; second++) {
            yield* TestClock.adjust("1 second")
            yield* store.add(report(second))
          }
          return totals(store)
        })
      )
      assert.strictEqual(before[0]!.figures.received.items, 50)
      for (const _ of [2, 3]) {
        yield* life(directory, (store) =>
          Effect.gen(function* () {
            assert.deepStrictEqual(totals(store), before)
            assert.strictEqual(yield* store.add(report(4)), "repeated")
          })
        )
      }
    }).pipe(Effect.scoped)
  )

  it.effect("are forgotten with their time, and not kept where they are too many", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* TestClock.setTime(start + 1000)
      const many = Array.from({ length: 2000 }, (_, i) => `service-${i}`)
      yield* life(directory, (store) => store.add(report(0, many)))
      yield* life(directory, (store) => Effect.sync(() => assert.strictEqual(store.second(start).agents, 0)))
      yield* life(directory, (store) => store.add(report(0)))
      yield* life(directory, (store) => Effect.sync(() => assert.strictEqual(store.second(start).agents, 1)))
      yield* TestClock.adjust("11 minutes")
      yield* life(directory, (store) => Effect.sync(() => assert.strictEqual(store.second(start).agents, 0)))
    }).pipe(Effect.scoped)
  )
})
