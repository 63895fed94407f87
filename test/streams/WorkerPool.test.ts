import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { BoundedQueue } from "../../src/streams/BoundedQueue.ts"
import * as WorkerPool from "../../src/streams/WorkerPool.ts"

interface Task {
  readonly id: number
  readonly millis: number
  readonly items: number
  readonly sizeBytes: number
}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("WorkerPool", () => {
  it.effect("works on as many at once as it has workers", () =>
    Effect.gen(function* () {
      const queue = new BoundedQueue<Task>({ limits: {}, whenFull: "refuse" })
      const gate = yield* Deferred.make<void>()
      const started: Array<number> = []
      yield* WorkerPool.make({
        queue,
        workers: 2,
        work: (task) =>
          Effect.andThen(
            Effect.sync(() => started.push(task.id)),
            Deferred.await(gate)
          )
      })
      for (let id = 0; id < 5; id++) queue.tryOffer({ id, millis: 0, items: 1, sizeBytes: 1 })
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(started, [0, 1])
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(started, [0, 1, 2, 3, 4])
    })
  )

  it.effect("goes on after a task that died", () =>
    Effect.gen(function* () {
      const queue = new BoundedQueue<Task>({ limits: {}, whenFull: "refuse" })
      const done: Array<number> = []
      const pool = yield* WorkerPool.make({
        queue,
        workers: 1,
        work: (task) => (task.id === 0 ? Effect.die("broken") : Effect.sync(() => done.push(task.id)))
      })
      for (let id = 0; id < 3; id++) queue.tryOffer({ id, millis: 0, items: 1, sizeBytes: 1 })
      assert.deepStrictEqual(yield* pool.drain(1000), [])
      assert.deepStrictEqual(done, [1, 2])
    })
  )

  it.effect.prop(
    "a drain ends within its deadline, and every task was done, interrupted or returned, once",
    [Schema.Array(between(0, 300)), between(1, 4), between(0, 1000)],
    ([tasks, workers, deadline]) =>
      Effect.gen(function* () {
        const queue = new BoundedQueue<Task>({ limits: {}, whenFull: "refuse" })
        const done: Array<number> = []
        const interrupted: Array<number> = []
        const pool = yield* WorkerPool.make({
          queue,
          workers,
          work: (task) =>
            Effect.sleep(task.millis).pipe(
              Effect.andThen(Effect.sync(() => done.push(task.id))),
              Effect.onInterrupt(() => Effect.sync(() => interrupted.push(task.id))),
              Effect.asVoid
            )
        })
        for (const [id, millis] of tasks.entries()) queue.tryOffer({ id, millis, items: 1, sizeBytes: 1 })
        const draining = yield* Effect.forkChild(pool.drain(deadline), { startImmediately: true })
        yield* TestClock.adjust(deadline)
        const left = (yield* Fiber.join(draining)).map((task) => task.id)
        assert.deepStrictEqual(
          [...done, ...interrupted, ...left].sort((a, b) => a - b),
          [...tasks.keys()]
        )
        assert.isFalse(queue.tryOffer({ id: -1, millis: 0, items: 1, sizeBytes: 1 }))
      }).pipe(Effect.scoped)
  )
})
