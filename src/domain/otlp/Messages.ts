import type { Signal } from "../Signal.ts"
import { FIXED32, FIXED64, LENGTH, VARINT } from "./Wire.ts"

/**
 * The messages of OTLP 1.11 as tables, for what walks all of a request: validation and normalisation. Views that look for a few
 * fields name them themselves.
 *
 * Source: opentelemetry-proto v1.11, `opentelemetry/proto/{common,resource,trace,logs,metrics}/v1/*.proto`.
 */
export type Kind = "varint" | "fixed64" | "fixed32" | "string" | "bytes" | "packed varints" | "packed fixed64" | Message

export interface Field {
  readonly name: string
  readonly kind: Kind
  /** Its wire type on its own; packed fields come length-delimited too. */
  readonly wireType: number
  /** Its message type, where it is a message. */
  readonly message: Message | undefined
  readonly repeated: boolean
  /** It belongs to the message's oneof (no OTLP message has two): of its members the last one on the wire stands. */
  readonly oneof: boolean
}

const wireTypeOf = (kind: Kind): number => {
  switch (kind) {
    case "varint":
    case "packed varints":
      return VARINT
    case "fixed64":
    case "packed fixed64":
      return FIXED64
    case "fixed32":
      return FIXED32
    default:
      return LENGTH
  }
}

/** One message type. `fields[n]` is field number n; what is `undefined` is unknown and passes through. */
export class Message {
  readonly name: string
  readonly fields: Array<Field | undefined> = []

  constructor(name: string) {
    this.name = name
  }

  /** Adds fields to the table: `repeated` ones may occur more than once, packed ones always may. */
  with(fields: { readonly [number: number]: readonly [name: string, kind: Kind, label?: "repeated" | "oneof"] }): this {
    for (const [number, [name, kind, label]] of Object.entries(fields)) {
      const packed = kind === "packed varints" || kind === "packed fixed64"
      this.fields[Number(number)] = {
        name,
        kind,
        wireType: wireTypeOf(kind),
        message: kind instanceof Message ? kind : undefined,
        repeated: packed || label === "repeated",
        oneof: label === "oneof"
      }
    }
    return this
  }
}

export const AnyValue = new Message("AnyValue")
export const ArrayValue = new Message("ArrayValue").with({ 1: ["values", AnyValue, "repeated"] })
export const KeyValue = new Message("KeyValue").with({ 1: ["key", "string"], 2: ["value", AnyValue] })
export const KeyValueList = new Message("KeyValueList").with({ 1: ["values", KeyValue, "repeated"] })
AnyValue.with({
  1: ["string_value", "string", "oneof"],
  2: ["bool_value", "varint", "oneof"],
  3: ["int_value", "varint", "oneof"],
  4: ["double_value", "fixed64", "oneof"],
  5: ["array_value", ArrayValue, "oneof"],
  6: ["kvlist_value", KeyValueList, "oneof"],
  7: ["bytes_value", "bytes", "oneof"]
})

const EntityRef = new Message("EntityRef").with({
  1: ["schema_url", "string"],
  2: ["type", "string"],
  3: ["id_keys", "string", "repeated"],
  4: ["description_keys", "string", "repeated"]
})
export const Resource = new Message("Resource").with({
  1: ["attributes", KeyValue, "repeated"],
  2: ["dropped_attributes_count", "varint"],
  3: ["entity_refs", EntityRef, "repeated"]
})
export const Scope = new Message("InstrumentationScope").with({
  1: ["name", "string"],
  2: ["version", "string"],
  3: ["attributes", KeyValue, "repeated"],
  4: ["dropped_attributes_count", "varint"]
})

const Event = new Message("Span.Event").with({
  1: ["time_unix_nano", "fixed64"],
  2: ["name", "string"],
  3: ["attributes", KeyValue, "repeated"],
  4: ["dropped_attributes_count", "varint"]
})
const Link = new Message("Span.Link").with({
  1: ["trace_id", "bytes"],
  2: ["span_id", "bytes"],
  3: ["trace_state", "string"],
  4: ["attributes", KeyValue, "repeated"],
  5: ["dropped_attributes_count", "varint"],
  6: ["flags", "fixed32"]
})
const Status = new Message("Status").with({ 2: ["message", "string"], 3: ["code", "varint"] })
export const Span = new Message("Span").with({
  1: ["trace_id", "bytes"],
  2: ["span_id", "bytes"],
  3: ["trace_state", "string"],
  4: ["parent_span_id", "bytes"],
  5: ["name", "string"],
  6: ["kind", "varint"],
  7: ["start_time_unix_nano", "fixed64"],
  8: ["end_time_unix_nano", "fixed64"],
  9: ["attributes", KeyValue, "repeated"],
  10: ["dropped_attributes_count", "varint"],
  11: ["events", Event, "repeated"],
  12: ["dropped_events_count", "varint"],
  13: ["links", Link, "repeated"],
  14: ["dropped_links_count", "varint"],
  15: ["status", Status],
  16: ["flags", "fixed32"]
})

export const LogRecord = new Message("LogRecord").with({
  1: ["time_unix_nano", "fixed64"],
  2: ["severity_number", "varint"],
  3: ["severity_text", "string"],
  5: ["body", AnyValue],
  6: ["attributes", KeyValue, "repeated"],
  7: ["dropped_attributes_count", "varint"],
  8: ["flags", "fixed32"],
  9: ["trace_id", "bytes"],
  10: ["span_id", "bytes"],
  11: ["observed_time_unix_nano", "fixed64"],
  12: ["event_name", "string"]
})

