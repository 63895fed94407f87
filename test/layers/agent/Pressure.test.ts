import { assert, describe, it } from "@effect/vitest"
import { Level } from "../../../src/layers/agent/Level.ts"
import { maxLevel, Pressure } from "../../../src/layers/agent/Pressure.ts"

describe("Level", () => {
  it("rises with signs that are apart, and a burst of them is one", () => {
    const level = new Level(7)
    for (let i = 0; i < 100; i++) level.raise(1000)
    assert.strictEqual(level.at(1000), 1)
    level.raise(1249)
    assert.strictEqual(level.at(1249), 1)
    level.raise(1250)
    assert.strictEqual(level.at(1250), 2)
    for (let i = 1; i < 100; i++) level.raise(1250 + 250 * i)
    assert.strictEqual(level.at(1250 + 250 * 99), 7)
  })

  it("falls a step for every ten seconds of silence, from the end of the wait that was asked for", () => {
    const level = new Level(7)
    level.raise(0)
    level.raise(250)
    level.raise(500, 60_000)
    assert.strictEqual(level.at(69_999), 3)
    assert.strictEqual(level.at(70_000), 2)
    assert.strictEqual(level.at(79_999), 2)
    assert.strictEqual(level.at(95_000), 0)
    level.raise(95_001)
    assert.strictEqual(level.at(95_001), 1)
  })
})

describe("Pressure", () => {
  it("gives up low logs first, then ever more healthy spans", () => {
    const pressure = new Pressure()
    assert.isTrue(pressure.keepsLowLogs(0))
    assert.isUndefined(pressure.healthySpans(0))
    const shares = Array.from({ length: maxLevel }, (_, i) => {
      pressure.onFilling(i * 250)
      assert.isFalse(pressure.keepsLowLogs(i * 250))
      return pressure.healthySpans(i * 250)?.probability
    })
    assert.deepStrictEqual(shares, [undefined, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625])
  })

  it("paces requests to a backend that refuses, not for a queue that fills", () => {
    const pressure = new Pressure()
    pressure.onFilling(0)
    assert.strictEqual(pressure.paceMillis(0), 0)
    const paces = Array.from({ length: maxLevel }, (_, i) => {
      pressure.onRefusal(i * 250, i * 250)
      return pressure.paceMillis(i * 250)
    })
    assert.deepStrictEqual(paces, [250, 500, 1000, 2000, 4000, 8000, 10_000])
  })
})
