import * as api from "@opentelemetry/api"
import { logs as olderLogs } from "@opentelemetry/api-logs"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core"
import type { LoggerProvider } from "@opentelemetry/sdk-logs"

export interface Providers {
  readonly tracerProvider: api.TracerProvider
  readonly meterProvider: api.MeterProvider
  readonly loggerProvider: LoggerProvider
}

interface LogsApi {
  readonly setGlobalLoggerProvider: (provider: LoggerProvider) => unknown
  readonly disable: () => void
}

const apiExports: object = api

/** Logs have an API package of their own until API 1.10 takes them in; code instrumented with either finds the provider. */
const logsApis: ReadonlyArray<LogsApi> = "logs" in apiExports ? [apiExports.logs as LogsApi, olderLogs] : [olderLogs]

/**
 * Makes the providers those that instrumented libraries find through the OpenTelemetry API, with context that follows asynchronous
 * calls and W3C propagation. What another SDK has registered before stays. Returns what takes back what was done.
 */
export const registerGlobals = ({ tracerProvider, meterProvider, loggerProvider }: Providers): (() => void) => {
  const undo: Array<() => void> = []
  const contextManager = new AsyncLocalStorageContextManager().enable()
  if (api.context.setGlobalContextManager(contextManager)) undo.push(() => api.context.disable())
  else contextManager.disable()
  const propagator = new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] })
  if (api.propagation.setGlobalPropagator(propagator)) undo.push(() => api.propagation.disable())
  if (api.trace.setGlobalTracerProvider(tracerProvider)) undo.push(() => api.trace.disable())
  if (api.metrics.setGlobalMeterProvider(meterProvider)) undo.push(() => api.metrics.disable())
  for (const logs of logsApis) if (logs.setGlobalLoggerProvider(loggerProvider) === loggerProvider) undo.push(() => logs.disable())
  return () => undo.forEach((step) => step())
}
