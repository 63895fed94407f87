import { END, Groups, PAYLOAD } from "./Groups.ts"
import { Malformed } from "./Malformed.ts"
import { addRecord, layout, odd, readRecord, type Layout } from "./Record.ts"
import { Table } from "./Table.ts"
import { explain, FIXED64, LENGTH, tagOf, tagValue, valueEnd, VARINT, varintEnd } from "./Wire.ts"

// Columns of a metric: positions in `bytes`, -1 where the field is absent. Length-delimited ones have their end in the next column.
export const NAME = 1
export const DESCRIPTION = 3
export const UNIT = 5
export const FIRST_METADATA = 7
/** The field number of its data (`GAUGE` ...), -1 if it has none; where the data's length, payload and end are. */
export const TYPE = 8
export const DATA_LENGTH_AT = 9
export const DATA = 10
export const DATA_END = 11
export const TEMPORALITY = 12
export const IS_MONOTONIC = 13
/** Its rows in `points`. */
export const FIRST_POINT = 14
export const AFTER_LAST_POINT = 15
const WIDTH = 16

export const GAUGE = 5
export const SUM = 7
export const HISTOGRAM = 9
export const EXPONENTIAL_HISTOGRAM = 10
export const SUMMARY = 11

// Columns of a data point of any type. Fields that a type does not have are -1.
export const POINT_START = 0
export const POINT_LENGTH_AT = 1
export const POINT_PAYLOAD = 2
export const POINT_END = 3
/** The row of its metric. */
export const POINT_METRIC = 4
export const START_TIME = 5
export const TIME = 6
export const FLAGS = 7
export const FIRST_ATTRIBUTE = 8
export const FIRST_EXEMPLAR = 9
export const AS_DOUBLE = 10
export const AS_INT = 11
export const COUNT = 12
export const POINT_SUM = 13
export const MIN = 14
export const MAX = 15
export const SCALE = 16
export const ZERO_COUNT = 17
export const ZERO_THRESHOLD = 18
export const POSITIVE = 19
export const NEGATIVE = 21
/** The first of its quantile values, bucket counts or explicit bounds; counts and bounds may be packed or not. */
export const FIRST_QUANTILE = 23
const POINT_WIDTH = 24

const metric = layout([
  [1, LENGTH, NAME],
  [2, LENGTH, DESCRIPTION],
  [3, LENGTH, UNIT],
  [12, LENGTH, FIRST_METADATA, "repeated"]
])

const sum = layout([
  [2, VARINT, TEMPORALITY],
  [3, VARINT, IS_MONOTONIC]
])

const withTemporality = layout([[2, VARINT, TEMPORALITY]])

const pointsOnly = layout([])

const dataLayout = (type: number): Layout =>
  type === SUM ? sum : type === HISTOGRAM || type === EXPONENTIAL_HISTOGRAM ? withTemporality : pointsOnly

const number = layout([
  [2, FIXED64, START_TIME],
  [3, FIXED64, TIME],
  [4, FIXED64, AS_DOUBLE],
  [5, LENGTH, FIRST_EXEMPLAR, "repeated"],
  [6, FIXED64, AS_INT],
  [7, LENGTH, FIRST_ATTRIBUTE, "repeated"],
  [8, VARINT, FLAGS]
])

const histogram = layout([
  [2, FIXED64, START_TIME],
  [3, FIXED64, TIME],
  [4, FIXED64, COUNT],
  [5, FIXED64, POINT_SUM],
  [8, LENGTH, FIRST_EXEMPLAR, "repeated"],
  [9, LENGTH, FIRST_ATTRIBUTE, "repeated"],
  [10, VARINT, FLAGS],
  [11, FIXED64, MIN],
  [12, FIXED64, MAX]
])

const exponential = layout([
  [1, LENGTH, FIRST_ATTRIBUTE, "repeated"],
  [2, FIXED64, START_TIME],
  [3, FIXED64, TIME],
  [4, FIXED64, COUNT],
  [5, FIXED64, POINT_SUM],
  [6, VARINT, SCALE],
  [7, FIXED64, ZERO_COUNT],
  [8, LENGTH, POSITIVE],
  [9, LENGTH, NEGATIVE],
  [10, VARINT, FLAGS],
  [11, LENGTH, FIRST_EXEMPLAR, "repeated"],
  [12, FIXED64, MIN],
  [13, FIXED64, MAX],
  [14, FIXED64, ZERO_THRESHOLD]
])

