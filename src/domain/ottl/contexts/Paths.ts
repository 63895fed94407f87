import { Codec } from "./Codec.ts"
import { Role, Row } from "./Layouts.ts"

/** The contexts that statements can be written for; `finding` is ours, for the conditions of rules. */
export type ContextName = "resource" | "scope" | "span" | "spanevent" | "metric" | "datapoint" | "log" | "finding"

export type PathSpec =
  | { readonly kind: "field"; readonly role: Role; readonly row: number; readonly codec: Codec; readonly readOnly?: boolean }
  | { readonly kind: "map"; readonly role: Role }
  | { readonly kind: "cache" }

const field = (role: Role, row: number, codec: Codec): PathSpec => ({ kind: "field", role, row, codec })
const map = (role: Role): PathSpec => ({ kind: "map", role })
const cache: PathSpec = { kind: "cache" }

/** The paths of each prefix, as they are written behind it. */
export const paths: Readonly<Record<ContextName, Readonly<Record<string, PathSpec>>>> = {
  resource: {
    attributes: map(Role.resource),
    dropped_attributes_count: field(Role.resource, Row.resourceDropped, Codec.uint32),
    schema_url: field(Role.resourceEnvelope, Row.schemaUrl, Codec.text),
    cache
  },
  scope: {
    name: field(Role.scope, Row.scopeName, Codec.text),
    version: field(Role.scope, Row.scopeVersion, Codec.text),
    attributes: map(Role.scope),
    dropped_attributes_count: field(Role.scope, Row.scopeDropped, Codec.uint32),
    schema_url: field(Role.scopeEnvelope, Row.schemaUrl, Codec.text),
    cache
  },
  span: {
    trace_id: field(Role.item, Row.traceId, Codec.traceId),
    "trace_id.string": field(Role.item, Row.traceId, Codec.traceIdText),
    span_id: field(Role.item, Row.spanId, Codec.spanId),
    "span_id.string": field(Role.item, Row.spanId, Codec.spanIdText),
    parent_span_id: field(Role.item, Row.parentSpanId, Codec.spanId),
    "parent_span_id.string": field(Role.item, Row.parentSpanId, Codec.spanIdText),
    trace_state: field(Role.item, Row.traceState, Codec.traceState),
    name: field(Role.item, Row.spanName, Codec.text),
    kind: field(Role.item, Row.kind, Codec.enum),
    "kind.string": field(Role.item, Row.kind, Codec.kindText),
    "kind.deprecated_string": field(Role.item, Row.kind, Codec.kindOldText),
    start_time_unix_nano: field(Role.item, Row.startTime, Codec.fixed64),
    end_time_unix_nano: field(Role.item, Row.endTime, Codec.fixed64),
    start_time: field(Role.item, Row.startTime, Codec.time),
    end_time: field(Role.item, Row.endTime, Codec.time),
    attributes: map(Role.item),
    dropped_attributes_count: field(Role.item, Row.spanDropped, Codec.uint32),
    dropped_events_count: field(Role.item, Row.droppedEvents, Codec.uint32),
    dropped_links_count: field(Role.item, Row.droppedLinks, Codec.uint32),
    events: field(Role.item, Row.events, Codec.structs),
    links: field(Role.item, Row.links, Codec.structs),
    status: field(Role.item, Row.status, Codec.struct),
    "status.code": field(Role.item, Row.status, Codec.statusCode),
    "status.message": field(Role.item, Row.status, Codec.statusMessage),
    flags: field(Role.item, Row.spanFlags, Codec.checkedFixed32),
    cache
  },
  spanevent: {
    time_unix_nano: field(Role.event, Row.eventTime, Codec.fixed64),
    time: field(Role.event, Row.eventTime, Codec.time),
    name: field(Role.event, Row.eventName, Codec.text),
    attributes: map(Role.event),
    dropped_attributes_count: field(Role.event, Row.eventDropped, Codec.uint32),
    cache
  },
  metric: {
    name: field(Role.metric, Row.metricName, Codec.text),
    description: field(Role.metric, Row.metricDescription, Codec.text),
    unit: field(Role.metric, Row.metricUnit, Codec.text),
    type: field(Role.data, Row.dataPoints, Codec.metricType),
    aggregation_temporality: field(Role.data, Row.temporality, Codec.temporality),
    is_monotonic: field(Role.data, Row.monotonic, Codec.monotonic),
    data_points: field(Role.data, Row.dataPoints, Codec.structs),
    metadata: map(Role.metric),
    cache
  },
  datapoint: {
    attributes: map(Role.item),
    start_time_unix_nano: field(Role.item, Row.pointStart, Codec.fixed64),
    time_unix_nano: field(Role.item, Row.pointTime, Codec.fixed64),
    start_time: field(Role.item, Row.pointStart, Codec.time),
    time: field(Role.item, Row.pointTime, Codec.time),
    value_double: field(Role.item, Row.pointValue, Codec.valueDouble),
    value_int: field(Role.item, Row.pointValue, Codec.valueInt),
    exemplars: field(Role.item, Row.exemplars, Codec.structs),
    flags: field(Role.item, Row.pointFlags, Codec.uint32),
    count: field(Role.item, Row.count, Codec.fixed64),
    sum: field(Role.item, Row.sum, Codec.double),
    bucket_counts: field(Role.item, Row.bucketCounts, Codec.fixedList),
    explicit_bounds: field(Role.item, Row.explicitBounds, Codec.doubleList),
    scale: field(Role.item, Row.scale, Codec.sint32),
    zero_count: field(Role.item, Row.zeroCount, Codec.fixed64),
    positive: field(Role.item, Row.positive, Codec.struct),
    "positive.offset": field(Role.item, Row.positive, Codec.bucketsOffset),
    "positive.bucket_counts": field(Role.item, Row.positive, Codec.bucketsCounts),
    negative: field(Role.item, Row.negative, Codec.struct),
    "negative.offset": field(Role.item, Row.negative, Codec.bucketsOffset),
    "negative.bucket_counts": field(Role.item, Row.negative, Codec.bucketsCounts),
    quantile_values: field(Role.item, Row.quantiles, Codec.structs),
    cache
  },
  log: {
    time_unix_nano: field(Role.item, Row.logTime, Codec.fixed64),
    observed_time_unix_nano: field(Role.item, Row.observedTime, Codec.fixed64),
    time: field(Role.item, Row.logTime, Codec.time),
    observed_time: field(Role.item, Row.observedTime, Codec.time),
    severity_number: field(Role.item, Row.severityNumber, Codec.enum),
    severity_text: field(Role.item, Row.severityText, Codec.text),
    body: field(Role.item, Row.body, Codec.any),
    "body.string": field(Role.item, Row.body, Codec.anyText),
    attributes: map(Role.item),
    dropped_attributes_count: field(Role.item, Row.logDropped, Codec.uint32),
    flags: field(Role.item, Row.logFlags, Codec.fixed32),
    trace_id: field(Role.item, Row.logTraceId, Codec.traceId),
    "trace_id.string": field(Role.item, Row.logTraceId, Codec.traceIdText),
    span_id: field(Role.item, Row.logSpanId, Codec.spanId),
    "span_id.string": field(Role.item, Row.logSpanId, Codec.spanIdText),
    event_name: field(Role.item, Row.logEventName, Codec.text),
    cache
  },
  finding: {
    kind: field(Role.item, Row.findingKind, Codec.text),
    detector: field(Role.item, Row.findingDetector, Codec.text),
    "subject.tenant": field(Role.item, Row.findingTenant, Codec.text),
    "subject.service": field(Role.item, Row.findingService, Codec.text),
    "subject.signal": field(Role.item, Row.findingSignal, Codec.text),
    score: field(Role.item, Row.findingScore, Codec.double),
    value: field(Role.item, Row.findingValue, Codec.double),
    expected: field(Role.item, Row.findingExpected, Codec.double),
    duration: field(Role.item, Row.findingDuration, Codec.double)
  }
}

