import type { Detecting } from "../loop/Detector.ts"

export interface BaselineOptions {
  /** Time after which half of what was learnt has been replaced. */
  readonly halfLifeMillis: number
  /** Nothing is an alarm before so much has been seen. */
  readonly warmUpMillis: number
  /** How many robust standard deviations off the expected value is an alarm. */
  readonly deviations: number
  /** How many times the expected value (or its part, below) it must be, however calm the series was. */
  readonly factor: number
  readonly direction: "up" | "down" | "both"
}

/** Of the logarithm of the values: plain numbers, so that it can be kept. `null` before the first value. */
export type BaselineState = null | {
  /** Exponentially weighted mean (EWMA) and mean absolute deviation from it. */
  readonly center: number
  readonly spread: number
  /** The time that counts as seen, in milliseconds. */
  readonly seen: number
  /** When the last value was. */
  readonly at: number
}

/** Values below this share of the expected one count as this: the logarithm of 0 says nothing. */
const leastShare = 1e-3

/** The standard deviation of a normal distribution whose mean absolute deviation is 1: sqrt(pi / 2). */
const sigmaOfMad = 1.2533141373155001

/** No value moves what is expected by more than so many deviations: an outlier is not learnt from. */
const mostPull = 3

/** A series that did not move at all is taken to have moved so little, of its logarithm. */
const leastSpread = 0.01

/** Gaps longer than this count as this much time, in milliseconds. */
const longestGap = 10_000

/**
 * A robust baseline of one series: is the value far from what the series has been? Both EWMA and MAD are of the logarithm of the value, so
 * that "twice as much" is as far off at 10 as at 10,000, and scaling a series changes nothing.
 *
 * With `x = ln(value)`, center `c`, deviation `d` and `sigma = 1.2533 d`: `z = (x - c) / sigma`. It is an alarm where `|z| >= deviations`
 * and `|x - c| >= ln(factor)`, in the direction that is watched. The score is `e^2 / (1 + e^2)` where
 * `e = min(|z| / deviations, |x - c| / ln(factor))`: 0.5 at the verge of an alarm, 0.8 at twice as far off, 0.9 at three times; below the
 * verge, before the end of the warm-up and in the other direction it is 0.
 *
 * While it alarms nothing is learnt, so that what is wrong does not become what is expected. Sources: EWMA after Roberts (1959); the mean
 * absolute deviation as a robust scale, and pulling in outliers, after Huber (1964).
 */
export const baseline = (options: BaselineOptions): Detecting<BaselineState> => ({
  initial: null,
  step: (state, [at, value]) => {
    if (state === null) {
      const first = value > 0 ? { center: Math.log(value), spread: 0, seen: 0, at } : null
      return [first, { isAlarming: false, score: 0, expected: undefined }]
    }
    const expected = Math.exp(state.center)
    const off = Math.log(Math.max(value / expected, leastShare))
    const elapsed = Math.min(longestGap, Math.max(0, at - state.at))
    const isWarm = state.seen >= options.warmUpMillis
    const sigma = sigmaOfMad * Math.max(state.spread, leastSpread)
    const isWatched = options.direction === "both" || (options.direction === "up") === off > 0
    const excess = Math.min(Math.abs(off) / sigma / options.deviations, Math.abs(off) / Math.log(options.factor))
    if (isWarm && isWatched && excess >= 1) {
      return [
        { ...state, at },
        { isAlarming: true, score: excess ** 2 / (1 + excess ** 2), expected }
      ]
    }
    // What a value weighs grows with the time it stands for; at first it is the plain mean of all that was seen.
    const weight = Math.max(1 - 2 ** (-elapsed / options.halfLifeMillis), elapsed / (state.seen + elapsed || 1))
    const pull = isWarm ? Math.min(mostPull * sigma, Math.max(-mostPull * sigma, off)) : off
    const next = {
      center: state.center + weight * pull,
      spread: state.spread + weight * (Math.abs(pull) - state.spread),
      seen: state.seen + elapsed,
      at
    }
    return [next, { isAlarming: false, score: 0, expected: isWarm ? expected : undefined }]
  }
})
