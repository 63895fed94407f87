import { Layout } from "../Message.ts"

/** The messages that an item stands in, from the outside in. `data` is the part of a metric that depends on its type. */
export const Role = { resourceEnvelope: 0, resource: 1, scopeEnvelope: 2, scope: 3, metric: 4, data: 5, item: 6, event: 7 } as const
export type Role = (typeof Role)[keyof typeof Role]

// Rows: below 16 scalars, from 16 repeated messages, from 24 messages and packed numbers (see Message.ts).
export const Row = {
  schemaUrl: 0,
  resourceDropped: 0,
  scopeName: 0,
  scopeVersion: 1,
  scopeDropped: 2,
  traceId: 0,
  spanId: 1,
  traceState: 2,
  parentSpanId: 3,
  spanName: 4,
  kind: 5,
  startTime: 6,
  endTime: 7,
  spanDropped: 8,
  droppedEvents: 9,
  droppedLinks: 10,
  spanFlags: 11,
  events: 16,
  links: 17,
  status: 24,
  eventTime: 0,
  eventName: 1,
  eventDropped: 2,
  logTime: 0,
  observedTime: 1,
  severityNumber: 2,
  severityText: 3,
  logDropped: 4,
  logFlags: 5,
  logTraceId: 6,
  logSpanId: 7,
  logEventName: 8,
  body: 24,
  metricName: 0,
  metricDescription: 1,
  metricUnit: 2,
  temporality: 0,
  monotonic: 1,
  dataPoints: 16,
  pointStart: 0,
  pointTime: 1,
  pointValue: 2,
  pointFlags: 3,
  count: 4,
  sum: 5,
  scale: 6,
  zeroCount: 7,
  exemplars: 16,
  quantiles: 17,
  bucketCounts: 24,
  explicitBounds: 25,
  positive: 26,
  negative: 27,
  findingKind: 0,
  findingDetector: 1,
  findingTenant: 2,
  findingService: 3,
  findingSignal: 4,
  findingScore: 5,
  findingValue: 6,
  findingExpected: 7,
  findingDuration: 8
} as const

const text = (row: number, field: number) => ({ row, field, wire: 2 }) as const
const varint = (row: number, field: number) => ({ row, field, wire: 0 }) as const
const fixed64 = (row: number, field: number) => ({ row, field, wire: 1 }) as const
const fixed32 = (row: number, field: number) => ({ row, field, wire: 5 }) as const

export const envelopeLayout = new Layout([text(Row.schemaUrl, 3)], 0)
export const resourceLayout = new Layout([varint(Row.resourceDropped, 2)], 1)
export const scopeLayout = new Layout([text(Row.scopeName, 1), text(Row.scopeVersion, 2), varint(Row.scopeDropped, 4)], 3)

export const spanLayout = new Layout(
  [
    text(Row.traceId, 1),
    text(Row.spanId, 2),
    text(Row.traceState, 3),
    text(Row.parentSpanId, 4),
    text(Row.spanName, 5),
    varint(Row.kind, 6),
    fixed64(Row.startTime, 7),
    fixed64(Row.endTime, 8),
    varint(Row.spanDropped, 10),
    text(Row.events, 11),
    varint(Row.droppedEvents, 12),
    text(Row.links, 13),
    varint(Row.droppedLinks, 14),
    text(Row.status, 15),
    fixed32(Row.spanFlags, 16)
  ],
  9
)

export const eventLayout = new Layout([fixed64(Row.eventTime, 1), text(Row.eventName, 2), varint(Row.eventDropped, 4)], 3)

export const logLayout = new Layout(
  [
    fixed64(Row.logTime, 1),
    varint(Row.severityNumber, 2),
    text(Row.severityText, 3),
    text(Row.body, 5),
    varint(Row.logDropped, 7),
    fixed32(Row.logFlags, 8),
    text(Row.logTraceId, 9),
    text(Row.logSpanId, 10),
    fixed64(Row.observedTime, 11),
    text(Row.logEventName, 12)
  ],
  6
)

/** Ours: a finding of the control loop, as `loop/Condition.ts` encodes it for the conditions of rules. */
export const findingLayout = new Layout(
  [
    text(Row.findingKind, 1),
    text(Row.findingDetector, 2),
    text(Row.findingTenant, 3),
    text(Row.findingService, 4),
    text(Row.findingSignal, 5),
    fixed64(Row.findingScore, 6),
    fixed64(Row.findingValue, 7),
    fixed64(Row.findingExpected, 8),
    fixed64(Row.findingDuration, 9)
  ],
  0
)

export const metricLayout = new Layout([text(Row.metricName, 1), text(Row.metricDescription, 2), text(Row.metricUnit, 3)], 12)

/** The fields of a metric that hold its data, by metric type. */
export const DataField = { gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 } as const

const pointsOnly = new Layout([text(Row.dataPoints, 1)], 0)
const withTemporality = new Layout([text(Row.dataPoints, 1), varint(Row.temporality, 2)], 0)
const sumData = new Layout([text(Row.dataPoints, 1), varint(Row.temporality, 2), varint(Row.monotonic, 3)], 0)
/** For a metric without data. */
export const noData = new Layout([], 0)

const times = [fixed64(Row.pointStart, 2), fixed64(Row.pointTime, 3)]
const numberPoint = new Layout(
  [...times, fixed64(Row.pointValue, 4), fixed64(Row.pointValue, 6), text(Row.exemplars, 5), varint(Row.pointFlags, 8)],
  7
)

/** Layouts of a metric's data and of its points, by the data's field number. */
export const dataLayouts: Readonly<Record<number, Layout>> = {
  [DataField.gauge]: pointsOnly,
  [DataField.sum]: sumData,
  [DataField.histogram]: withTemporality,
  [DataField.exponentialHistogram]: withTemporality,
  [DataField.summary]: pointsOnly
}

export const pointLayouts: Readonly<Record<number, Layout>> = {
  [DataField.gauge]: numberPoint,
  [DataField.sum]: numberPoint,
  [DataField.histogram]: new Layout(
    [
      ...times,
      fixed64(Row.count, 4),
      fixed64(Row.sum, 5),
      text(Row.bucketCounts, 6),
      text(Row.explicitBounds, 7),
      text(Row.exemplars, 8),
      varint(Row.pointFlags, 10)
    ],
    9
  ),
  [DataField.exponentialHistogram]: new Layout(
    [
      ...times,
      fixed64(Row.count, 4),
      fixed64(Row.sum, 5),
      varint(Row.scale, 6),
      fixed64(Row.zeroCount, 7),
      text(Row.positive, 8),
      text(Row.negative, 9),
      varint(Row.pointFlags, 10),
      text(Row.exemplars, 11)
    ],
    1
  ),
  [DataField.summary]: new Layout(
    [...times, fixed64(Row.count, 4), fixed64(Row.sum, 5), text(Row.quantiles, 6), varint(Row.pointFlags, 8)],
    7
  )
}