/** The prefixes that each context understands besides its own, nearest first; `instrumentation_scope` is the old name of `scope`. */
export const parents: Readonly<Record<ContextName, ReadonlyArray<ContextName>>> = {
  resource: [],
  scope: ["resource"],
  span: ["scope", "resource"],
  spanevent: ["span", "scope", "resource"],
  metric: ["scope", "resource"],
  datapoint: ["metric", "scope", "resource"],
  log: ["scope", "resource"],
  finding: []
}

const numbered = (prefix: string, names: ReadonlyArray<string>, first = 0): ReadonlyArray<readonly [string, number]> =>
  names.map((name, i) => [prefix + name, first + i])

const spanEnums = new Map<string, number>([
  ...numbered("SPAN_KIND_", ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]),
  ...numbered("STATUS_CODE_", ["UNSET", "OK", "ERROR"])
])
const metricEnums = new Map<string, number>([
  ...numbered("AGGREGATION_TEMPORALITY_", ["UNSPECIFIED", "DELTA", "CUMULATIVE"]),
  ...numbered("METRIC_DATA_TYPE_", ["NONE", "GAUGE", "SUM", "HISTOGRAM", "EXPONENTIAL_HISTOGRAM", "SUMMARY"])
])
const severities = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((name) => [name, `${name}2`, `${name}3`, `${name}4`])

/** Enum symbols by context. */
export const enums: Readonly<Record<ContextName, ReadonlyMap<string, number>>> = {
  resource: new Map(),
  scope: new Map(),
  span: spanEnums,
  spanevent: spanEnums,
  metric: metricEnums,
  datapoint: new Map([...metricEnums, ["FLAG_NONE", 0], ["FLAG_NO_RECORDED_VALUE", 1]]),
  log: new Map(numbered("SEVERITY_NUMBER_", ["UNSPECIFIED", ...severities])),
  finding: new Map()
}
