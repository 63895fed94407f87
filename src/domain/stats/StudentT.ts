import { incompleteBeta } from "./IncompleteBeta.ts"

/** P(T <= t) for Student's t distribution with `degrees` > 0 degrees of freedom (Abramowitz & Stegun 26.7.1). */
export const tCumulative = (t: number, degrees: number): number => {
  const tail = 0.5 * incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
  return t > 0 ? 1 - tail : tail
}

/** The t with P(T <= t) = `probability`, which lies strictly between 0 and 1, by bisection to the last bits of a double. */
export const tQuantile = (probability: number, degrees: number): number => {
  if (probability < 0.5) return -tQuantile(1 - probability, degrees)
  let low = 0
  let high = 1
  while (tCumulative(high, degrees) < probability && high < Number.MAX_VALUE / 4) {
    low = high
    high *= 2
  }
  for (let i = 0; i < 100 && high - low > 1e-14 * high; i++) {
    const middle = (low + high) / 2
    if (tCumulative(middle, degrees) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}
