import { Bits56, digits, half } from "./Bits56.ts"

/** The smallest probability that 56 bits can express. */
export const smallestProbability = 2 ** -56

const bits = new DataView(new ArrayBuffer(8))

/** Leading hexadecimal digits `0` of a fraction in (0, 1), from the exponent of the double. */
const leadingZeros = (fraction: number): number => {
  bits.setFloat64(0, fraction)
  const exponent = ((bits.getUint32(0) >>> 20) & 0x7ff) - 1022
  return Math.floor(-exponent / 4)
}

/**
 * Sets the rejection threshold of a probability, T = 2^56 (1 - p), rounded to `precision` significant hexadecimal digits (1 to 14; leading
 * `f` or `0` digits do not count, so that the relative error stays small near both ends). `false`, and never: p is outside
 * [2^-56, 1].
 *
 * Source: OpenTelemetry, "TraceState: probability sampling", and the collector's `pkg/sampling`, with which it agrees digit by digit.
 */
export const setThreshold = (threshold: Bits56, probability: number, precision: number): boolean => {
  if (!(probability >= smallestProbability && probability <= 1)) {
    threshold.setNever()
    return false
  }
  if (probability === 1) {
    threshold.set(0, 0)
    return true
  }
  const accepted = Math.round(probability * 2 ** 56)
  const acceptedLow = accepted % half
  let high = half - Math.floor(accepted / half)
  let low = 0
  if (acceptedLow > 0) {
    high--
    low = half - acceptedLow
  }
  const significant = Math.min(digits, precision + Math.max(leadingZeros(probability), leadingZeros(1 - probability)))
  if (significant < digits / 2) {
    const shift = 4 * (digits / 2 - significant)
    high = ((high + (1 << (shift - 1))) >> shift) << shift
    low = 0
  } else if (significant < digits) {
    const shift = 4 * (digits - significant)
    low += 2 ** (shift - 1)
    if (low >= half) {
      high++
      low -= half
    }
    low = significant === digits / 2 ? 0 : (low >> shift) << shift
  }
  threshold.set(high, low)
  return true
}

/** The share that a threshold lets pass, p = (2^56 - T) / 2^56; the adjusted count of an item is 1 / p. */
export const probabilityOf = (threshold: Bits56): number => ((half - threshold.high) * half - threshold.low) / 2 ** 56
