import { tQuantile } from "./StudentT.ts"

/** The difference of two means with its two-sided interval. */
export interface TInterval {
  readonly estimate: number
  readonly low: number
  readonly high: number
  readonly degrees: number
}

/** Below this, relative to the size of the values, a spread is rounding and not data. */
const rounding = 1e-12

/**
 * Welch's interval for mean(a) - mean(b), the variances of the two samples being what they are; degrees of freedom by Welch and
 * Satterthwaite (B. L. Welch, Biometrika 34, 1947):
 *
 * `d +- t(1 - alpha/2, v) * sqrt(s)`, with `s = va/na + vb/nb` and `v = s^2 / ((va/na)^2/(na-1) + (vb/nb)^2/(nb-1))`.
 *
 * `undefined` where it says nothing: fewer than two values on a side, or no spread on either (constant data have no known error).
 */
export const welch = (a: ReadonlyArray<number>, b: ReadonlyArray<number>, alpha: number): TInterval | undefined => {
  if (a.length < 2 || b.length < 2) return undefined
  const [meanA, varianceA] = moments(a)
  const [meanB, varianceB] = moments(b)
  const sA = varianceA / a.length
  const sB = varianceB / b.length
  const size = Math.max(...a.map(Math.abs), ...b.map(Math.abs))
  if (Math.sqrt(sA + sB) <= rounding * size) return undefined
  // As shares of their sum, so that tiny variances do not underflow when they are squared.
  const shareA = sA / (sA + sB)
  const shareB = sB / (sA + sB)
  const degrees = 1 / (shareA ** 2 / (a.length - 1) + shareB ** 2 / (b.length - 1))
  const estimate = meanA - meanB
  const half = tQuantile(1 - alpha / 2, degrees) * Math.sqrt(sA + sB)
  return { estimate, low: estimate - half, high: estimate + half, degrees }
}

const moments = (values: ReadonlyArray<number>): readonly [mean: number, variance: number] => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)]
}
