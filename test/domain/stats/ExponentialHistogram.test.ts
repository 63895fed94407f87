import { assert, describe, it } from "@effect/vitest"
import { downscale, errorBound, type ExponentialHistogram, merge, quantile } from "../../../src/domain/stats/ExponentialHistogram.ts"
import { histogramOf, HistogramRecorder } from "../../../src/domain/stats/HistogramRecorder.ts"
import { Random } from "../../support/Random.ts"

/** Durations over many orders of magnitude, some zero. */
const values = (random: Random, count: number, decades: number): Array<number> =>
  Array.from({ length: count }, () => (random.int(20) === 0 ? 0 : 10 ** (random.next() * decades - decades / 2)))

const assertSame = (actual: ExponentialHistogram, expected: ExponentialHistogram): void => {
  assert.deepStrictEqual({ ...actual, sum: 0 }, { ...expected, sum: 0 })
  assert.closeTo(actual.sum / expected.sum, 1, 1e-9)
}

describe("an exponential histogram", () => {
  it("gives quantiles within the bound of its scale, whatever the spread of the values", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed)
      const list = values(random, 1 + random.int(500), 1 + random.int(18))
      const histogram = histogramOf(list)!
      const sorted = list.toSorted((a, b) => a - b)
      for (const q of [0, 0.01, 0.5, 0.9, 0.99, 1]) {
        const exact = sorted[Math.max(1, Math.ceil(q * list.length)) - 1]!
        const off = Math.abs(quantile(histogram, q)! - exact)
        assert.isAtMost(off, exact * errorBound(histogram.scale) * (1 + 1e-9), `seed ${seed}, quantile ${q}`)
      }
    }
  })

  it("keeps scale 4 for six orders of magnitude and 2.2 %, scale 3 for twelve and 4.4 %", () => {
    assert.strictEqual(histogramOf([1e-4, 99.9])!.scale, 4)
    assert.strictEqual(histogramOf([1e-9, 999])!.scale, 3)
    assert.isBelow(errorBound(4), 0.0217)
    assert.isBelow(errorBound(3), 0.0434)
    assert.strictEqual(histogramOf([Number.MIN_VALUE * 2 ** 60, Number.MAX_VALUE])!.scale, -3)
  })

  it("merges exactly: as if one had been given all values", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed)
      const decades = 1 + random.int(18)
      const parts = Array.from({ length: 3 }, () => values(random, 1 + random.int(100), decades))
      const [a, b, c] = parts.map((part) => histogramOf(part)!) as [ExponentialHistogram, ExponentialHistogram, ExponentialHistogram]
      const whole = histogramOf(parts.flat())!
      const merged = merge(merge(a, b), c)
      assertSame(downscale(whole, whole.scale - merged.scale), merged)
      assertSame(merge(c, merge(b, a)), merged)
    }
  })

  it("counts powers of the base in the bucket that they close", () => {
    for (let exponent = -40; exponent <= 40; exponent++) {
      const { offset, counts } = histogramOf([2 ** exponent])!
      assert.deepStrictEqual([offset, counts], [exponent * 16 - 1, [1]])
    }
  })

  it("begins anew when it is taken", () => {
    const recorder = new HistogramRecorder()
    for (const value of [1e-9, 1, 1e9, -5, Number.NaN, Infinity]) recorder.record(value)
    const first = recorder.take()!
    assert.deepStrictEqual([first.count, first.zeroCount, first.min, first.max], [4, 1, 0, 1e9])
    assert.strictEqual(recorder.take(), undefined)
    recorder.record(3)
    assertSame(recorder.take()!, histogramOf([3])!)
  })
})
