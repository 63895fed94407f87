import type { Message } from "protobufjs/minimal.js"
import generated from "otlp-transformer-generated/build/src/generated/root.js"
import type { Signal } from "../../../src/domain/Signal.ts"

/** The independent implementation that the codec is held against: protobufjs' static code for the official schema. */
interface Type {
  decode(bytes: Uint8Array): Message
  encode(value: object): { finish(): Uint8Array }
  fromObject(value: object): Message
  toObject(message: Message, options: object): Plain
}

/** A decoded message: 64-bit integers as decimal strings, bytes as arrays of numbers, fields by their JSON names. */
export type Plain = { readonly [field: string]: unknown }

type Namespace = { readonly [name: string]: Namespace & Type }

const proto = (generated as unknown as Namespace)["opentelemetry"]!["proto"]!

const types: { readonly [S in Signal]: Type } = {
  traces: proto["collector"]!["trace"]!["v1"]!["ExportTraceServiceRequest"]!,
  logs: proto["collector"]!["logs"]!["v1"]!["ExportLogsServiceRequest"]!,
  metrics: proto["collector"]!["metrics"]!["v1"]!["ExportMetricsServiceRequest"]!
}

const options = { longs: String, bytes: Array, arrays: false, json: false }

/** Throws where the bytes are malformed. */
export const decode = (signal: Signal, bytes: Uint8Array): Plain => types[signal].toObject(types[signal].decode(bytes), options)

export const encode = (signal: Signal, request: object): Uint8Array => types[signal].encode(types[signal].fromObject(request)).finish()

type Group = { readonly [field: string]: ReadonlyArray<Group> | undefined }

/** Every item of a decoded request, in order: spans, log records, or data points (the last data field of a metric counts). */
export const itemsOf = (signal: Signal, request: Plain): ReadonlyArray<Plain> => groupsOf(signal, request).flatMap((group) => group.items)

export interface ScopeGroup {
  readonly resource: Plain
  readonly scope: Plain
  readonly items: ReadonlyArray<Plain>
}

const names = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"]
} as const

const dataNames = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"]

/** The scope groups of a decoded request in order, each with its resource. */
export const groupsOf = (signal: Signal, request: Plain): ReadonlyArray<ScopeGroup> => {
  const [resources, scopes, items] = names[signal]
  const list = (of: Plain, name: string) => ((of as Group)[name] ?? []) as ReadonlyArray<Plain>
  return list(request, resources).flatMap((resource) =>
    list(resource, scopes).map((scope) => ({
      resource: (resource["resource"] ?? {}) as Plain,
      scope: (scope["scope"] ?? {}) as Plain,
      items:
        signal === "metrics"
          ? list(scope, items).flatMap((metric) =>
              dataNames.flatMap((name) => (metric[name] === undefined ? [] : list(metric[name] as Plain, "dataPoints")))
            )
          : list(scope, items)
    }))
  )
}
