import type { MeterProvider } from "@opentelemetry/api"
import type { ConsistentSampler } from "./ConsistentSampler.ts"
import type { Drops } from "./Drops.ts"
import type { Pressure } from "./Pressure.ts"

/** What the agent says about itself, through the application's own SDK. Read when metrics are collected; nothing is counted twice. */
export const observeAgent = (
  provider: MeterProvider,
  drops: Drops,
  sampler: ConsistentSampler,
  pressure: Pressure,
  now: () => number
): void => {
  const meter = provider.getMeter("weir/agent")
  meter
    .createObservableCounter("weir.agent.dropped", { unit: "{item}", description: "Items that were made and not delivered." })
    .addCallback((result) => {
      for (const { signal, reason, count } of drops.all()) result.observe(count, { signal, reason })
    })
  meter
    .createObservableGauge("weir.agent.sampling.probability", {
      unit: "1",
      description: "Share of spans kept: at the head by the policy's default, and of healthy ones under pressure."
    })
    .addCallback((result) => {
      result.observe(sampler.policy.probability, { stage: "head" })
      result.observe(pressure.healthySpans(now())?.probability ?? 1, { stage: "pressure" })
    })
}
