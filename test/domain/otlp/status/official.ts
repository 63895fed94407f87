// The message types that OpenTelemetry JS generates from the public schema with protobufjs: the decoder that we did not write.
import generated from "otlp-transformer-generated/build/src/generated/root.js"
import type { Type } from "protobufjs"
import type { Signal } from "../../../../src/domain/Signal.ts"

/** What the generated classes offer of protobufjs' `Type`. */
export type OfficialType = Pick<Type, "create" | "encode" | "decode" | "fromObject" | "toObject">

interface Collector {
  readonly v1: { readonly [name: string]: OfficialType }
}

const { trace, metrics, logs } = (
  generated as unknown as { opentelemetry: { proto: { collector: { trace: Collector; metrics: Collector; logs: Collector } } } }
).opentelemetry.proto.collector

export const responseType: { readonly [S in Signal]: OfficialType } = {
  traces: trace.v1["ExportTraceServiceResponse"],
  metrics: metrics.v1["ExportMetricsServiceResponse"],
  logs: logs.v1["ExportLogsServiceResponse"]
}
