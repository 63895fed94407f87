import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { Tap } from "../../src/streams/Tap.ts"

describe("Tap", () => {
  it.effect("a hanging observer costs observations, never the path", () =>
    Effect.gen(function* () {
      const tap = new Tap<number>(3)
      yield* Effect.forkChild(tap.run(100, () => Effect.never))
      tap.observe(0)
      yield* TestClock.adjust(100)
      for (let i = 1; i <= 5; i++) tap.observe(i)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual([...tap.takeAll()], [1, 2, 3])
      assert.strictEqual(tap.lost, 2)
    })
  )

  it.effect.prop(
    "what was observed was seen, in order, or counted as lost, also by an observer that fails",
    [
      Schema.Array(
        Schema.Struct({
          count: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 })),
          outcome: Schema.Literals(["ok", "fail", "die"])
        })
      )
    ],
    ([plan]) =>
      Effect.gen(function* () {
        const tap = new Tap<number>(5)
        const seen: Array<number> = []
        let round = 0
        yield* Effect.forkScoped(
          tap.run(100, (observations) => {
            seen.push(...observations)
            const { outcome } = plan[round]!
            return outcome === "ok" ? Effect.void : outcome === "fail" ? Effect.fail("down") : Effect.die("broken")
          })
        )
        yield* TestClock.adjust(1)
        let next = 0
        for (const [index, { count }] of plan.entries()) {
          round = index
          for (let i = 0; i < count; i++) tap.observe(next++)
          yield* TestClock.adjust(100)
        }
        assert.strictEqual(seen.length + tap.lost, next)
        assert.deepStrictEqual(
          [...new Set(seen)].sort((a, b) => a - b),
          seen
        )
      }).pipe(Effect.scoped)
  )
})
