/** What an application uses to send its telemetry: the OpenTelemetry SDK with Weir's sampler and exporter. See docs/agent.md. */
export { type Agent, type AgentOptions, type ServiceIdentity, startAgent } from "./layers/agent/Agent.ts"
export type { AgentControl, Applied, ControlledAgent } from "./layers/agent/AgentControl.ts"
export { AgentSettings, type AgentSettingsInput, Limits, SamplingPolicy, SamplingRule } from "./layers/agent/AgentSettings.ts"
export { ConsistentSampler } from "./layers/agent/ConsistentSampler.ts"
export { type AgentDropReason, agentDropReasons, type Dropped } from "./layers/agent/Drops.ts"
export { opampControl, type OpampControlOptions } from "./layers/agent/OpampControl.ts"
export { type AgentLayerOptions, RunningAgent } from "./layers/agent/RunningAgent.ts"
