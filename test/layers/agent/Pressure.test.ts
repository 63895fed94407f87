import { assert, describe, it } from "@effect/vitest"
import { maxLevel, Pressure } from "../../../src/layers/agent/Pressure.ts"

describe("Pressure", () => {
  it("rises with signs that are apart, and a burst of them is one", () => {
    const pressure = new Pressure()
    for (let i = 0; i < 100; i++) pressure.raise(1000)
    assert.strictEqual(pressure.level(1000), 1)
    pressure.raise(1249)
    assert.strictEqual(pressure.level(1249), 1)
    pressure.raise(1250)
    assert.strictEqual(pressure.level(1250), 2)
    for (let i = 1; i < 100; i++) pressure.raise(1250 + 250 * i)
    assert.strictEqual(pressure.level(1250 + 250 * 99), maxLevel)
  })

  it("gives up low logs first, then ever more healthy spans", () => {
    const pressure = new Pressure()
    assert.isTrue(pressure.keepsLowLogs(0))
    assert.isUndefined(pressure.healthySpans(0))
    const shares = Array.from({ length: maxLevel }, (_, i) => {
      pressure.raise(i * 250)
      assert.isFalse(pressure.keepsLowLogs(i * 250))
      return pressure.healthySpans(i * 250)?.probability
    })
    assert.deepStrictEqual(shares, [undefined, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625])
  })

  it("recovers a level for every ten seconds of silence, from the end of the wait that was asked for", () => {
    const pressure = new Pressure()
    pressure.raise(0)
    pressure.raise(250)
    pressure.raise(500, 60_000)
    assert.strictEqual(pressure.level(69_999), 3)
    assert.strictEqual(pressure.level(70_000), 2)
    assert.strictEqual(pressure.level(79_999), 2)
    assert.strictEqual(pressure.level(95_000), 0)
    pressure.raise(95_001)
    assert.strictEqual(pressure.level(95_001), 1)
  })

  it("paces requests by its level", () => {
    const pressure = new Pressure()
    assert.strictEqual(pressure.paceMillis(0), 0)
    const paces = Array.from({ length: maxLevel }, (_, i) => {
      pressure.raise(i * 250)
      return pressure.paceMillis(i * 250)
    })
    assert.deepStrictEqual(paces, [250, 500, 1000, 2000, 4000, 8000, 10_000])
  })
})
