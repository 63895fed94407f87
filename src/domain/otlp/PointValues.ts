import { downscale, type ExponentialHistogram, maxBuckets } from "../stats/ExponentialHistogram.ts"
import { readDouble } from "./AnyValue.ts"
import {
  AS_DOUBLE,
  AS_INT,
  COUNT,
  MAX,
  type Metrics,
  MIN,
  POINT_END,
  POINT_PAYLOAD,
  POINT_SUM,
  POSITIVE,
  SCALE,
  ZERO_COUNT
} from "./Metrics.ts"
import { fixed32, LENGTH, tagOf, tagValue, VARINT, valueEnd, varintEnd, varintLow, varintValue } from "./Wire.ts"

/** Histograms with more buckets than this are not read. */
const mostBuckets = 16_384

const two32 = 4_294_967_296

/** The eight bytes at `at` as a whole number without sign, exact up to 2^53. */
export const readCount = (bytes: Uint8Array, at: number): number => (fixed32(bytes, at + 4) >>> 0) * two32 + (fixed32(bytes, at) >>> 0)

const zigzag = (bytes: Uint8Array, pos: number): number => {
  const low = varintLow(bytes, pos, varintEnd(bytes, pos, bytes.length))
  return (low >>> 1) ^ -(low & 1)
}

/** The value of the number data point whose row begins at `row`; NaN if it has none. */
export const readNumber = ({ bytes, points: { data } }: Metrics, row: number): number => {
  if (data[row + AS_DOUBLE]! >= 0) return readDouble(bytes, data[row + AS_DOUBLE]!)
  const at = data[row + AS_INT]!
  return at < 0 ? Number.NaN : fixed32(bytes, at + 4) * two32 + (fixed32(bytes, at) >>> 0)
}

/**
 * The exponential histogram data point whose row begins at `row`, at a scale at which it has `maxBuckets` buckets at most. Negative values
 * and a zero threshold are not read. `undefined`: it is empty, or no histogram that could be.
 */
export const readExponential = ({ bytes, points: { data } }: Metrics, row: number): ExponentialHistogram | undefined => {
  const double = (column: number, absent: number): number => (data[row + column]! < 0 ? absent : readDouble(bytes, data[row + column]!))
  const whole = (column: number): number => (data[row + column]! < 0 ? 0 : readCount(bytes, data[row + column]!))
  const buckets =
    data[row + POSITIVE]! < 0 ? { offset: 0, counts: [] } : readBuckets(bytes, data[row + POSITIVE]!, data[row + POSITIVE + 1]!)
  const scale = data[row + SCALE]! < 0 ? 0 : zigzag(bytes, data[row + SCALE]!)
  const count = whole(COUNT)
  if (buckets === undefined || count === 0 || scale > 20 || scale < -10) return undefined
  let histogram: ExponentialHistogram = {
    scale,
    zeroCount: whole(ZERO_COUNT),
    ...buckets,
    count,
    sum: double(POINT_SUM, 0),
    min: double(MIN, 0),
    max: double(MAX, Infinity)
  }
  while (histogram.counts.length > maxBuckets) histogram = downscale(histogram, 1)
  return histogram
}

const readBuckets = (bytes: Uint8Array, start: number, end: number): Pick<ExponentialHistogram, "offset" | "counts"> | undefined => {
  let offset = 0
  const counts: Array<number> = []
  const isRead = eachField(bytes, start, end, (tag, at, next) => {
    if (tag === tagOf(1, VARINT)) offset = zigzag(bytes, at)
    else if (tag === tagOf(2, VARINT)) counts.push(varintValue(bytes, at, next))
    else if (tag === tagOf(2, LENGTH)) {
      for (let pos = at; pos < next && counts.length <= mostBuckets;) {
        const after = varintEnd(bytes, pos, next)
        if (after < 0) return false
        counts.push(varintValue(bytes, pos, after))
        pos = after
      }
    }
    return counts.length <= mostBuckets
  })
  return isRead ? { offset, counts } : undefined
}

/** A histogram with bounds of its sender's: `counts[i]` values in `(bounds[i - 1], bounds[i]]`. */
export interface ExplicitHistogram {
  readonly bounds: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
  readonly sum: number
}

/** The histogram data point whose row begins at `row`; `undefined`: it is none that could be. */
export const readExplicit = ({ bytes, points: { data } }: Metrics, row: number): ExplicitHistogram | undefined => {
  const bounds: Array<number> = []
  const counts: Array<number> = []
  const isRead = eachField(bytes, data[row + POINT_PAYLOAD]!, data[row + POINT_END]!, (tag, at, next) => {
    const field = tag >>> 3
    if (field === 6 || field === 7) {
      for (let pos = at; pos + 8 <= next && counts.length <= mostBuckets; pos += 8) {
        if (field === 6) counts.push(readCount(bytes, pos))
        else bounds.push(readDouble(bytes, pos))
      }
    }
    return counts.length <= mostBuckets && bounds.length <= mostBuckets
  })
  if (!isRead || counts.length !== bounds.length + 1) return undefined
  const at = data[row + POINT_SUM]!
  return { bounds, counts, sum: at < 0 ? 0 : readDouble(bytes, at) }
}

/** Calls with the tag of each field in `[pos, end)` and the range of its value; `false` if one is malformed, or `visit` says so. */
const eachField = (bytes: Uint8Array, start: number, end: number, visit: (tag: number, at: number, next: number) => boolean): boolean => {
  for (let pos = start; pos < end;) {
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    if (next < 0) return false
    if (!visit(tag, (tag & 7) === LENGTH ? varintEnd(bytes, valueAt, end) : valueAt, next)) return false
    pos = next
  }
  return true
}
