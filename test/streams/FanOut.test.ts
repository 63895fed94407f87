import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { BoundedQueue } from "../../src/streams/BoundedQueue.ts"
import { FanIn } from "../../src/streams/FanIn.ts"
import { FanOut } from "../../src/streams/FanOut.ts"

const element = (id: number) => ({ id, items: 1, sizeBytes: 1 })
type Element = ReturnType<typeof element>

const queues = (...capacities: ReadonlyArray<number>) =>
  capacities.map((requests) => new BoundedQueue<Element>({ limits: { requests }, whenFull: "wait" }))

const ids = (queue: BoundedQueue<Element>): ReadonlyArray<number> => {
  const taken: Array<number> = []
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next.id)
  return taken
}

describe("FanOut", () => {
  it.prop(
    "all branches take an element or none, and sharing is counted once for each taken",
    [Schema.Array(Schema.Literals(["offer", "take0", "take1", "take2"]))],
    ([operations]) => {
      const branches = queues(2, 3, 4)
      let shares = 0
      const fanOut = new FanOut(branches, (_, count) => (shares += count))
      const taken: Array<Array<number>> = [[], [], []]
      const accepted: Array<number> = []
      for (const [id, operation] of operations.entries()) {
        if (operation === "offer") {
          const sizes = branches.map((branch) => branch.requests)
          const full = fanOut.tryOffer(element(id))
          if (full === undefined) accepted.push(id)
          else
            assert.deepStrictEqual(
              branches.map((branch) => branch.requests),
              sizes
            )
        } else {
          const index = Number(operation.slice(4))
          const next = branches[index]!.take()
          if (next !== undefined) taken[index]!.push(next.id)
        }
      }
      assert.strictEqual(shares, accepted.length * 3)
      for (const [index, branch] of branches.entries()) assert.deepStrictEqual([...taken[index]!, ...ids(branch)], accepted)
    }
  )

  it.effect("offer waits for the full branch, and ends when one closes", () =>
    Effect.gen(function* () {
      const branches = queues(1, 2)
      const fanOut = new FanOut(branches, () => {})
      assert.isTrue(yield* fanOut.offer(element(0)))
      const waiting = yield* Effect.forkChild(fanOut.offer(element(1)), { startImmediately: true })
      branches[0]!.take()
      assert.isTrue(yield* Fiber.join(waiting))
      const inVain = yield* Effect.forkChild(fanOut.offer(element(2)), { startImmediately: true })
      branches[0]!.close()
      assert.isFalse(yield* Fiber.join(inVain))
      assert.deepStrictEqual(ids(branches[0]!), [1])
      assert.deepStrictEqual(ids(branches[1]!), [0, 1])
    })
  )
})

describe("FanIn", () => {
  it.effect.prop(
    "everything that was pushed comes out once, in the order of its queue, and then the end",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 })))],
    ([plan]) =>
      Effect.gen(function* () {
        const sources = queues(1000, 1000, 1000)
        const fanIn = new FanIn(sources)
        const got: Array<number> = []
        const reader = yield* Effect.forkChild(
          Effect.exit(Effect.forever(Effect.tap(fanIn.takeEffect, (next) => Effect.sync(() => got.push(next.id)))))
        )
        for (const [id, source] of plan.entries()) {
          sources[source]!.tryOffer(element(id))
          if (id % 3 === 0) yield* Effect.yieldNow
        }
        for (const source of sources) source.close()
        assert.isTrue(Exit.isFailure(yield* Fiber.join(reader)))
        for (const source of [0, 1, 2]) {
          assert.deepStrictEqual(
            got.filter((id) => plan[id] === source),
            [...plan.keys()].filter((id) => plan[id] === source)
          )
        }
        assert.strictEqual(got.length, plan.length)
      })
  )

  it("serves its queues in turn", () => {
    const sources = queues(10, 10)
    for (const id of [0, 1, 2]) sources[0]!.tryOffer(element(id))
    sources[1]!.tryOffer(element(10))
    const fanIn = new FanIn(sources)
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4].map(() => fanIn.take()?.id),
      [0, 10, 1, 2, undefined]
    )
  })
})