const Exemplar = new Message("Exemplar").with({
  2: ["time_unix_nano", "fixed64"],
  3: ["as_double", "fixed64", "oneof"],
  4: ["span_id", "bytes"],
  5: ["trace_id", "bytes"],
  6: ["as_int", "fixed64", "oneof"],
  7: ["filtered_attributes", KeyValue, "repeated"]
})
export const NumberDataPoint = new Message("NumberDataPoint").with({
  2: ["start_time_unix_nano", "fixed64"],
  3: ["time_unix_nano", "fixed64"],
  4: ["as_double", "fixed64", "oneof"],
  5: ["exemplars", Exemplar, "repeated"],
  6: ["as_int", "fixed64", "oneof"],
  7: ["attributes", KeyValue, "repeated"],
  8: ["flags", "varint"]
})
export const HistogramDataPoint = new Message("HistogramDataPoint").with({
  2: ["start_time_unix_nano", "fixed64"],
  3: ["time_unix_nano", "fixed64"],
  4: ["count", "fixed64"],
  5: ["sum", "fixed64"],
  6: ["bucket_counts", "packed fixed64"],
  7: ["explicit_bounds", "packed fixed64"],
  8: ["exemplars", Exemplar, "repeated"],
  9: ["attributes", KeyValue, "repeated"],
  10: ["flags", "varint"],
  11: ["min", "fixed64"],
  12: ["max", "fixed64"]
})
const Buckets = new Message("Buckets").with({ 1: ["offset", "varint"], 2: ["bucket_counts", "packed varints"] })
export const ExponentialHistogramDataPoint = new Message("ExponentialHistogramDataPoint").with({
  1: ["attributes", KeyValue, "repeated"],
  2: ["start_time_unix_nano", "fixed64"],
  3: ["time_unix_nano", "fixed64"],
  4: ["count", "fixed64"],
  5: ["sum", "fixed64"],
  6: ["scale", "varint"],
  7: ["zero_count", "fixed64"],
  8: ["positive", Buckets],
  9: ["negative", Buckets],
  10: ["flags", "varint"],
  11: ["exemplars", Exemplar, "repeated"],
  12: ["min", "fixed64"],
  13: ["max", "fixed64"],
  14: ["zero_threshold", "fixed64"]
})
const ValueAtQuantile = new Message("ValueAtQuantile").with({ 1: ["quantile", "fixed64"], 2: ["value", "fixed64"] })
export const SummaryDataPoint = new Message("SummaryDataPoint").with({
  2: ["start_time_unix_nano", "fixed64"],
  3: ["time_unix_nano", "fixed64"],
  4: ["count", "fixed64"],
  5: ["sum", "fixed64"],
  6: ["quantile_values", ValueAtQuantile, "repeated"],
  7: ["attributes", KeyValue, "repeated"],
  8: ["flags", "varint"]
})
const Gauge = new Message("Gauge").with({ 1: ["data_points", NumberDataPoint, "repeated"] })
const Sum = new Message("Sum").with({
  1: ["data_points", NumberDataPoint, "repeated"],
  2: ["aggregation_temporality", "varint"],
  3: ["is_monotonic", "varint"]
})
const Histogram = new Message("Histogram").with({
  1: ["data_points", HistogramDataPoint, "repeated"],
  2: ["aggregation_temporality", "varint"]
})
const ExponentialHistogram = new Message("ExponentialHistogram").with({
  1: ["data_points", ExponentialHistogramDataPoint, "repeated"],
  2: ["aggregation_temporality", "varint"]
})
const Summary = new Message("Summary").with({ 1: ["data_points", SummaryDataPoint, "repeated"] })
export const Metric = new Message("Metric").with({
  1: ["name", "string"],
  2: ["description", "string"],
  3: ["unit", "string"],
  5: ["gauge", Gauge, "oneof"],
  7: ["sum", Sum, "oneof"],
  9: ["histogram", Histogram, "oneof"],
  10: ["exponential_histogram", ExponentialHistogram, "oneof"],
  11: ["summary", Summary, "oneof"],
  12: ["metadata", KeyValue, "repeated"]
})

const request = (name: string, scopeGroup: string, items: string, item: Message): Message =>
  new Message(`Export${name === "Spans" ? "Trace" : name}ServiceRequest`).with({
    1: [
      `resource_${name.toLowerCase()}`,
      new Message(`Resource${name}`).with({
        1: ["resource", Resource],
        2: [
          `scope_${name.toLowerCase()}`,
          new Message(scopeGroup).with({ 1: ["scope", Scope], 2: [items, item, "repeated"], 3: ["schema_url", "string"] }),
          "repeated"
        ],
        3: ["schema_url", "string"]
      }),
      "repeated"
    ]
  })

/** The export request of each signal. */
export const requests: { readonly [S in Signal]: Message } = {
  traces: request("Spans", "ScopeSpans", "spans", Span),
  logs: request("Logs", "ScopeLogs", "log_records", LogRecord),
  metrics: request("Metrics", "ScopeMetrics", "metrics", Metric)
}
