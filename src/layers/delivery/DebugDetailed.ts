import type { Signal } from "../../domain/Signal.ts"
import { goThrough, type Place } from "./DebugPlace.ts"
import { child, countOf, dataOf, exponentialBuckets, float, instant, type Json, list, textOf, typed } from "./DebugValue.ts"

/** Collects lines in the layout of the Collector's `debug` exporter. */
class Lines {
  readonly all: Array<string> = []

  line(text: string): void {
    this.all.push(text)
  }

  attributes(title: string, of: Json | undefined, indent = "     ", name = "attributes"): void {
    const entries = list(of, name)
    if (entries.length === 0) return
    this.line(title)
    for (const entry of entries) this.line(`${indent}-> ${textOf(entry, "key")}: ${typed(child(entry, "value"))}`)
  }
}

const kinds = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]
const codes = ["Unset", "Ok", "Error"]
const temporalities = ["Unspecified", "Delta", "Cumulative"]
const severities = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"]

const name = (names: ReadonlyArray<string>, value: unknown): string => names[Number(value ?? 0)] ?? ""

const severity = (value: unknown): string => {
  const number = Number(value ?? 0)
  if (number < 1 || number > 24) return "Unspecified"
  const step = (number - 1) % 4
  return `${severities[(number - 1) >> 2]}${step === 0 ? "" : step + 1}`
}

const span = (out: Lines, item: Json, { item: index }: Place): void => {
  const status = child(item, "status")
  const field = (label: string, value: string) => out.line(`    ${label.padEnd(15)}: ${value}`)
  out.line(`Span #${index}`)
  field("Trace ID", textOf(item, "traceId"))
  field("Parent ID", textOf(item, "parentSpanId"))
  field("ID", textOf(item, "spanId"))
  field("Name", textOf(item, "name"))
  field("Kind", name(kinds, item["kind"]))
  if (item["traceState"] !== undefined) field("TraceState", textOf(item, "traceState"))
  field("Start time", instant(countOf(item, "startTimeUnixNano")))
  field("End time", instant(countOf(item, "endTimeUnixNano")))
  field("Status code", name(codes, status?.["code"]))
  field("Status message", textOf(status, "message"))
  for (const what of ["Attributes", "Events", "Links"]) {
    const dropped = item[`dropped${what}Count`]
    if (dropped !== undefined) out.line(`    Dropped${what}Count: ${String(dropped)}`)
  }
  out.attributes("Attributes:", item)
  const events = list(item, "events")
  if (events.length > 0) out.line("Events:")
  events.forEach((event, at) => {
    out.line(`SpanEvent #${at}`)
    out.line(`     -> Name: ${textOf(event, "name")}`)
    out.line(`     -> Timestamp: ${instant(countOf(event, "timeUnixNano"))}`)
    out.line(`     -> DroppedAttributesCount: ${countOf(event, "droppedAttributesCount")}`)
    out.attributes("     -> Attributes::", event, "          ")
  })
  const links = list(item, "links")
  if (links.length > 0) out.line("Links:")
  links.forEach((link, at) => {
    out.line(`SpanLink #${at}`)
    out.line(`     -> Trace ID: ${textOf(link, "traceId")}`)
    out.line(`     -> ID: ${textOf(link, "spanId")}`)
    out.line(`     -> TraceState: ${textOf(link, "traceState")}`)
    out.line(`     -> DroppedAttributesCount: ${countOf(link, "droppedAttributesCount")}`)
    out.attributes("     -> Attributes::", link, "          ")
  })
}

const logRecord = (out: Lines, item: Json, { item: index }: Place): void => {
  out.line(`LogRecord #${index}`)
  out.line(`ObservedTimestamp: ${instant(countOf(item, "observedTimeUnixNano"))}`)
  out.line(`Timestamp: ${instant(countOf(item, "timeUnixNano"))}`)
  out.line(`SeverityText: ${textOf(item, "severityText")}`)
  out.line(`SeverityNumber: ${severity(item["severityNumber"])}(${countOf(item, "severityNumber")})`)
  if (item["eventName"] !== undefined) out.line(`EventName: ${textOf(item, "eventName")}`)
  out.line(`Body: ${typed(child(item, "body"))}`)
  out.attributes("Attributes:", item)
  out.line(`Trace ID: ${textOf(item, "traceId")}`)
  out.line(`Span ID: ${textOf(item, "spanId")}`)
  out.line(`Flags: ${countOf(item, "flags")}`)
}

const numberText = (of: Json): string => (of["asInt"] === undefined ? float(of["asDouble"]) : String(of["asInt"]))

const exemplars = (out: Lines, point: Json): void => {
  const all = list(point, "exemplars")
  if (all.length > 0) out.line("Exemplars:")
  all.forEach((exemplar, index) => {
    out.line(`Exemplar #${index}`)
    out.line(`     -> Trace ID: ${textOf(exemplar, "traceId")}`)
    out.line(`     -> Span ID: ${textOf(exemplar, "spanId")}`)
    out.line(`     -> Timestamp: ${instant(countOf(exemplar, "timeUnixNano"))}`)
    out.line(`     -> Value: ${numberText(exemplar)}`)
    out.attributes("     -> FilteredAttributes:", exemplar, "          ", "filteredAttributes")
  })
}

