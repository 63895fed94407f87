/**
 * Natural logarithm of the gamma function for x > 0: the recurrence takes x above 10, Stirling's series (Abramowitz & Stegun 6.1.41)
 * does the rest. Relative error below 1e-14.
 */
export const logGamma = (x: number): number => {
  let shift = 0
  let y = x
  for (; y < 10; y++) shift += Math.log(y)
  const inverse = 1 / (y * y)
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse * (1 / 1188))))) / y
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift
}

/**
 * The regularised incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1], by its continued fraction (Abramowitz & Stegun
 * 26.5.8), which is evaluated by the method of Lentz on the side where it converges fast.
 */
export const incompleteBeta = (x: number, a: number, b: number): number => {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  return front / continuedFraction(x, a, b)
}

const tiny = 1e-300
const maxTerms = 10_000

/** 1 + d1/(1 + d2/(1 + ...)) with the coefficients of 26.5.8. */
const continuedFraction = (x: number, a: number, b: number): number => {
  let value = 1
  let above = 1
  let below = 0
  for (let n = 1; n <= maxTerms; n++) {
    const m = n >> 1
    const coefficient = n % 2 === 0 ? (m * (b - m) * x) / ((a + n - 1) * (a + n)) : (-(a + m) * (a + b + m) * x) / ((a + n - 1) * (a + n))
    below = 1 / nonZero(1 + coefficient * below)
    above = nonZero(1 + coefficient / above)
    const step = above * below
    value *= step
    if (Math.abs(step - 1) < 1e-15) break
  }
  return value
}

const nonZero = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
