import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { TokenBucket } from "../../src/streams/TokenBucket.ts"

const small = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("TokenBucket", () => {
  it.prop(
    "never gives more than a burst and the rate allow, in any window, and all of it to one who keeps asking",
    [Schema.Array(Schema.Tuple([small(1, 20), small(0, 500)])), small(1, 20), small(1, 100)],
    ([asks, capacity, perSecond]) => {
      const bucket = new TokenBucket({ capacity, perSecond, nowMillis: 0 })
      const taken: Array<{ readonly at: number; readonly n: number }> = []
      let now = 0
      for (const [n, pause] of asks) {
        now += pause
        if (bucket.tryTake(n, now)) taken.push({ at: now, n })
      }
      for (let from = 0; from < taken.length; from++) {
        let sum = 0
        for (let to = from; to < taken.length; to++) {
          sum += taken[to]!.n
          const allowed = capacity + ((taken[to]!.at - taken[from]!.at) / 1000) * perSecond
          // A request larger than the bucket passes when the bucket is full, and owes the rest.
          const owed = Math.max(0, taken[to]!.n - capacity)
          assert.isAtMost(sum, allowed + owed + 1e-9)
        }
      }
    }
  )

  it("refills up to its capacity, and not when the clock goes back", () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 10, nowMillis: 1000 })
    assert.isTrue(bucket.tryTake(10, 1000))
    assert.isFalse(bucket.tryTake(1, 500))
    assert.isFalse(bucket.tryTake(1, 1099))
    assert.isTrue(bucket.tryTake(1, 1100))
    assert.isTrue(bucket.tryTake(10, 100_000))
    assert.isFalse(bucket.tryTake(1, 100_000))
  })

  it("another rate holds from now on", () => {
    const bucket = new TokenBucket({ capacity: 10, perSecond: 10, nowMillis: 0 })
    bucket.setRate({ capacity: 4, perSecond: 1, nowMillis: 0 })
    assert.isTrue(bucket.tryTake(4, 0))
    assert.isFalse(bucket.tryTake(1, 999))
    assert.isTrue(bucket.tryTake(1, 1000))
  })

  it.effect("take waits in the order of coming", () =>
    Effect.gen(function* () {
      const bucket = new TokenBucket({ capacity: 10, perSecond: 10, nowMillis: 0 })
      const times: Array<readonly [string, number]> = []
      const take = (name: string, n: number) =>
        Effect.forkChild(
          Effect.flatMap(bucket.take(n), () => Effect.map(Clock.currentTimeMillis, (now) => void times.push([name, now]))),
          { startImmediately: true }
        )
      yield* take("burst", 10)
      yield* take("larger than the bucket", 20)
      yield* take("behind", 1)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(times, [
        ["burst", 0],
        ["larger than the bucket", 1000],
        ["behind", 2100]
      ])
    })
  )

  it.effect("an interrupted waiter gives its tokens back", () =>
    Effect.gen(function* () {
      const bucket = new TokenBucket({ capacity: 10, perSecond: 10, nowMillis: 0 })
      yield* bucket.take(10)
      const fiber = yield* Effect.forkChild(bucket.take(10), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.isTrue(bucket.tryTake(1, 100))
    })
  )
})
