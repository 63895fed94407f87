import { assert, describe, it } from "@effect/vitest"
import { incompleteBeta, logGamma } from "../../../src/domain/stats/IncompleteBeta.ts"
import { tCumulative, tQuantile } from "../../../src/domain/stats/StudentT.ts"
import { welch } from "../../../src/domain/stats/TInterval.ts"

const close = (actual: number, expected: number, tolerance: number, what = "") =>
  assert.isBelow(Math.abs(actual - expected), tolerance, `${what} ${actual} is not ${expected}`)

describe("Student's t", () => {
  it("has the quantiles of the published tables", () => {
    // Fisher & Yates, table III; two-sided 10 %, 5 %, 1 %, 0.1 %.
    for (const [degrees, ...quantiles] of [
      [1, 6.314, 12.706, 63.657, 636.619],
      [2, 2.92, 4.303, 9.925, 31.599],
      [3, 2.353, 3.182, 5.841, 12.924],
      [4, 2.132, 2.776, 4.604, 8.61],
      [5, 2.015, 2.571, 4.032, 6.869],
      [10, 1.812, 2.228, 3.169, 4.587],
      [20, 1.725, 2.086, 2.845, 3.85],
      [30, 1.697, 2.042, 2.75, 3.646],
      [60, 1.671, 2, 2.66, 3.46],
      [120, 1.658, 1.98, 2.617, 3.373]
    ] as const) {
      for (const [i, probability] of [0.95, 0.975, 0.995, 0.9995].entries())
        close(tQuantile(probability, degrees), quantiles[i]!, 5.1e-4, `${degrees} ${probability}`)
    }
  })

  it("agrees with the closed forms of one and two degrees of freedom", () => {
    for (let i = 1; i < 200; i++) {
      const p = 0.5 + i / 401
      close(tQuantile(p, 1) / Math.tan(Math.PI * (p - 0.5)), 1, 1e-11)
      close(tQuantile(p, 2) / ((2 * p - 1) / Math.sqrt(2 * p * (1 - p))), 1, 1e-11)
    }
  })

  it("has the normal distribution as its limit, and symmetry", () => {
    close(tQuantile(0.975, 1e7), 1.959963984540054, 1e-6)
    for (const t of [0, 0.1, 1, 3, 40])
      for (const degrees of [0.7, 1, 2.5, 9, 300]) close(tCumulative(t, degrees) + tCumulative(-t, degrees), 1, 1e-14)
    assert.strictEqual(tQuantile(0.3, 4.2), -tQuantile(0.7, 4.2))
  })

  it("stands on a gamma and a beta function that are right", () => {
    close(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-14)
    close(logGamma(11), Math.log(3_628_800), 1e-13)
    close(logGamma(171), 706.5730622457874, 1e-10)
    // I_x(a, 1) = x^a; I_x(2, 3) = 6x^2 - 8x^3 + 3x^4.
    for (const x of [0.01, 0.3, 0.5, 0.8, 0.99]) {
      close(incompleteBeta(x, 3.7, 1), x ** 3.7, 1e-13)
      close(incompleteBeta(x, 2, 3), 6 * x ** 2 - 8 * x ** 3 + 3 * x ** 4, 1e-13)
    }
  })
})

describe("Welch's interval", () => {
  it("is that of the sleep data (Student 1908), as R's t.test prints it", () => {
    const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]
    const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    const interval = welch(first, second, 0.05)!
    close(interval.estimate, -1.58, 1e-12)
    close(interval.degrees, 17.776, 5e-4)
    close(interval.low, -3.3654832, 1e-7)
    close(interval.high, 0.2054832, 1e-7)
  })

  it("turns over with its arms and scales with its unit", () => {
    const a = [1, 2, 4]
    const b = [5, 5.5]
    const ab = welch(a, b, 0.05)!
    const ba = welch(b, a, 0.05)!
    assert.strictEqual(ab.estimate, -ba.estimate)
    close(ab.low, -ba.high, 1e-12)
    const scaled = welch(
      a.map((one) => one * 1e-100),
      b.map((one) => one * 1e-100),
      0.05
    )!
    close(scaled.low / 1e-100 / ab.low, 1, 1e-9)
  })

  it("says nothing of constant data or of single values", () => {
    assert.isUndefined(welch([1, 1], [1, 1], 0.05))
    assert.isUndefined(welch([0.1 + 0.2, 0.3], [0.3, 0.3], 0.05))
    assert.isUndefined(welch([1], [1, 2, 3], 0.05))
    assert.isDefined(welch([1, 1], [1, 2], 0.05))
  })
})
