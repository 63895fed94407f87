/** The nine OTLP exporters of the official JavaScript SDK behind one shape. */
import { OTLPLogExporter as LogsGrpc } from "@opentelemetry/exporter-logs-otlp-grpc"
import { OTLPLogExporter as LogsJson } from "@opentelemetry/exporter-logs-otlp-http"
import { OTLPLogExporter as LogsProto } from "@opentelemetry/exporter-logs-otlp-proto"
import { OTLPMetricExporter as MetricsGrpc } from "@opentelemetry/exporter-metrics-otlp-grpc"
import { OTLPMetricExporter as MetricsJson } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPMetricExporter as MetricsProto } from "@opentelemetry/exporter-metrics-otlp-proto"
import { OTLPTraceExporter as TracesGrpc } from "@opentelemetry/exporter-trace-otlp-grpc"
import { OTLPTraceExporter as TracesJson } from "@opentelemetry/exporter-trace-otlp-http"
import { OTLPTraceExporter as TracesProto } from "@opentelemetry/exporter-trace-otlp-proto"
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import type { Signal } from "../../src/domain/Signal.ts"

export const encodings = ["gRPC", "HTTP protobuf", "HTTP JSON"] as const
export type Encoding = (typeof encodings)[number]

export interface Data {
  readonly traces: ReadonlyArray<ReadableSpan>
  readonly metrics: ResourceMetrics
  readonly logs: ReadonlyArray<ReadableLogRecord>
}

export interface OtlpPorts {
  readonly grpc: number
  readonly http: number
}

interface SdkExporter<A> {
  readonly export: (data: A, done: (result: { readonly code: number; readonly error?: Error }) => void) => void
  readonly shutdown: () => Promise<void>
}

const classes = {
  traces: { gRPC: TracesGrpc, "HTTP protobuf": TracesProto, "HTTP JSON": TracesJson },
  metrics: { gRPC: MetricsGrpc, "HTTP protobuf": MetricsProto, "HTTP JSON": MetricsJson },
  logs: { gRPC: LogsGrpc, "HTTP protobuf": LogsProto, "HTTP JSON": LogsJson }
}

export interface Exporting<S extends Signal> {
  /** Fails with what the SDK's exporter says. */
  readonly send: (data: Data[S]) => Promise<void>
  readonly close: () => Promise<void>
}

export const sdkExporter = <S extends Signal>(
  signal: S,
  encoding: Encoding,
  ports: OtlpPorts,
  compression: "none" | "gzip" = "none"
): Exporting<S> => {
  const url = encoding === "gRPC" ? `http://127.0.0.1:${ports.grpc}` : `http://127.0.0.1:${ports.http}/v1/${signal}`
  const Exporter = classes[signal][encoding] as unknown as new (options: {
    readonly url: string
    readonly compression: string
    readonly timeoutMillis: number
  }) => SdkExporter<Data[S]>
  const exporter = new Exporter({ url, compression, timeoutMillis: 10_000 })
  return {
    send: (data) =>
      new Promise((resolve, reject) =>
        exporter.export(data, ({ code, error }) =>
          code === 0 ? resolve() : reject(error ?? new Error(`${encoding} ${signal} export failed`))
        )
      ),
    close: () => exporter.shutdown()
  }
}
