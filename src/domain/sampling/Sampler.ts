import { Bits56 } from "./Bits56.ts"
import { probabilityOf, setThreshold, smallestProbability } from "./Threshold.ts"

export type SamplerMode = "hash_seed" | "proportional" | "equalizing"

/** What an item says about how it was sampled so far and, after a decision, what it is to say from now on. Reused. */
export class Carrier {
  /** What it says could be read. */
  isValid = true
  hasRandomness = false
  hasThreshold = false
  readonly randomness = new Bits56()
  readonly threshold = new Bits56()
  /** Set by a decision: the item is to be written anew. */
  hasChanged = false

  clear(): void {
    this.isValid = true
    this.hasRandomness = this.hasThreshold = this.hasChanged = false
  }
}

/**
 * Probability sampling of single items, consistently: keep where R >= T, so that samplers along a trace agree whatever their rates.
 *
 * - `equalizing` raises an item's threshold to the configured one; what was sampled more strictly passes unchanged.
 * - `proportional` multiplies the probability an item arrives with.
 * - `hash_seed` decides by 14 bits of a hash and writes them as the item's randomness; items that carry sampling data are an error.
 *
 * An item whose sampling data cannot be read, that has no randomness, or that should not have survived its own threshold is an error: it
 * goes with `failClosed`, else stays. The collector's behaviour (probabilistic_sampler v0.161).
 */
export class Sampler {
  private readonly mode: SamplerMode
  private readonly ratio: number
  private readonly precision: number
  private readonly failClosed: boolean
  private readonly configured = new Bits56()
  private readonly isNever: boolean
  private readonly randomness = new Bits56()
  private readonly threshold = new Bits56()

  constructor(options: {
    readonly mode: SamplerMode
    /** 0 to 100; more counts as 100. */
    readonly percentage: number
    readonly precision: number
    readonly failClosed: boolean
  }) {
    // The collector holds a percentage in 32 bits, and so do its thresholds.
    const percentage = Math.min(100, Math.fround(options.percentage))
    this.mode = options.mode
    this.precision = options.precision
    this.failClosed = options.failClosed
    this.ratio = Math.max(percentage / 100, smallestProbability)
    const buckets = Math.floor(Math.fround(percentage * Math.fround(163.84)))
    this.isNever = percentage === 0 || (options.mode === "hash_seed" && buckets === 0)
    if (options.mode === "hash_seed") this.configured.set((0x4000 - buckets) << 14, 0)
    else setThreshold(this.configured, this.ratio, options.precision)
  }

  /**
   * Whether the item stays; then `carrier` says what to write. `own` is the randomness of its trace ID (or attribute), if it has one;
   * `priority`, if given, replaces the threshold.
   */
  decide(carrier: Carrier, own: Bits56 | undefined, priority: Bits56 | undefined): boolean {
    const { randomness, threshold } = this
    let isWritable = carrier.isValid
    let hasFault = !carrier.isValid
    let isKnown = own !== undefined
    if (own === undefined) randomness.setLargest()
    else randomness.copy(own)
    if (this.isNever) {
      randomness.setLargest()
      isKnown = true
    } else if (this.mode === "hash_seed") {
      if (carrier.isValid && (carrier.hasRandomness || carrier.hasThreshold)) {
        hasFault = true
        isWritable = false
      } else if (own !== undefined) {
        carrier.hasRandomness = true
        carrier.randomness.copy(own)
        carrier.hasChanged = true
      }
    } else if (!carrier.isValid) {
      randomness.setLargest()
    } else if (carrier.hasRandomness) {
      randomness.copy(carrier.randomness)
      isKnown = true
    }
    if (!hasFault) {
      if (!isKnown) hasFault = true
      else if (carrier.hasThreshold && !carrier.threshold.isAtMost(randomness)) {
        carrier.hasThreshold = false
        carrier.hasChanged = true
        hasFault = true
      }
    }
    if (priority !== undefined) threshold.copy(priority)
    else if (hasFault) {
      if (this.failClosed) threshold.setNever()
      else threshold.set(0, 0)
    } else this.setOwnThreshold(carrier)
    if (!threshold.isAtMost(randomness)) return false
    if (!isWritable) carrier.hasChanged = false
    // A threshold never falls: that would raise a probability that the item did not have.
    else if (!carrier.hasThreshold || !threshold.isAtMost(carrier.threshold)) {
      carrier.hasThreshold = true
      carrier.threshold.copy(threshold)
      carrier.hasChanged = true
    }
    return true
  }

  private setOwnThreshold(carrier: Carrier): void {
    const { threshold } = this
    if (this.isNever) threshold.setNever()
    else if (this.mode !== "proportional" || !carrier.hasThreshold) threshold.copy(this.configured)
    else setThreshold(threshold, probabilityOf(carrier.threshold) * this.ratio, this.precision)
  }
}
