/**
 * OTLP through the eyes of the official transformer's protobuf code: what tests build requests with and read deliveries with, so that
 * Weir's own codec never judges itself.
 */
import { createRequire } from "node:module"
import type { Signal } from "../../src/domain/Signal.ts"

interface MessageType {
  readonly encode: (message: unknown) => { readonly finish: () => Uint8Array }
  readonly decode: (bytes: Uint8Array) => unknown
  readonly toObject: (message: unknown, options: { readonly longs: typeof String; readonly bytes: typeof String }) => unknown
}

const { opentelemetry } = createRequire(import.meta.url)("otlp-transformer-generated/build/src/generated/root.js")
const { trace, metrics, logs } = opentelemetry.proto.collector

const requestTypes: { readonly [S in Signal]: MessageType } = {
  traces: trace.v1.ExportTraceServiceRequest,
  metrics: metrics.v1.ExportMetricsServiceRequest,
  logs: logs.v1.ExportLogsServiceRequest
}

const responseTypes: { readonly [S in Signal]: MessageType } = {
  traces: trace.v1.ExportTraceServiceResponse,
  metrics: metrics.v1.ExportMetricsServiceResponse,
  logs: logs.v1.ExportLogsServiceResponse
}

/** A decoded message: 64-bit integers as decimal strings, bytes as base64. Leaves are seen through `String(..)`. */
export interface Plain {
  readonly [field: string]: Plain
}

export const encode = (signal: Signal, message: unknown): Uint8Array => requestTypes[signal].encode(message).finish()

export const decode = (signal: Signal, bytes: Uint8Array): Plain => {
  const type = requestTypes[signal]
  return type.toObject(type.decode(bytes), { longs: String, bytes: String }) as Plain
}

/** An export response; with `rejected` a partial success. */
export const encodeResponse = (signal: Signal, rejected: number): Uint8Array => {
  const name = { traces: "rejectedSpans", metrics: "rejectedDataPoints", logs: "rejectedLogRecords" }[signal]
  const partialSuccess = rejected === 0 ? undefined : { [name]: rejected, errorMessage: "rejected by the test's backend" }
  return responseTypes[signal].encode({ partialSuccess }).finish()
}

/** One span, log record or data point together with all that it belongs to. */
export interface Item {
  readonly resource: Plain
  readonly scope: Plain
  /** The metric without its data points; `undefined` for spans and log records. */
  readonly metric: Plain | undefined
  readonly item: Plain
}

const metricKinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const
const names = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"]
} as const

const without = (message: Plain, field: string): Plain => {
  const { [field]: _, ...rest } = message
  return rest
}

const list = (message: Plain, field: string): ReadonlyArray<Plain> => (message[field] as unknown as ReadonlyArray<Plain> | undefined) ?? []

/** Every item of a request with its surroundings, in order. How items are grouped may change on the way; this must not. */
export const itemsOf = (signal: Signal, request: Plain): ReadonlyArray<Item> => {
  const [groups, scopes, items] = names[signal]
  return list(request, groups).flatMap((group) =>
    list(group, scopes).flatMap((scoped) => {
      const around = { resource: without(group, scopes), scope: without(scoped, items) }
      if (signal !== "metrics") return list(scoped, items).map((item): Item => ({ ...around, metric: undefined, item }))
      return list(scoped, items).flatMap((metric) => {
        const kind = metricKinds.find((name) => metric[name] !== undefined)
        if (kind === undefined) return []
        const data = metric[kind]!
        const head = { ...without(metric, kind), [kind]: without(data, "dataPoints") }
        return list(data, "dataPoints").map((item): Item => ({ ...around, metric: head, item }))
      })
    })
  )
}

/** The value of a string or integer attribute, as text. */
export const attribute = (owner: Plain, key: string): string | undefined => {
  const value = list(owner, "attributes").find((entry) => String(entry.key) === key)?.value
  const leaf = value?.stringValue ?? value?.intValue
  return leaf === undefined ? undefined : String(leaf)
}
