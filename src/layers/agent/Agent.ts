import { randomBytes, randomInt } from "node:crypto"
import { hostname, type as osType } from "node:os"
import type { Attributes, MeterProvider as ApiMeterProvider, TracerProvider as ApiTracerProvider } from "@opentelemetry/api"
import { defaultResource, type Resource, resourceFromAttributes } from "@opentelemetry/resources"
import { LoggerProvider } from "@opentelemetry/sdk-logs"
import { MeterProvider, type MetricProducer, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { TracerProvider } from "@opentelemetry/sdk-trace"
import * as Result from "effect/Result"
import { formatUid, makeUid } from "../../domain/opamp/InstanceUid.ts"
import type { AgentControl, Applied } from "./AgentControl.ts"
import { type AgentSettings, type AgentSettingsInput, decodeSettings, overlay } from "./AgentSettings.ts"
import { ConsistentSampler } from "./ConsistentSampler.ts"
import { type Dropped, Drops } from "./Drops.ts"
import { registerGlobals } from "./Globals.ts"
import { Intake } from "./Intake.ts"
import { Pressure } from "./Pressure.ts"
import { observeAgent } from "./SelfMetrics.ts"
import { Sender } from "./Sender.ts"
import { Waiting } from "./Waiting.ts"

export interface ServiceIdentity {
  readonly name: string
  readonly namespace?: string
  readonly version?: string
  /** Default: a UUID of version 7, new with every start. */
  readonly instanceId?: string
}

export interface AgentOptions extends AgentSettingsInput {
  readonly service: ServiceIdentity
  /** Further resource attributes, such as `tenant`. */
  readonly resource?: Attributes
  /** Base address of an OTLP/HTTP receiver. Default: `OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://localhost:4318`. */
  readonly endpoint?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Default `gzip`. */
  readonly compression?: "gzip" | "none"
  /** Default 60 s. */
  readonly metricIntervalMillis?: number
  /** Whether instrumented libraries find these providers through the OpenTelemetry API. Default `true`. */
  readonly global?: boolean
  /** Where remote documents come from. Default: nowhere. */
  readonly control?: AgentControl
}

export interface Agent {
  readonly resource: Resource
  readonly tracerProvider: ApiTracerProvider
  readonly meterProvider: ApiMeterProvider
  readonly loggerProvider: LoggerProvider
  /** What is in force now. */
  readonly settings: () => AgentSettings
  /** Lays a remote document over the options, as the control plane does. */
  readonly apply: (document: string) => Applied
  /** Items that were not delivered, since the start. */
  readonly dropped: () => ReadonlyArray<Dropped>
  /**
   * Collects metrics a last time, delivers what waits, and ends by `deadlineMillis` (default 5000) at the latest; what is left then is
   * counted as dropped. Never rejects; later calls return the first one's promise.
   */
  readonly shutdown: (deadlineMillis?: number) => Promise<void>
}

const defaultEndpoint = "http://localhost:4318"
const defaultDeadlineMillis = 5000

const endpointOf = (options: AgentOptions): URL => {
  const text = options.endpoint ?? (process.env.OTEL_EXPORTER_OTLP_ENDPOINT || defaultEndpoint)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new Error(`weir/agent: endpoint "${text}" is not an http or https URL such as "${defaultEndpoint}"`)
  }
  return url
}

const identityOf = (service: ServiceIdentity): Readonly<Record<string, string>> => ({
  "service.name": service.name,
  "service.instance.id": service.instanceId ?? formatUid(makeUid(Date.now(), randomBytes(10))),
  ...(service.namespace === undefined ? {} : { "service.namespace": service.namespace }),
  ...(service.version === undefined ? {} : { "service.version": service.version })
})

/**
 * Sets the OpenTelemetry SDK up for traces, metrics and logs, with Weir's sampler and exporter, and starts it.
 *
 * Throws where the options are wrong, and only then: once it runs, nothing that happens to telemetry reaches the application.
 */
export const startAgent = (options: AgentOptions): Agent => startAgentWith(options, [])

