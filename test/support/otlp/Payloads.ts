import type { Signal } from "../../../src/domain/Signal.ts"
import type { Random } from "./Random.ts"
import { encode } from "./Reference.ts"

/** How large and how strange a generated request may be. Every count is a maximum. */
export interface PayloadOptions {
  /** Resource groups. Default 3. */
  readonly resources?: number
  /** Scope groups a resource. Default 3. */
  readonly scopes?: number
  /** Spans, log records or metrics a scope. Default 5. */
  readonly items?: number
  /** Attributes a record. Default 6. */
  readonly attributes?: number
  /** Values of the resource attribute `tenant`; some resources have none, or a value that is no string. Default: never set. */
  readonly tenants?: ReadonlyArray<string>
}

const keys = ["http.request.method", "http.response.status_code", "k", "", "service.name", "ключ", "x".repeat(140), "tenant.id", "a.b"]
const texts = ["GET", "POST", "", "/api/v1/users", "naïve ☃ 日本", "x".repeat(130), "0", "true"]
const integers = ["0", "1", "-1", "200", "404", "9007199254740993", "-9223372036854775808", "9223372036854775807", "4294967296"]
const doubles = [0, -0, 1, 0.5, -1e300, 5e-324, Infinity, -Infinity, NaN, 9007199254740992]
const times = ["0", "1", "1700000000123456789", "1700000000999999999", "18446744073709551615"]

const value = (rng: Random, depth: number): object => {
  switch (rng.below(depth > 0 ? 9 : 6)) {
    case 0:
      return { boolValue: rng.chance(0.5) }
    case 1:
      return { intValue: rng.pick(integers) }
    case 2:
      return { doubleValue: rng.pick(doubles) }
    case 3:
      return { bytesValue: rng.bytes(rng.below(5)) }
    case 6:
      return { arrayValue: { values: rng.many(3, () => value(rng, depth - 1)) } }
    case 7:
      return { kvlistValue: { values: attributes(rng, 3, depth - 1) } }
    case 8:
      return {}
    default:
      return { stringValue: rng.pick(texts) }
  }
}

const attributes = (rng: Random, most: number, depth = 2): Array<object> =>
  rng.many(most, () => ({ key: rng.pick(keys), ...(rng.chance(0.95) && { value: value(rng, depth) }) }))

const id = (rng: Random, length: number): Uint8Array => (rng.chance(0.1) ? new Uint8Array(0) : rng.bytes(length))

const some = (rng: Random, fields: { readonly [name: string]: unknown }): object =>
  Object.fromEntries(Object.entries(fields).filter(() => rng.chance(0.8)))

const span = (rng: Random, most: number): object =>
  some(rng, {
    traceId: id(rng, 16),
    spanId: id(rng, 8),
    traceState: rng.pick(["", "ot=th:8", "vendor=1,ot=rv:abc"]),
    parentSpanId: id(rng, 8),
    name: rng.pick(texts),
    kind: rng.below(6),
    startTimeUnixNano: rng.pick(times),
    endTimeUnixNano: rng.pick(times),
    attributes: attributes(rng, most),
    droppedAttributesCount: rng.below(300),
    events: rng.many(2, () =>
      some(rng, { timeUnixNano: rng.pick(times), name: rng.pick(texts), attributes: attributes(rng, 2), droppedAttributesCount: 1 })
    ),
    droppedEventsCount: rng.below(2),
    links: rng.many(2, () =>
      some(rng, { traceId: id(rng, 16), spanId: id(rng, 8), traceState: "a=b", attributes: attributes(rng, 2), flags: 256 })
    ),
    droppedLinksCount: rng.below(2),
    status: some(rng, { message: rng.pick(texts), code: rng.below(3) }),
    flags: rng.pick([0, 1, 256, 4294967295])
  })

const logRecord = (rng: Random, most: number): object =>
  some(rng, {
    timeUnixNano: rng.pick(times),
    observedTimeUnixNano: rng.pick(times),
    severityNumber: rng.below(25),
    severityText: rng.pick(["INFO", "ERROR", ""]),
    body: value(rng, 3),
    attributes: attributes(rng, most),
    droppedAttributesCount: rng.below(3),
    flags: rng.below(2),
    traceId: id(rng, 16),
    spanId: id(rng, 8),
    eventName: rng.pick(["", "device.app.lifecycle"])
  })

const exemplar = (rng: Random): object => ({
  ...some(rng, { timeUnixNano: rng.pick(times), spanId: id(rng, 8), traceId: id(rng, 16), filteredAttributes: attributes(rng, 2) }),
  ...(rng.chance(0.5) ? { asDouble: rng.pick(doubles) } : { asInt: rng.pick(integers) })
})

const point = (rng: Random, most: number): { [name: string]: unknown } => ({
  ...some(rng, { startTimeUnixNano: rng.pick(times), timeUnixNano: rng.pick(times), flags: rng.below(2) }),
  attributes: attributes(rng, most)
})

