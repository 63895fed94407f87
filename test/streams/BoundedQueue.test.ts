import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { BoundedQueue, type WhenFull } from "../../src/streams/BoundedQueue.ts"
import type { Limits } from "../../src/streams/Room.ts"

interface Element {
  readonly id: number
  readonly items: number
  readonly sizeBytes: number
}

const element = (id: number, items = 1, sizeBytes = 1): Element => ({ id, items, sizeBytes })

const make = (limits: Limits, whenFull: WhenFull = "refuse") => {
  const dropped: Array<number> = []
  const queue = new BoundedQueue<Element>({ limits, whenFull, onDrop: (dropping) => dropped.push(dropping.id) })
  return { queue, dropped }
}

const ids = (queue: BoundedQueue<Element>): ReadonlyArray<number> => {
  const taken: Array<number> = []
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next.id)
  return taken
}

const Operation = Schema.Union([
  Schema.TaggedStruct("Offer", {
    items: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
    sizeBytes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
  }),
  Schema.TaggedStruct("Take", {}),
  Schema.TaggedStruct("TakeAndPutBack", {}),
  Schema.TaggedStruct("Send", {}),
  Schema.TaggedStruct("Sent", {})
])

describe("BoundedQueue", () => {
  for (const whenFull of ["refuse", "wait", "drop_oldest", "drop_newest"] as const) {
    it.prop(
      `agrees with a list under ${whenFull}: order, bounds, and every element ends once`,
      [Schema.Array(Operation)],
      ([operations]) => {
        const limits = { requests: 5, items: 20, sizeBytes: 60 }
        const { queue, dropped } = make(limits, whenFull)
        let model: Array<Element> = []
        let sending: Array<Element> = []
        const ended: Array<number> = []
        let nextId = 0
        const sum = (key: "items" | "sizeBytes", list: ReadonlyArray<Element>): number => list.reduce((total, one) => total + one[key], 0)
        const isOver = (list: ReadonlyArray<Element>): boolean =>
          list.length > limits.requests || sum("items", list) > limits.items || sum("sizeBytes", list) > limits.sizeBytes
        for (const operation of operations) {
          switch (operation._tag) {
            case "Offer": {
              const one = element(nextId++, operation.items, operation.sizeBytes)
              const fits = (model.length === 0 && sending.length === 0) || !isOver([...model, ...sending, one])
              const taken = queue.tryOffer(one)
              assert.strictEqual(taken, fits || whenFull.startsWith("drop"))
              if (whenFull === "drop_oldest") {
                model.push(one)
                while (model.length > 1 && isOver(model)) ended.push(model.shift()!.id)
              } else if (fits) model.push(one)
              else ended.push(one.id)
              if (whenFull === "refuse" || whenFull === "wait") assert.isTrue(model.length <= 1 || !isOver(model))
              break
            }
            case "Take": {
              assert.strictEqual(queue.take(), model[0])
              if (model.length > 0) ended.push(model.shift()!.id)
              break
            }
            case "TakeAndPutBack": {
              const one = queue.take()
              if (one !== undefined) queue.pushHead(one)
              break
            }
            case "Send": {
              assert.strictEqual(queue.takeKeepingRoom(), model[0])
              sending = [...sending, ...model.slice(0, 1)]
              model = model.slice(1)
              break
            }
            case "Sent": {
              const one = sending.shift()
              if (one === undefined) break
              queue.freeRoom(one.items, one.sizeBytes)
              ended.push(one.id)
            }
          }
          assert.deepStrictEqual(
            [queue.requests, queue.items, queue.sizeBytes],
            [model.length, sum("items", model), sum("sizeBytes", model)]
          )
          assert.strictEqual(queue.peek(), model[0])
        }
        assert.deepStrictEqual(
          ids(queue),
          model.map((one) => one.id)
        )
        const all = [...ended, ...model.map((one) => one.id), ...sending.map((one) => one.id)]
        assert.deepStrictEqual(
          [...all].sort((a, b) => a - b),
          Array.from({ length: nextId }, (_, id) => id)
        )
        if (whenFull.startsWith("drop")) for (const id of dropped) assert.include(ended, id)
      },
      { arbitrary: { runs: 300 } }
    )
  }

  it("sets room aside in several steps and gives it back", () => {
    const { queue } = make({ items: 10 })
    queue.tryOffer(element(0, 4))
    assert.isTrue(queue.reserve(6, 1))
    assert.isFalse(queue.reserve(1, 1))
    queue.unreserve(6, 1)
    assert.isTrue(queue.tryOffer(element(1, 6)))
  })

  it("takes one request of any size while it holds nothing, even in several pieces", () => {
    const { queue } = make({ sizeBytes: 10 })
    assert.isTrue(queue.reserve(1, 50))
    assert.isTrue(queue.reserve(1, 50))
    queue.push(element(0, 1, 50))
    queue.push(element(1, 1, 50))
    assert.isFalse(queue.reserve(1, 1))
  })

  it("serves those who wait in order, and lets nobody overtake", () => {
    const { queue } = make({ items: 10 }, "wait")
    queue.tryOffer(element(0, 5))
    queue.tryOffer(element(1, 5))
    const served: Array<string> = []
    const wait = (name: string, items: number): void => {
      queue.onRoom(() => (queue.tryOffer(element(9, items)) ? served.push(name) : wait(name, items)))
    }
    wait("large", 8)
    wait("small", 1)
    queue.take()
    assert.deepStrictEqual(served, [])
    assert.isFalse(queue.tryOffer(element(2, 1)), "a newcomer would overtake")
    queue.take()
    assert.deepStrictEqual(served, ["large", "small"])
  })

  it("forgets a waiter that has left", () => {
    const { queue } = make({ requests: 1 }, "wait")
    queue.tryOffer(element(0))
    let calls = 0
    const leave = queue.onRoom(() => calls++)
    leave()
    leave()
    queue.take()
    queue.close()
    assert.strictEqual(calls, 0)
  })

  it("grown limits let waiters in; smaller ones drop nothing", () => {
    const { queue } = make({ requests: 2 }, "wait")
    queue.tryOffer(element(0))
    queue.tryOffer(element(1))
    queue.onRoom(() => queue.tryOffer(element(2)))
    queue.setLimits({ requests: 3 })
    assert.strictEqual(queue.requests, 3)
    queue.setLimits({ requests: 1 })
    assert.isFalse(queue.tryOffer(element(3)))
    assert.deepStrictEqual(ids(queue), [0, 1, 2])
  })

  it("close tells those who wait, keeps what is held, takes nothing more but what was promised", () => {
    const { queue } = make({ requests: 2 }, "wait")
    queue.tryOffer(element(0))
    assert.isTrue(queue.reserve(1, 1))
    const told: Array<string> = []
    queue.onRoom(() => told.push("room"))
    queue.onElements(() => told.push("elements"))
    queue.close()
    assert.deepStrictEqual(told, ["room", "elements"])
    assert.isFalse(queue.reserve(1, 1))
    assert.strictEqual(queue.whenFull, "refuse")
    queue.push(element(1))
    assert.deepStrictEqual(ids(queue), [0, 1])
  })

  it.effect("offer waits for room until its deadline", () =>
    Effect.gen(function* () {
      const { queue } = make({ requests: 1 }, "wait")
      assert.isTrue(yield* queue.offer(element(0)))
      const late = yield* Effect.forkChild(queue.offer(element(1), 1000), { startImmediately: true })
      const patient = yield* Effect.forkChild(queue.offer(element(2), 5000), { startImmediately: true })
      yield* TestClock.adjust(1000)
      assert.isFalse(yield* Fiber.join(late))
      assert.strictEqual((yield* queue.takeEffect).id, 0)
      assert.isTrue(yield* Fiber.join(patient))
      assert.strictEqual((yield* queue.takeEffect).id, 2)
    })
  )

  it.effect("an interrupted offer leaves nothing behind, before and after room was set aside", () =>
    Effect.gen(function* () {
      const { queue } = make({ requests: 1 }, "wait")
      queue.tryOffer(element(0))
      const before = yield* Effect.forkChild(queue.offer(element(1)), { startImmediately: true })
      yield* Fiber.interrupt(before)
      const after = yield* Effect.forkChild(queue.offer(element(2)), { startImmediately: true })
      queue.take()
      yield* Fiber.interrupt(after)
      assert.strictEqual(queue.requests, 0)
      assert.isTrue(queue.tryOffer(element(3)))
      assert.isFalse(queue.tryOffer(element(4)))
    })
  )

  it.effect("an interrupted taker passes its element on", () =>
    Effect.gen(function* () {
      const { queue } = make({ requests: 4 })
      const first = yield* Effect.forkChild(queue.takeEffect, { startImmediately: true })
      const second = yield* Effect.forkChild(queue.takeEffect, { startImmediately: true })
      queue.tryOffer(element(0))
      yield* Fiber.interrupt(first)
      assert.strictEqual((yield* Fiber.join(second)).id, 0)
    })
  )

  it.effect("takers drain a closed queue, then are told the end", () =>
    Effect.gen(function* () {
      const { queue } = make({ requests: 4 })
      queue.tryOffer(element(0))
      queue.close()
      assert.strictEqual((yield* queue.takeEffect).id, 0)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(queue.takeEffect)))
      assert.isFalse(yield* queue.offer(element(1)))
    })
  )

  it.effect.prop(
    "many fibers: nothing is lost, nothing comes twice, whoever is interrupted",
    [Schema.Array(Schema.Tuple([Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })), Schema.Boolean]))],
    ([plan]) =>
      Effect.gen(function* () {
        const { queue } = make({ requests: 2, items: 8 }, "wait")
        const got: Array<number> = []
        const takers = yield* Effect.forEach([1, 2], () =>
          Effect.forkChild(Effect.ignore(Effect.forever(Effect.tap(queue.takeEffect, (one) => Effect.sync(() => got.push(one.id))))))
        )
        const offers = yield* Effect.forEach(plan, ([pause, isInterrupted], id) =>
          Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(queue.offer(element(id, 1 + (id % 5))))
            for (let i = 0; i < pause; i++) yield* Effect.yieldNow
            if (isInterrupted) yield* Fiber.interrupt(fiber)
            return fiber
          })
        )
        const taken: Array<number> = []
        for (const [id, fiber] of offers.entries()) {
          const exit = yield* Fiber.await(fiber)
          if (Exit.isSuccess(exit) && exit.value) taken.push(id)
        }
        queue.close()
        for (const taker of takers) yield* Fiber.join(taker)
        assert.deepStrictEqual(
          [...got].sort((a, b) => a - b),
          taken
        )
      })
  )
})