const distribution = (out: Lines, type: string, point: Json): void => {
  out.line(`Count: ${countOf(point, "count")}`)
  for (const [label, field] of [
    ["Sum", "sum"],
    ["Min", "min"],
    ["Max", "max"]
  ] as const) {
    if (point[field] !== undefined || (type === "Summary" && field === "sum")) out.line(`${label}: ${float(point[field])}`)
  }
  if (type === "Summary") {
    list(point, "quantileValues").forEach((quantile, index) =>
      out.line(`QuantileValue #${index}: Quantile ${float(quantile["quantile"])}, Value ${float(quantile["value"])}`)
    )
  } else if (type === "Histogram") {
    ;((point["explicitBounds"] ?? []) as ReadonlyArray<number>).forEach((bound, index) =>
      out.line(`ExplicitBounds #${index}: ${float(bound)}`)
    )
    ;((point["bucketCounts"] ?? []) as ReadonlyArray<string>).forEach((count, index) => out.line(`Buckets #${index}, Count: ${count}`))
  } else {
    for (const { from, to, count } of exponentialBuckets(point)) {
      const bounds = to === 0 && from === 0 ? "[0, 0]" : from < 0 ? `[${float(from)}, ${float(to)})` : `(${float(from)}, ${float(to)}]`
      out.line(`Bucket ${bounds}, Count: ${count}`)
    }
  }
}

const descriptor = (out: Lines, item: Json, index: number): void => {
  out.line(`Metric #${index}`)
  out.line("Descriptor:")
  out.line(`     -> Name: ${textOf(item, "name")}`)
  out.line(`     -> Description: ${textOf(item, "description")}`)
  out.line(`     -> Unit: ${textOf(item, "unit")}`)
  const found = dataOf(item)
  out.line(`     -> DataType: ${found?.[0] ?? "Empty"}`)
  out.attributes("     -> Metadata:", item, "          ", "metadata")
  if (found === undefined) return
  const [type, data] = found
  if (type === "Sum") out.line(`     -> IsMonotonic: ${String(data["isMonotonic"] ?? false)}`)
  if (type !== "Gauge" && type !== "Summary")
    out.line(`     -> AggregationTemporality: ${name(temporalities, data["aggregationTemporality"])}`)
}

const metric = (out: Lines, item: Json, place: Place, isNew: boolean): void => {
  if (isNew) descriptor(out, item, place.item)
  const found = dataOf(item)
  if (found === undefined) return
  const [type, data] = found
  const isNumber = type === "Gauge" || type === "Sum"
  for (const point of list(data, "dataPoints")) {
    out.line(`${isNumber ? "Number" : type}DataPoints #${++place.point}`)
    out.attributes("Data point attributes:", point)
    out.line(`StartTimestamp: ${instant(countOf(point, "startTimeUnixNano"))}`)
    out.line(`Timestamp: ${instant(countOf(point, "timeUnixNano"))}`)
    if (isNumber) out.line(`Value: ${numberText(point)}`)
    else distribution(out, type, point)
    exemplars(out, point)
  }
}

const records: {
  readonly [S in Signal]: readonly [
    resources: string,
    scopes: string,
    items: string,
    title: string,
    write: (out: Lines, item: Json, place: Place, isNew: boolean) => void
  ]
} = {
  traces: ["resourceSpans", "scopeSpans", "spans", "Spans", span],
  logs: ["resourceLogs", "scopeLogs", "logRecords", "Logs", logRecord],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics", "Metrics", metric]
}

/** `verbosity: detailed`: every field of every item of a slice, a line each. */
export const detailedText = (signal: Signal, slice: Json, continued: number, place: Place): string => {
  const [resources, scopes, items, title, write] = records[signal]
  const out = new Lines()
  goThrough(
    slice,
    continued,
    place,
    { resources, scopes, items },
    {
      resource: (group) => {
        out.line(`Resource${title === "Logs" ? "Log" : title} #${place.resource}`)
        out.line(`Resource SchemaURL: ${textOf(group, "schemaUrl")}`)
        out.attributes("Resource attributes:", child(group, "resource"))
      },
      scope: (group) => {
        const scope = child(group, "scope")
        out.line(`Scope${title} #${place.scope}`)
        out.line(`Scope${title} SchemaURL: ${textOf(group, "schemaUrl")}`)
        out.line(`InstrumentationScope ${textOf(scope, "name")} ${textOf(scope, "version")}`)
        out.attributes("InstrumentationScope attributes:", scope)
      },
      item: (item, isNew) => write(out, item, place, isNew)
    }
  )
  return out.all.map((line) => `${line}\n`).join("")
}