const numberPoint = (rng: Random, most: number): object => ({
  ...point(rng, most),
  exemplars: rng.many(2, () => exemplar(rng)),
  ...(rng.chance(0.5) ? { asDouble: rng.pick(doubles) } : { asInt: rng.pick(integers) })
})

const counts = (rng: Random) => ({ count: rng.pick(times), sum: rng.pick(doubles) })

const extremes = (rng: Random) => some(rng, { min: rng.pick(doubles), max: rng.pick(doubles) })

const histogramPoint = (rng: Random, most: number): object => ({
  ...point(rng, most),
  ...counts(rng),
  ...extremes(rng),
  bucketCounts: rng.many(4, () => rng.pick(times)),
  explicitBounds: rng.many(3, () => rng.pick(doubles)),
  exemplars: rng.many(2, () => exemplar(rng))
})

const buckets = (rng: Random) => some(rng, { offset: rng.below(2000) - 1000, bucketCounts: rng.many(5, () => rng.pick(times)) })

const exponentialPoint = (rng: Random, most: number): object => ({
  ...point(rng, most),
  ...counts(rng),
  ...extremes(rng),
  ...some(rng, { scale: rng.below(30) - 10, zeroCount: rng.pick(times), zeroThreshold: rng.pick(doubles) }),
  ...some(rng, { positive: buckets(rng), negative: buckets(rng) }),
  exemplars: rng.many(2, () => exemplar(rng))
})

const summaryPoint = (rng: Random, most: number): object => ({
  ...point(rng, most),
  ...counts(rng),
  quantileValues: rng.many(3, () => some(rng, { quantile: rng.next(), value: rng.pick(doubles) }))
})

const data = (rng: Random, most: number): object => {
  const points = (make: (rng: Random, most: number) => object) => ({ dataPoints: rng.many(4, () => make(rng, most)) })
  const temporality = { aggregationTemporality: rng.below(3) }
  switch (rng.below(6)) {
    case 0:
      return { gauge: points(numberPoint) }
    case 1:
      return { sum: { ...points(numberPoint), ...temporality, isMonotonic: rng.chance(0.5) } }
    case 2:
      return { histogram: { ...points(histogramPoint), ...temporality } }
    case 3:
      return { exponentialHistogram: { ...points(exponentialPoint), ...temporality } }
    case 4:
      return { summary: points(summaryPoint) }
    default:
      return {}
  }
}

const metric = (rng: Random, most: number): object => ({
  ...some(rng, { name: rng.pick(texts), description: rng.pick(texts), unit: rng.pick(["s", "By", ""]), metadata: attributes(rng, 2) }),
  ...data(rng, most)
})

const tenant = (rng: Random, tenants: ReadonlyArray<string> | undefined): Array<object> => {
  if (tenants === undefined || rng.chance(0.1)) return []
  return [{ key: "tenant", value: rng.chance(0.1) ? value(rng, 1) : { stringValue: rng.pick(tenants) } }]
}

const request = (
  rng: Random,
  { resources = 3, scopes = 3, items = 5, attributes: most = 6, tenants }: PayloadOptions,
  [resourceGroups, scopeGroups, records]: readonly [string, string, string],
  record: (rng: Random, most: number) => object
): object => ({
  [resourceGroups]: rng.many(resources, () => ({
    ...some(rng, { resource: { attributes: [...attributes(rng, most), ...tenant(rng, tenants)], droppedAttributesCount: rng.below(2) } }),
    ...some(rng, { schemaUrl: "https://opentelemetry.io/schemas/1.30.0" }),
    [scopeGroups]: rng.many(scopes, () => ({
      ...some(rng, { scope: some(rng, { name: rng.pick(texts), version: "1.0", attributes: attributes(rng, 2) }), schemaUrl: "https://x" }),
      [records]: rng.many(items, () => record(rng, most))
    }))
  }))
})

/** A random `ExportTraceServiceRequest`, written by the reference encoder. */
export const randomTraces = (rng: Random, options: PayloadOptions = {}): Uint8Array =>
  encode("traces", request(rng, options, ["resourceSpans", "scopeSpans", "spans"], span))

/** A random `ExportLogsServiceRequest`, written by the reference encoder. */
export const randomLogs = (rng: Random, options: PayloadOptions = {}): Uint8Array =>
  encode("logs", request(rng, options, ["resourceLogs", "scopeLogs", "logRecords"], logRecord))

/** A random `ExportMetricsServiceRequest` of all five types, written by the reference encoder. */
export const randomMetrics = (rng: Random, options: PayloadOptions = {}): Uint8Array =>
  encode("metrics", request(rng, options, ["resourceMetrics", "scopeMetrics", "metrics"], metric))

export const randomRequest = (signal: Signal, rng: Random, options: PayloadOptions = {}): Uint8Array =>
  signal === "traces" ? randomTraces(rng, options) : signal === "logs" ? randomLogs(rng, options) : randomMetrics(rng, options)
