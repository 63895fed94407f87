import { bucketOf, type ExponentialHistogram, maxBuckets, maxScale } from "./ExponentialHistogram.ts"

/**
 * An exponential histogram that is being filled, value by value, without allocating. It begins at `scale` and halves its resolution
 * whenever the values need more than `limit` buckets.
 */
export class HistogramRecorder {
  private readonly counts: Float64Array
  private readonly firstScale: number
  private scale: number
  private factor: number
  /** Index of the bucket that `counts[0]` stands for, and how many are in use from there on. */
  private offset = 0
  private used = 0
  private zeroCount = 0
  private total = 0
  private sum = 0
  private min = Infinity
  private max = -Infinity

  constructor(scale = maxScale, limit = maxBuckets) {
    this.counts = new Float64Array(limit)
    this.firstScale = this.scale = scale
    this.factor = 2 ** scale
  }

  get count(): number {
    return this.total
  }

  /** Counts a value, `times`; one below 0 (a clock that went back) counts as 0, one that is no finite number not at all. */
  record(value: number, times = 1): void {
    if (!Number.isFinite(value)) return
    this.total += times
    if (value <= 0) {
      this.zeroCount += times
      this.min = Math.min(this.min, 0)
      this.max = Math.max(this.max, 0)
      return
    }
    this.sum += value * times
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    let index = Math.ceil(Math.log2(value) * this.factor) - 1
    if (this.used === 0) this.offset = index
    else if (index < this.offset || index >= this.offset + this.used) {
      while (this.widthWith(index) > this.counts.length) {
        this.halve()
        index = bucketOf(value, this.scale)
      }
      if (index < this.offset) this.shiftTo(index)
    }
    const at = index - this.offset
    this.counts[at]! += times
    if (at >= this.used) this.used = at + 1
  }

  private widthWith(index: number): number {
    return Math.max(this.offset + this.used - 1, index) - Math.min(this.offset, index) + 1
  }

  /** Makes room for lower buckets. */
  private shiftTo(index: number): void {
    const by = this.offset - index
    this.counts.copyWithin(by, 0, this.used)
    this.counts.fill(0, 0, by)
    this.offset = index
    this.used += by
  }

  /** Two neighbouring buckets become one. */
  private halve(): void {
    const { counts, used, offset } = this
    const lowered = offset >> 1
    for (let i = 0; i < used; i++) {
      const to = ((offset + i) >> 1) - lowered
      const count = counts[i]!
      counts[i] = 0
      counts[to]! += count
    }
    this.used = ((offset + used - 1) >> 1) - lowered + 1
    this.offset = lowered
    this.factor = 2 ** --this.scale
  }

  /** What has been recorded, and begins anew; `undefined` if nothing was. */
  take(): ExponentialHistogram | undefined {
    if (this.total === 0) return undefined
    const taken: ExponentialHistogram = {
      scale: this.scale,
      zeroCount: this.zeroCount,
      offset: this.used === 0 ? 0 : this.offset,
      counts: Array.from(this.counts.subarray(0, this.used)),
      count: this.total,
      sum: this.sum,
      min: this.min,
      max: this.max
    }
    this.counts.fill(0, 0, this.used)
    this.scale = this.firstScale
    this.factor = 2 ** this.scale
    this.offset = this.used = this.zeroCount = this.total = this.sum = 0
    this.min = Infinity
    this.max = -Infinity
    return taken
  }
}

/** The histogram of some values. */
export const histogramOf = (values: Iterable<number>, scale = maxScale, limit = maxBuckets): ExponentialHistogram | undefined => {
  const recorder = new HistogramRecorder(scale, limit)
  for (const value of values) recorder.record(value)
  return recorder.take()
}
