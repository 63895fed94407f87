/**
 * Telemetry made by the official JavaScript SDK with every kind of field that it can fill, kept in memory so that the same objects can be
 * exported several ways.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api"
import { type LogAttributes, SeverityNumber } from "@opentelemetry/api-logs"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { InMemoryLogRecordExporter, LoggerProvider, type ReadableLogRecord, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs"
import { AggregationType, InstrumentType, MeterProvider, MetricReader, type ResourceMetrics } from "@opentelemetry/sdk-metrics"
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { idAttribute } from "./Requests.ts"

const resource = resourceFromAttributes({
  "service.name": "checkout",
  "service.version": "1.2.3",
  "process.pid": 4711,
  "host.ip": ["10.0.0.1", "fe80::1"],
  tenant: "grün"
})

const attributes = {
  text: "Grüße, 世界 \u{1F30A}",
  empty: "",
  yes: true,
  no: false,
  integer: 9_007_199_254_740_991,
  negative: -42,
  double: 0.1,
  list: ["a", "b"],
  numbers: [1, 2.5],
  flags: [true, false]
}

export const spans = (count: number, prefix = "span"): ReadonlyArray<ReadableSpan> => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const tracer = provider.getTracer("conformance", "0.1.0", { schemaUrl: "https://opentelemetry.io/schemas/1.37.0" })
  const parent = tracer.startSpan("parent", { kind: SpanKind.SERVER, attributes: { ...attributes, [idAttribute]: `${prefix}-0` } })
  const context = trace.setSpan(ROOT_CONTEXT, parent)
  const link = { context: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: TraceFlags.SAMPLED } }
  for (let i = 1; i < count; i++) {
    const kind = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER][i % 5]!
    const child = tracer.startSpan(
      `child ${i}`,
      { kind, links: [{ ...link, attributes }], attributes: { [idAttribute]: `${prefix}-${i}` } },
      context
    )
    child.addEvent("retry", attributes)
    child.addEvent("done")
    if (i % 3 === 1) child.setStatus({ code: SpanStatusCode.ERROR, message: "the payment was declined" })
    if (i % 3 === 2) child.setStatus({ code: SpanStatusCode.OK })
    child.end()
  }
  parent.end()
  return exporter.getFinishedSpans()
}

/** Hands over what is asked for, and exports nothing by itself. */
class PulledReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export const metrics = async (): Promise<ResourceMetrics> => {
  const reader = new PulledReader()
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [
      {
        instrumentName: "exponential",
        instrumentType: InstrumentType.HISTOGRAM,
        aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM }
      }
    ]
  })
  const meter = provider.getMeter("conformance", "0.1.0")
  const counter = meter.createCounter("counter", { description: "counts", unit: "{thing}" })
  const upDown = meter.createUpDownCounter("updown")
  const histogram = meter.createHistogram("histogram", { unit: "ms" })
  const exponential = meter.createHistogram("exponential", { unit: "ms" })
  const gauge = meter.createGauge("gauge")
  meter.createObservableGauge("observed").addCallback((result) => result.observe(0.5, { [idAttribute]: "observed", ...attributes }))
  for (let i = 0; i < 10; i++) {
    const id = { [idAttribute]: `point-${i}`, text: attributes.text }
    counter.add(i * 1000, id)
    upDown.add(i % 2 === 0 ? i : -i, id)
    gauge.record(i / 3, id)
    for (let value = 1; value < 100_000; value *= 7) {
      histogram.record(value, id)
      exponential.record(value - 0.5, id)
    }
  }
  return (await reader.collect()).resourceMetrics
}

export const logs = (count: number, prefix = "log"): ReadonlyArray<ReadableLogRecord> => {
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] })
  const logger = provider.getLogger("conformance", "0.1.0")
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    traceFlags: TraceFlags.SAMPLED
  })
  const nested: LogAttributes = { deep: { deeper: [1, "two", { three: 3.5 }] }, bytes: new Uint8Array([0, 1, 254, 255]) }
  const bodies = ["plain text", attributes.text, 42, 0.5, true, ["a", 1], { order: { id: 7, lines: ["x", "y"] } }]
  for (let i = 0; i < count; i++) {
    logger.emit({
      severityNumber: [SeverityNumber.TRACE, SeverityNumber.INFO, SeverityNumber.ERROR4][i % 3]!,
      severityText: ["TRACE", "INFO", "ERROR4"][i % 3]!,
      body: bodies[i % bodies.length]!,
      timestamp: 1_790_000_000_000 + i,
      attributes: { ...attributes, ...nested, [idAttribute]: `${prefix}-${i}` },
      ...(i % 2 === 0 ? { context } : {})
    })
  }
  return exporter.getFinishedLogRecords()
}