/** `startAgent`, with metrics from elsewhere that go out with the SDK's. */
export const startAgentWith = (options: AgentOptions, metricProducers: ReadonlyArray<MetricProducer>): Agent => {
  if (options.service.name === "") throw new Error("weir/agent: service.name is empty")
  const own: AgentSettingsInput = {
    ...(options.sampling === undefined ? {} : { sampling: options.sampling }),
    ...(options.limits === undefined ? {} : { limits: options.limits })
  }
  const decoded = decodeSettings(own)
  if (Result.isFailure(decoded)) throw new Error(`weir/agent: ${decoded.failure}`)
  let settings = decoded.success

  const identifying = identityOf(options.service)
  const machine = { "host.name": hostname(), "os.type": osType().toLowerCase(), "process.pid": process.pid }
  const resource = defaultResource().merge(resourceFromAttributes({ ...machine, ...options.resource, ...identifying }))

  const now = (): number => performance.now()
  const drops = new Drops()
  const pressure = new Pressure()
  const waiting = new Waiting(settings.limits, drops)
  const sender = new Sender(
    {
      endpoint: endpointOf(options),
      headers: options.headers ?? {},
      compression: options.compression ?? "gzip",
      now,
      random: () => randomInt(2 ** 32) / 2 ** 32
    },
    waiting,
    pressure,
    drops
  )
  const intake = new Intake(waiting, pressure, drops, sender, now)
  const sampler = new ConsistentSampler(settings.sampling)

  const metricIntervalMillis = options.metricIntervalMillis ?? 60_000
  const reader = new PeriodicExportingMetricReader({
    exporter: intake.metrics,
    exportIntervalMillis: metricIntervalMillis,
    exportTimeoutMillis: Math.min(metricIntervalMillis, 30_000),
    metricProducers: [...metricProducers]
  })
  const meterProvider = new MeterProvider({ resource, readers: [reader] })
  const tracerProvider = new TracerProvider({ resource, sampler, spanProcessors: [intake.spans] })
  const loggerProvider = new LoggerProvider({ resource, processors: [intake.logs] })
  observeAgent(meterProvider, drops, sampler, pressure, now)
  const unregister = options.global === false ? () => {} : registerGlobals({ tracerProvider, meterProvider, loggerProvider })

  const apply = (document: string): Applied => {
    const next = overlay(own, document)
    if (Result.isFailure(next)) return { _tag: "Failed", message: next.failure }
    settings = next.success
    sampler.policy = settings.sampling
    waiting.limits = settings.limits
    return { _tag: "Applied" }
  }
  const nonIdentifying = Object.fromEntries(
    Object.entries({ ...machine, ...options.resource })
      .filter(([key, value]) => !(key in identifying) && value !== undefined)
      .map(([key, value]) => [key, String(value)])
  )
  const control = options.control?.connect({ identifying, nonIdentifying, apply, effective: () => JSON.stringify(settings) })

  const shutdown = async (deadlineMillis: number): Promise<void> => {
    const deadline = new AbortController()
    // Keeps the process alive, unlike all other timers of the agent: somebody waits for this.
    const timer = setTimeout(() => deadline.abort(), deadlineMillis)
    unregister()
    const closing = control?.close().catch(() => {})
    intake.close()
    await Promise.race([meterProvider.shutdown().catch(() => {}), aborted(deadline.signal)])
    await sender.drain(deadline.signal)
    await Promise.race([Promise.all([closing, tracerProvider.shutdown(), loggerProvider.shutdown()]), aborted(deadline.signal)])
    clearTimeout(timer)
    waiting.clear("shutdown")
    sender.close()
  }
  let ended: Promise<void> | undefined
  return {
    resource,
    tracerProvider,
    meterProvider,
    loggerProvider,
    settings: () => settings,
    apply,
    dropped: () => drops.all(),
    shutdown: (deadlineMillis = defaultDeadlineMillis) => (ended ??= shutdown(deadlineMillis))
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true })))
