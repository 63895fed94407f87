import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Turns } from "../../src/streams/Turns.ts"

/** Turns on a loop and a clock of our own: a piece takes as long as it says. */
const loop = (budgetMillis: number) => {
  let now = 0
  const deferred: Array<() => void> = []
  const turns = new Turns({ budgetMillis, now: () => now, defer: (callback) => void deferred.push(callback) })
  const done: Array<string> = []
  const piece = (name: string, millis: number) => () => {
    now += millis
    done.push(name)
  }
  /** The next turn: what was deferred before it. */
  const turn = () => {
    for (const callback of deferred.splice(0)) callback()
    return done.splice(0).join("")
  }
  return { turns, piece, turn, deferred }
}

describe("Turns", () => {
  it("run as many pieces a turn as the budget holds, first come, first served", () => {
    const { turns, piece, turn } = loop(5)
    for (const [name, millis] of [
      ["a", 2],
      ["b", 2],
      ["c", 2],
      ["d", 9],
      ["e", 1]
    ] as const) {
      turns.later(piece(name, millis))
    }
    assert.deepStrictEqual([turn(), turn(), turn(), turn()], ["abc", "d", "e", ""])
  })

  it("are shared fairly by tasks that go on and on", () => {
    const { turns, piece, turn } = loop(4)
    const task = (name: string, left: number): void =>
      turns.later(() => {
        piece(name, 2)()
        if (left > 1) task(name, left - 1)
      })
    task("a", 4)
    task("b", 2)
    task("c", 1)
    assert.deepStrictEqual([turn(), turn(), turn(), turn(), turn()], ["ab", "ca", "ba", "a", ""])
  })

  it("begin again after a rest, and go on after a piece that throws", () => {
    const { turns, piece, turn, deferred } = loop(5)
    turns.later(piece("a", 1))
    assert.strictEqual(turn(), "a")
    assert.strictEqual(deferred.length, 0)
    turns.later(() => {
      throw new Error("piece")
    })
    turns.later(piece("b", 1))
    assert.throws(turn, "piece")
    assert.strictEqual(turn(), "b")
  })

  it.effect("a fiber that pauses goes on within a turn, and may be interrupted meanwhile", () =>
    Effect.gen(function* () {
      const { turns, piece, turn } = loop(5)
      const steps = (name: string) => Effect.forEach([1, 2, 3], () => Effect.andThen(turns.pause, Effect.sync(piece(name, 3))))
      const first = yield* Effect.forkChild(steps("a"), { startImmediately: true })
      const second = yield* Effect.forkChild(steps("b"), { startImmediately: true })
      assert.strictEqual(turn(), "ab")
      yield* Fiber.interrupt(second)
      assert.deepStrictEqual([turn(), turn()], ["aa", ""])
      yield* Fiber.join(first)
    })
  )
})
