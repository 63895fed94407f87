import { SpanStatusCode } from "@opentelemetry/api"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ReadableSpan } from "@opentelemetry/sdk-trace"
import type { Signal } from "../../domain/Signal.ts"

/** Classes of items, the most important first: what is kept and sent first when not everything can be. */
export const Lane = { metrics: 0, errorSpans: 1, highLogs: 2, healthySpans: 3, lowLogs: 4 } as const

export type Lane = (typeof Lane)[keyof typeof Lane]

export const lanes: ReadonlyArray<Lane> = Object.values(Lane)

export const signalOf: { readonly [L in Lane]: Signal } = {
  [Lane.metrics]: "metrics",
  [Lane.errorSpans]: "traces",
  [Lane.highLogs]: "logs",
  [Lane.healthySpans]: "traces",
  [Lane.lowLogs]: "logs"
}

export const laneOfSpan = (span: ReadableSpan): Lane => (span.status.code === SpanStatusCode.ERROR ? Lane.errorSpans : Lane.healthySpans)

/** `SeverityNumber.WARN` of the log data model; a record without a severity may matter. */
const warn = 13

export const laneOfLog = ({ severityNumber }: ReadableLogRecord): Lane =>
  severityNumber !== undefined && severityNumber > 0 && severityNumber < warn ? Lane.lowLogs : Lane.highLogs
