import { ProtobufLogsSerializer, ProtobufMetricsSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace"
import type { Drops } from "./Drops.ts"

/** What the SDK hands over to be exported. */
export type Records =
  | { readonly signal: "traces"; readonly records: Array<ReadableSpan> }
  | { readonly signal: "logs"; readonly records: Array<ReadableLogRecord> }
  | { readonly signal: "metrics"; readonly metrics: ResourceMetrics }

export interface Encoded {
  readonly items: number
  readonly bytes: Uint8Array
}

/**
 * Encodes by the SDK's own serializers, in halves where one piece would exceed `maxBytes`. What the SDK cannot encode, and a record (or
 * one collection of metrics) that is too large by itself, is dropped and counted.
 */
export const encodeRecords = (records: Records, maxBytes: number, drops: Drops): ReadonlyArray<Encoded> => {
  const items = countItems(records)
  if (items === 0) return []
  const bytes = serialize(records)
  if (bytes !== undefined && bytes.length <= maxBytes) return [{ items, bytes }]
  const halves = halve(records)
  if (halves.length > 0) return halves.flatMap((half) => encodeRecords(half, maxBytes, drops))
  drops.add(records.signal, bytes === undefined ? "encoding" : "too_large", items)
  return []
}

const countItems = (records: Records): number => {
  if (records.signal !== "metrics") return records.records.length
  let points = 0
  for (const { metrics } of records.metrics.scopeMetrics) for (const { dataPoints } of metrics) points += dataPoints.length
  return points
}

const serialize = (records: Records): Uint8Array | undefined => {
  try {
    switch (records.signal) {
      case "traces":
        return ProtobufTraceSerializer.serializeRequest(records.records)
      case "logs":
        return ProtobufLogsSerializer.serializeRequest(records.records)
      case "metrics":
        return ProtobufMetricsSerializer.serializeRequest(records.metrics)
    }
  } catch {
    // Attributes are the application's, with getters that throw and values that no type forbids; the item is counted as `encoding`.
    return undefined
  }
}

const halve = (records: Records): ReadonlyArray<Records> => {
  if (records.signal === "metrics") return halveMetrics(records.metrics).map((metrics) => ({ signal: "metrics", metrics }))
  const { signal, records: all } = records
  if (all.length < 2) return []
  const middle = all.length >> 1
  return [all.slice(0, middle), all.slice(middle)].map((part) => ({ signal, records: part }) as Records)
}

/** Between metrics; one metric stays whole. */
const halveMetrics = ({ resource, scopeMetrics }: ResourceMetrics): ReadonlyArray<ResourceMetrics> => {
  const all = scopeMetrics.flatMap(({ scope, metrics }) => metrics.map((metric) => ({ scope, metrics: [metric] })))
  if (all.length < 2) return []
  const middle = all.length >> 1
  return [all.slice(0, middle), all.slice(middle)].map((part) => ({ resource, scopeMetrics: part }))
}
