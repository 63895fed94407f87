import type { Context, Span, Tracer } from "@opentelemetry/api"
import { SpanStatusCode, TraceFlags } from "@opentelemetry/api"
import { ExportResultCode } from "@opentelemetry/core"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { resourceFromAttributes } from "@opentelemetry/resources"
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type IdGenerator,
  type ReadableSpan,
  type SpanExporter
} from "@opentelemetry/sdk-trace-base"
import { startAgent } from "../../../src/agent.ts"

/** What one provider has counted. */
export interface Sent {
  /** Spans that ended. */
  readonly made: number
  /** Of them those with an error. */
  readonly errors: number
  /** Of them those that the provider could not deliver. */
  readonly lost: number
}

/** A service's telemetry for one tenant to one gateway: a provider of an SDK. */
export interface Lane {
  readonly tracer: Tracer
  readonly flush: () => Promise<void>
  readonly sent: () => Sent
  readonly shutdown: () => Promise<void>
}

export interface LaneOptions {
  readonly service: string
  readonly tenant: string
  /** Base address of the gateway's OTLP/HTTP receiver. */
  readonly endpoint: string
  readonly ids: IdGenerator
}

/** How long a span waits for others, in milliseconds. */
const flushMillis = 500

class Count {
  readonly ended = { made: 0, errors: 0 }

  add(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return
    this.ended.made++
    if (span.status.code === SpanStatusCode.ERROR) this.ended.errors++
  }
}

/** The official SDK, as its documentation has it, with a count at its ends. */
export const officialLane = ({ service, tenant, endpoint, ids }: LaneOptions): Lane => {
  const count = new Count()
  let lost = 0
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` })
  const counting: SpanExporter = {
    export: (spans, done) =>
      exporter.export(spans as Array<ReadableSpan>, (result) => {
        if (result.code !== ExportResultCode.SUCCESS) lost += spans.length
        done(result)
      }),
    shutdown: () => exporter.shutdown()
  }
  const counter = {
    onStart: (_span: Span, _context: Context) => {},
    onEnd: (span: ReadableSpan) => count.add(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve()
  }
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.namespace": "shop", tenant }),
    idGenerator: ids,
    spanProcessors: [counter, new BatchSpanProcessor(counting, { scheduledDelayMillis: flushMillis })]
  })
  return {
    tracer: provider.getTracer("shop"),
    flush: () => provider.forceFlush(),
    sent: () => ({ ...count.ended, lost }),
    shutdown: () => provider.shutdown()
  }
}

/** `weir/agent`, which counts what it drops; what ended is counted where the tracer is used. */
export const agentLane = ({ service, tenant, endpoint }: LaneOptions): Lane => {
  const agent = startAgent({
    service: { name: service, namespace: "shop" },
    resource: { tenant },
    endpoint,
    compression: "none",
    metricIntervalMillis: 3_600_000,
    global: false,
    limits: { flushMillis }
  })
  const count = new Count()
  const tracer = agent.tracerProvider.getTracer("shop")
  const counted: Tracer = {
    startSpan: (name, options, context) => {
      const span = tracer.startSpan(name, options, context)
      const end = span.end.bind(span)
      span.end = (time) => {
        if (span.isRecording()) count.add(span as unknown as ReadableSpan)
        end(time)
      }
      return span
    },
    startActiveSpan: tracer.startActiveSpan.bind(tracer)
  }
  return {
    tracer: counted,
    flush: () => agent.loggerProvider.forceFlush(),
    sent: () => ({
      ...count.ended,
      lost: agent
        .dropped()
        .filter(({ signal }) => signal === "traces")
        .reduce((sum, { count }) => sum + count, 0)
    }),
    shutdown: () => agent.shutdown()
  }
}
