import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Agent, AgentOptions } from "./Agent.ts"

export interface AgentLayerOptions extends AgentOptions {
  /** When the layer is released, delivery of what waits ends after this. Default 5000. */
  readonly shutdownMillis?: number
  /** Log to the console as before, too. Default `true`. */
  readonly keepLoggers?: boolean
}

/**
 * The agent of an Effect application: `Effect.withSpan` becomes spans of the service, `Effect.log` log records, `Metric` metrics.
 *
 * The instrumentation scope of the spans is the service's name, behind its namespace where it has one (`shop.checkout`), and its version.
 * Wrong options are a defect, as they are for `startAgent`.
 */
export class RunningAgent extends Context.Service<RunningAgent, Agent>()("weir/layers/agent/RunningAgent") {
  static layer(options: AgentLayerOptions): Layer.Layer<RunningAgent> {
    // Loaded when it is wanted: an application without Effect does not install `@effect/opentelemetry`.
    return Layer.unwrap(
      Effect.map(
        Effect.promise(() => import("./EffectTelemetry.ts")),
        ({ make, telemetry }) => telemetry(options).pipe(Layer.provideMerge(Layer.effect(RunningAgent, make(options))))
      )
    )
  }
}
