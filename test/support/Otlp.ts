/**
 * OTLP through the eyes of the official transformer's protobuf code: what tests build requests with and read deliveries with, so that
 * Weir's own codec never judges itself.
 */
import { createRequire } from "node:module"
import type { Signal } from "../../src/domain/Signal.ts"

interface MessageType {
  readonly encode: (message: unknown) => { readonly finish: () => Uint8Array }
  readonly decode: (bytes: Uint8Array) => unknown
  readonly toObject: (message: unknown, options: typeof asPlain) => unknown
}

/** Defaults are written out, so that a zero that was sent and one that was left out read the same, as they do in protobuf. */
const asPlain = { longs: String, bytes: String, defaults: true, arrays: true }

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
  return type.toObject(type.decode(bytes), asPlain) as Plain
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
        const kind = metricKinds.find((name) => metric[name] !== undefined && metric[name] !== null)
        if (kind === undefined) return []
        const data = metric[kind]!
        const head = { ...without(metric, kind), [kind]: without(data, "dataPoints") }
        return list(data, "dataPoints").map((item): Item => ({ ...around, metric: head, item }))
      })
    })
  )
}

/** OTLP means the same by a scope that is left out and by an empty one. */
const emptyScope = JSON.stringify({ attributes: [], name: "", version: "", droppedAttributesCount: 0 })

/** Items as text in a fixed order: equal when every field of every item and of its surroundings is. */
export const canonical = (items: ReadonlyArray<Item>): ReadonlyArray<string> =>
  items.map((item) => JSON.stringify(item).replace('"scope":{"scope":null', `"scope":{"scope":${emptyScope}`)).sort()

/** `canonical`, with attributes in the order of their keys: a map's order means nothing, and the Collector's changes when it deletes. */
export const canonicalMaps = (items: ReadonlyArray<Item>): ReadonlyArray<string> =>
  canonical(
    items.map((item) =>
      JSON.parse(JSON.stringify(item), (key, value) =>
        key === "attributes" ? value.sort((a: Plain, b: Plain) => (String(a.key) < String(b.key) ? -1 : 1)) : value
      )
    )
  )

/** Fails with the first item that is missing or different, not with all of them. */
export const assertSame = (actual: ReadonlyArray<string>, expected: ReadonlyArray<string>): void => {
  const arrived = new Set(actual)
  const wanted = new Set(expected)
  const lacking = expected.filter((item) => !arrived.has(item))
  const surplus = actual.filter((item) => !wanted.has(item))
  if (lacking.length === 0 && surplus.length === 0 && actual.length === expected.length) return
  const [missing = "", unexpected = ""] = [lacking[0], surplus[0]]
  let from = 0
  while (from < missing.length && missing[from] === unexpected[from]) from++
  throw new Error(
    `${actual.length} items arrived, ${expected.length} were expected; ${lacking.length} are missing and ${surplus.length} were not ` +
      `expected. The first of each:\n  ${missing}\n  ${unexpected}\nThey differ where\n  ${missing.slice(Math.max(0, from - 60), from + 200)}\n` +
      `was expected and this arrived\n  ${unexpected.slice(Math.max(0, from - 60), from + 200)}`
  )
}

/** The value of a string or integer attribute, as text. */
export const attribute = (owner: Plain, key: string): string | undefined => {
  const value = list(owner, "attributes").find((entry) => String(entry.key) === key)?.value
  const leaf = value?.stringValue ?? value?.intValue
  return leaf === undefined ? undefined : String(leaf)
}
