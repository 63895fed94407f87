import { assert, it } from "@effect/vitest"
import { ValueType } from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"
import { OTLPLogExporter as LogsGrpc } from "@opentelemetry/exporter-logs-otlp-grpc"
import { OTLPLogExporter as LogsJson } from "@opentelemetry/exporter-logs-otlp-http"
import { OTLPLogExporter as LogsProto } from "@opentelemetry/exporter-logs-otlp-proto"
import { OTLPMetricExporter as MetricsGrpc } from "@opentelemetry/exporter-metrics-otlp-grpc"
import { OTLPMetricExporter as MetricsJson } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPMetricExporter as MetricsProto } from "@opentelemetry/exporter-metrics-otlp-proto"
import { OTLPTraceExporter as TracesGrpc } from "@opentelemetry/exporter-trace-otlp-grpc"
import { OTLPTraceExporter as TracesJson } from "@opentelemetry/exporter-trace-otlp-http"
import { OTLPTraceExporter as TracesProto } from "@opentelemetry/exporter-trace-otlp-proto"
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base"
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs"
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { itemsOf } from "../../support/otlp/Reference.ts"
import { type Gate, withGate } from "./Gate.ts"

const count = 300

const transports = [
  {
    name: "gRPC",
    Traces: TracesGrpc,
    Metrics: MetricsGrpc,
    Logs: LogsGrpc,
    url:
      ({ grpc }: Gate) =>
      () =>
        `http://127.0.0.1:${grpc.port}`
  },
  { name: "HTTP protobuf", Traces: TracesProto, Metrics: MetricsProto, Logs: LogsProto, url: httpUrl },
  { name: "HTTP JSON", Traces: TracesJson, Metrics: MetricsJson, Logs: LogsJson, url: httpUrl }
]

function httpUrl({ http }: Gate) {
  return (signal: string) => `http://127.0.0.1:${http.port}/v1/${signal}`
}

for (const { name, Traces, Metrics, Logs, url } of transports) {
  for (const compression of [CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP]) {
    it.live(`the official SDK sends traces, metrics and logs over ${name}, compression ${compression}, and every item arrives`, () =>
      withGate(undefined, async (gate) => {
        const to = url(gate)
        const tracerProvider = new BasicTracerProvider({
          spanProcessors: [new BatchSpanProcessor(new Traces({ url: to("traces"), compression }), { maxExportBatchSize: 100 })]
        })
        const tracer = tracerProvider.getTracer("test", "1.0")
        for (let i = 0; i < count; i++) tracer.startSpan(`span ${i}`, { attributes: { i, half: i / 2, text: "naïve ☃" } }).end()
        await tracerProvider.shutdown()

        const loggerProvider = new LoggerProvider({
          processors: [new BatchLogRecordProcessor({ exporter: new Logs({ url: to("logs"), compression }) })]
        })
        const logger = loggerProvider.getLogger("test")
        for (let i = 0; i < count; i++) logger.emit({ severityNumber: SeverityNumber.WARN, body: `log ${i}`, attributes: { i } })
        await loggerProvider.shutdown()

        const meterProvider = new MeterProvider({
          readers: [new PeriodicExportingMetricReader({ exporter: new Metrics({ url: to("metrics"), compression }) })]
        })
        const counter = meterProvider.getMeter("test").createCounter("requests", { valueType: ValueType.INT })
        for (let i = 0; i < count; i++) counter.add(i, { i })
        await meterProvider.shutdown()

        const arrived = (signal: "traces" | "metrics" | "logs") =>
          gate.downstream.arrived.filter((entry) => entry.signal === signal).flatMap((entry) => itemsOf(signal, entry.request))
        assert.deepStrictEqual(
          // An exporter that has more than one batch to flush sends them at the same time.
          arrived("traces")
            .map((span) => Number(String(span["name"]).slice("span ".length)))
            .toSorted((a, b) => a - b),
          Array.from({ length: count }, (_, i) => i)
        )
        assert.deepStrictEqual(
          arrived("logs")
            .map((record) => Number((record["body"] as { stringValue: string }).stringValue.slice("log ".length)))
            .toSorted((a, b) => a - b),
          Array.from({ length: count }, (_, i) => i)
        )
        assert.deepStrictEqual(
          arrived("metrics").map((point) => Number(point["asInt"])),
          Array.from({ length: count }, (_, i) => i)
        )
      })
    )
  }
}
