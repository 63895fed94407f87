import type { ExplicitHistogram } from "../otlp/PointValues.ts"
import { downscale, type ExponentialHistogram } from "../stats/ExponentialHistogram.ts"
import { HistogramRecorder } from "../stats/HistogramRecorder.ts"

/**
 * What the collector's `span_metrics` connector sends, and what of it is read: the sum `traces.span.metrics.calls` and the histogram
 * `traces.span.metrics.duration` (explicit or exponential, in `ms` or `s`), with the attributes `service.name`, `status.code` and, where
 * the connector has it as a dimension, `tenant`.
 */
export const spanMetricNames = { calls: "traces.span.metrics.calls", duration: "traces.span.metrics.duration" } as const
export const errorStatus = "STATUS_CODE_ERROR"

/** A value of a series that can be counted on from one report to the next: calls, or the buckets of a histogram. */
export type Cumulative = number | ExponentialHistogram | ExplicitHistogram

/** An increase, and since when. */
export interface Increase {
  readonly value: Cumulative
  readonly startUnixMillis: number
}

interface Last {
  readonly startUnixMillis: number
  readonly timeUnixMillis: number
  readonly value: Cumulative
}

/**
 * Makes increases of cumulative series: the difference to what the series said before. A series that is seen for the first time counts
 * from its beginning if that lies within what was watched of its agent, else it begins to count now. It remembers `capacity` series, of
 * those that it has heard of last.
 */
export class CumulativeSeries {
  private readonly capacity: number
  private readonly series = new Map<string, Last>()
  private readonly watchedSince = new Map<string, number>()

  constructor(capacity = 20_000) {
    this.capacity = capacity
  }

  /** `undefined`: nothing new, or nothing to compare with. */
  increase(agent: string, key: string, value: Cumulative, startUnixMillis: number, timeUnixMillis: number): Increase | undefined {
    const id = `${agent} ${key}`
    const since = this.watched(agent, timeUnixMillis)
    const last = this.series.get(id)
    if (last !== undefined && timeUnixMillis <= last.timeUnixMillis) return undefined
    this.series.delete(id)
    this.series.set(id, { startUnixMillis, timeUnixMillis, value })
    if (this.series.size > this.capacity) this.series.delete(this.series.keys().next().value!)
    if (last === undefined) return startUnixMillis >= since ? { value, startUnixMillis } : undefined
    const difference = last.startUnixMillis === startUnixMillis ? subtract(value, last.value) : undefined
    // Else it has begun anew.
    if (difference === undefined) return { value, startUnixMillis: Math.max(startUnixMillis, last.timeUnixMillis) }
    return { value: difference, startUnixMillis: last.timeUnixMillis }
  }

  private watched(agent: string, timeUnixMillis: number): number {
    const known = this.watchedSince.get(agent)
    if (known !== undefined) return known
    this.watchedSince.set(agent, timeUnixMillis)
    if (this.watchedSince.size > this.capacity) this.watchedSince.delete(this.watchedSince.keys().next().value!)
    return timeUnixMillis
  }
}

/** `undefined`: `now` does not continue `before`. */
const subtract = (now: Cumulative, before: Cumulative): Cumulative | undefined => {
  if (typeof now === "number") return typeof before === "number" && now >= before ? now - before : undefined
  if (typeof before === "number") return undefined
  if ("bounds" in now) return "bounds" in before ? subtractExplicit(now, before) : undefined
  return "bounds" in before ? undefined : subtractExponential(now, before)
}

const subtractExplicit = (now: ExplicitHistogram, before: ExplicitHistogram): ExplicitHistogram | undefined => {
  if (now.bounds.length !== before.bounds.length || now.bounds.some((bound, i) => bound !== before.bounds[i])) return undefined
  const counts = now.counts.map((count, i) => count - before.counts[i]!)
  return counts.some((count) => count < 0) ? undefined : { ...now, counts, sum: now.sum - before.sum }
}

const subtractExponential = (now: ExponentialHistogram, before: ExponentialHistogram): ExponentialHistogram | undefined => {
  if (before.scale < now.scale) return undefined
  const earlier = downscale(before, before.scale - now.scale)
  const counts = [...now.counts]
  for (const [i, count] of earlier.counts.entries()) {
    const at = earlier.offset + i - now.offset
    if (count === 0) continue
    if ((counts[at] ?? 0) < count) return undefined
    counts[at]! -= count
  }
  const count = now.count - before.count
  const zeroCount = now.zeroCount - before.zeroCount
  return count < 0 || zeroCount < 0 ? undefined : { ...now, counts, count, zeroCount, sum: now.sum - before.sum }
}

/**
 * A histogram with bounds as an exponential one, times `factor`: the values of a bucket count at its middle (geometric, where it has two
 * bounds above 0; else at the bound that it has). A quantile is then off by what the sender's buckets are wide.
 */
export const exponentialOf = ({ bounds, counts, sum }: ExplicitHistogram, factor: number): ExponentialHistogram | undefined => {
  const recorder = new HistogramRecorder()
  for (const [i, count] of counts.entries()) {
    const lower = i === 0 ? 0 : bounds[i - 1]!
    const upper = i === bounds.length ? lower : bounds[i]!
    if (count > 0) recorder.record((lower > 0 ? Math.sqrt(lower * upper) : upper / 2) * factor, count)
  }
  const histogram = recorder.take()
  return histogram === undefined ? undefined : { ...histogram, sum: sum * factor }
}

/** The same values in another unit. The buckets move by whole ones, so that a quantile may be off by half of one more. */
export const rescale = (histogram: ExponentialHistogram, factor: number): ExponentialHistogram => ({
  ...histogram,
  offset: histogram.offset + Math.round(Math.log2(factor) * 2 ** histogram.scale),
  sum: histogram.sum * factor,
  min: histogram.min * factor,
  max: histogram.max * factor
})
