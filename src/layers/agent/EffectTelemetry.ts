import { Resource } from "@effect/opentelemetry/Resource"
import * as OtelLogger from "@effect/opentelemetry/OtelLogger"
import * as OtelMetrics from "@effect/opentelemetry/OtelMetrics"
import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import { emptyResource } from "@opentelemetry/resources"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Scope } from "effect/Scope"
import { type Agent, startAgentWith } from "./Agent.ts"
import { type AgentLayerOptions, RunningAgent } from "./RunningAgent.ts"

const defaultShutdownMillis = 5000

/** Starts the agent, with Effect's metrics beside the SDK's; the scope's end is its shutdown. */
export const make = (options: AgentLayerOptions): Effect.Effect<Agent, never, Scope> =>
  Effect.gen(function* () {
    // The producer's resource is not used: the reader puts its own provider's in.
    const producer = yield* Effect.provideService(OtelMetrics.makeProducer("cumulative"), Resource, emptyResource())
    return yield* Effect.acquireRelease(
      Effect.sync(() => startAgentWith(options, [producer])),
      (agent) => Effect.promise(() => agent.shutdown(options.shutdownMillis ?? defaultShutdownMillis))
    )
  })

/** Effect's tracer and logger on the agent's providers. */
export const telemetry = ({ keepLoggers, service }: AgentLayerOptions): Layer.Layer<never, never, RunningAgent> => {
  const scopeName = service.namespace === undefined ? service.name : `${service.namespace}.${service.name}`
  const tracer = Layer.effect(
    OtelTracer.OtelTracer,
    Effect.map(RunningAgent, ({ tracerProvider }) => tracerProvider.getTracer(scopeName, service.version))
  )
  const loggerProvider = Layer.effect(
    OtelLogger.OtelLoggerProvider,
    Effect.map(RunningAgent, (agent) => agent.loggerProvider)
  )
  return Layer.merge(
    Layer.provide(OtelTracer.layerWithoutOtelTracer, tracer),
    Layer.provide(OtelLogger.layer({ mergeWithExisting: keepLoggers ?? true }), loggerProvider)
  )
}