const summary = layout([
  [2, FIXED64, START_TIME],
  [3, FIXED64, TIME],
  [4, FIXED64, COUNT],
  [5, FIXED64, POINT_SUM],
  [6, LENGTH, FIRST_QUANTILE, "repeated"],
  [7, LENGTH, FIRST_ATTRIBUTE, "repeated"],
  [8, VARINT, FLAGS]
])

const pointLayout = (type: number): Layout => {
  switch (type) {
    case HISTOGRAM:
      return histogram
    case EXPONENTIAL_HISTOGRAM:
      return exponential
    case SUMMARY:
      return summary
    default:
      return number
  }
}

/** The field of a data point that holds its attributes, by the type of its metric. */
export const attributesField = (type: number): number => (type === HISTOGRAM ? 9 : type === EXPONENTIAL_HISTOGRAM ? 1 : 7)

/**
 * The index of a chunk of metrics: its groups, for each metric where its fields are (row `i` of `metrics` is record `i`), and for each
 * data point likewise (row `i` of `points` is item `i`).
 */
export class Metrics extends Groups {
  readonly metrics = new Table(WIDTH, 256)
  readonly points = new Table(POINT_WIDTH, 256)

  constructor() {
    super("metrics")
  }

  override get items(): number {
    return this.points.count
  }

  protected override readRecords(): Malformed | undefined {
    const { bytes, records, metrics, points } = this
    metrics.clear()
    points.clear()
    for (let i = 0; i < records.count; i++) {
      const at = i * records.width
      const row = addRecord(metrics)
      metrics.data[row + FIRST_POINT] = metrics.data[row + AFTER_LAST_POINT] = points.count
      const start = records.data[at + PAYLOAD]!
      const end = records.data[at + END]!
      const fault = this.check(readRecord(bytes, start, end, metric, metrics.data, row)) ?? this.readData(start, end, row)
      if (fault !== undefined) return fault
      metrics.data[row + AFTER_LAST_POINT] = points.count
    }
    return undefined
  }

  private check(verdict: Malformed | typeof odd | undefined): Malformed | undefined {
    if (verdict !== odd) return verdict
    this.odd = true
    return undefined
  }

  private readData(pos: number, end: number, row: number): Malformed | undefined {
    const { bytes, metrics } = this
    while (pos < end) {
      // Checked by the walk before.
      const valueAt = varintEnd(bytes, pos, end)
      const tag = tagValue(bytes, pos, valueAt)
      const next = valueEnd(bytes, valueAt, end, tag & 7)
      const type = tag >>> 3
      if (type === GAUGE || type === SUM || type === HISTOGRAM || type === EXPONENTIAL_HISTOGRAM || type === SUMMARY) {
        if ((tag & 7) !== LENGTH) return new Malformed(pos, `field ${type} has wire type ${tag & 7}; expected ${LENGTH}`)
        const payload = varintEnd(bytes, valueAt, end)
        if (metrics.data[row + TYPE] !== -1) this.odd = true
        metrics.data[row + TYPE] = type
        metrics.data[row + DATA_LENGTH_AT] = valueAt
        metrics.data[row + DATA] = payload
        metrics.data[row + DATA_END] = next
        const fault =
          this.check(readRecord(bytes, payload, next, dataLayout(type), metrics.data, row)) ??
          this.readPoints(payload, next, row / WIDTH, pointLayout(type))
        if (fault !== undefined) return fault
      }
      pos = next
    }
    return undefined
  }

  private readPoints(pos: number, end: number, metricRow: number, fields: Layout): Malformed | undefined {
    const { bytes, points } = this
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return explain(bytes, pos, end)
      if (tag === tagOf(1, LENGTH)) {
        const payload = varintEnd(bytes, valueAt, end)
        const row = addRecord(points)
        points.data[row + POINT_START] = pos
        points.data[row + POINT_LENGTH_AT] = valueAt
        points.data[row + POINT_PAYLOAD] = payload
        points.data[row + POINT_END] = next
        points.data[row + POINT_METRIC] = metricRow
        const fault = this.check(readRecord(bytes, payload, next, fields, points.data, row))
        if (fault !== undefined) return fault
        if (points.data[row + AS_DOUBLE]! >= 0 && points.data[row + AS_INT]! >= 0) this.odd = true
      }
      pos = next
    }
    return undefined
  }
}
