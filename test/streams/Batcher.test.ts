import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { Batcher, type Trigger } from "../../src/streams/Batcher.ts"

interface Element {
  readonly id: number
  readonly items: number
  readonly sizeBytes: number
}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const record = (limits: { readonly minItems: number; readonly maxBytes: number; readonly flushMillis: number }) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const groups: Array<{ readonly key: string; readonly ids: ReadonlyArray<number>; readonly trigger: Trigger; readonly at: number }> = []
    const batcher = yield* Batcher.make<Element>({
      ...limits,
      onGroup: (key, elements, trigger) =>
        groups.push({ key, ids: elements.map((element) => element.id), trigger, at: clock.currentTimeMillisUnsafe() })
    })
    return { batcher, groups }
  })

describe("Batcher", () => {
  it.effect("gives out by items, by bytes and by age", () =>
    Effect.gen(function* () {
      const { batcher, groups } = yield* record({ minItems: 10, maxBytes: 100, flushMillis: 200 })
      batcher.push("a", { id: 0, items: 6, sizeBytes: 1 })
      batcher.push("b", { id: 1, items: 1, sizeBytes: 99 })
      batcher.push("a", { id: 2, items: 4, sizeBytes: 1 })
      batcher.push("b", { id: 3, items: 1, sizeBytes: 2 })
      batcher.push("a", { id: 4, items: 1, sizeBytes: 1 })
      yield* TestClock.adjust(199)
      assert.strictEqual(batcher.keys, 2)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(groups, [
        { key: "a", ids: [0, 2], trigger: "size", at: 0 },
        { key: "b", ids: [1], trigger: "size", at: 0 },
        { key: "b", ids: [3], trigger: "timeout", at: 200 },
        { key: "a", ids: [4], trigger: "timeout", at: 200 }
      ])
    })
  )

  it.effect.prop(
    "every element comes out once, in order within its key, small enough and in time, whatever comes when",
    [Schema.Array(Schema.Struct({ key: between(0, 2), items: between(0, 6), sizeBytes: between(0, 60), pause: between(0, 150) }))],
    ([plan]) =>
      Effect.gen(function* () {
        const { batcher, groups } = yield* record({ minItems: 10, maxBytes: 100, flushMillis: 200 })
        const clock = yield* Clock.Clock
        const arrived: Array<number> = []
        for (const [id, { key, items, sizeBytes, pause }] of plan.entries()) {
          arrived.push(clock.currentTimeMillisUnsafe())
          batcher.push(`k${key}`, { id, items, sizeBytes })
          yield* TestClock.adjust(pause)
        }
        batcher.drain()
        assert.strictEqual(batcher.keys, 0)
        const byKey = (key: string) => groups.filter((group) => group.key === key).flatMap((group) => group.ids)
        for (const key of ["k0", "k1", "k2"]) {
          assert.deepStrictEqual(
            byKey(key),
            plan.flatMap((element, id) => (`k${element.key}` === key ? [id] : []))
          )
        }
        for (const { ids, trigger, at } of groups) {
          const items = (list: ReadonlyArray<number>): number => list.reduce((sum, id) => sum + plan[id]!.items, 0)
          const bytes = (list: ReadonlyArray<number>): number => list.reduce((sum, id) => sum + plan[id]!.sizeBytes, 0)
          assert.isBelow(items(ids.slice(0, -1)), 10)
          assert.isAtMost(bytes(ids), 100)
          if (trigger === "timeout") assert.strictEqual(at, arrived[ids[0]!]! + 200)
          assert.isAtMost(at, arrived[ids[0]!]! + 200)
        }
      }).pipe(Effect.scoped)
  )
})
