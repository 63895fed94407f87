import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { GrpcCode } from "../../src/domain/GrpcCode.ts"
import { ExportError } from "../../src/streams/ExportError.ts"
import type { RetrySettings } from "../../src/streams/Backoff.ts"
import { retry } from "../../src/streams/Retry.ts"

const settings: RetrySettings = {
  enabled: true,
  initial_interval: 100,
  multiplier: 2,
  randomization_factor: 0,
  max_interval: 1000,
  max_elapsed_time: 5000
}

const failure = (retryable: boolean, retryAfterMillis?: number): ExportError =>
  new ExportError({ retryable, message: "down", code: GrpcCode.UNAVAILABLE, retryAfterMillis })

/** Runs attempts that fail one after the other as listed (the last one for ever); gives the times of the attempts and the end. */
const run = (errors: ReadonlyArray<ExportError>, with_: RetrySettings, millis = 60_000) =>
  Effect.gen(function* () {
    const times: Array<number> = []
    const attempt = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      times.push(now)
      return Effect.fail(errors[Math.min(times.length, errors.length) - 1]!)
    })
    const fiber = yield* Effect.forkChild(Effect.flip(retry(attempt, with_)), { startImmediately: true })
    yield* TestClock.adjust(millis)
    return { times, error: yield* Fiber.join(fiber) }
  })

describe("Retry", () => {
  it.effect("waits grow to the largest interval and end where the next would be too late", () =>
    Effect.gen(function* () {
      const { times, error } = yield* run([failure(true)], settings)
      assert.deepStrictEqual(times, [0, 100, 300, 700, 1500, 2500, 3500, 4500])
      assert.isTrue(error.retryable)
    })
  )

  it.effect("a permanent error ends at once", () =>
    Effect.gen(function* () {
      const { times, error } = yield* run([failure(true), failure(false)], settings)
      assert.deepStrictEqual(times, [0, 100])
      assert.isFalse(error.retryable)
    })
  )

  it.effect("the wait a backend asks for is a lower bound, above the largest interval too", () =>
    Effect.gen(function* () {
      const { times } = yield* run([failure(true, 50), failure(true, 1500), failure(false)], settings)
      assert.deepStrictEqual(times, [0, 100, 1600])
    })
  )

  it.effect("a wait that would end too late is not begun", () =>
    Effect.gen(function* () {
      const { times, error } = yield* run([failure(true, 5001)], settings)
      assert.deepStrictEqual(times, [0])
      assert.isTrue(error.retryable)
    })
  )

  it.effect("switched off, there is one attempt", () =>
    Effect.gen(function* () {
      const { times } = yield* run([failure(true)], { ...settings, enabled: false })
      assert.deepStrictEqual(times, [0])
    })
  )

  it.effect("a max_elapsed_time of 0 never gives up", () =>
    Effect.gen(function* () {
      const errors = [...Array.from({ length: 500 }, () => failure(true)), failure(false)]
      const { times } = yield* run(errors, { ...settings, max_elapsed_time: 0 }, 1_000_000)
      assert.strictEqual(times.length, 501)
    })
  )

  it.effect.prop(
    "every wait lies within the jitter around its interval, for any settings",
    [
      Schema.Struct({
        initial_interval: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })),
        multiplier: Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
        randomization_factor: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
        max_interval: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3000 }))
      }),
      Schema.Int
    ],
    ([drawn, seed]) =>
      Effect.gen(function* () {
        const start = yield* Clock.currentTimeMillis
        const errors = [failure(true), failure(true), failure(true), failure(true), failure(false)]
        const { times } = yield* run(errors, { ...settings, ...drawn, max_elapsed_time: 0 })
        assert.strictEqual(times[0], start)
        for (let i = 1; i < times.length; i++) {
          const interval = Math.min(drawn.initial_interval * drawn.multiplier ** (i - 1), drawn.max_interval)
          const wait = times[i]! - times[i - 1]!
          assert.isAtLeast(wait, Math.floor(interval * (1 - drawn.randomization_factor)))
          assert.isAtMost(wait, Math.ceil(interval * (1 + drawn.randomization_factor)))
        }
        assert.strictEqual(times.length, 5)
      }).pipe(Random.withSeed(seed))
  )
})
