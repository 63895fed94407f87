import type { AgentDescription, AvailableComponents } from "../../../../domain/opamp/AgentDescription.ts"
import type { AgentToServer } from "../../../../domain/opamp/AgentToServer.ts"
import type { ComponentHealth } from "../../../../domain/opamp/ComponentHealth.ts"
import type { EffectiveConfig, RemoteConfigStatus } from "../../../../domain/opamp/RemoteConfig.ts"

/** What an agent tells about itself. Parts that have not changed since they were last sent are left out of messages. */
export interface AgentReport {
  readonly agentDescription: AgentDescription
  readonly health?: ComponentHealth
  readonly effectiveConfig?: EffectiveConfig
  readonly remoteConfigStatus?: RemoteConfigStatus
  /** The whole map; the hash alone is sent until a server asks for more. */
  readonly availableComponents?: AvailableComponents
}

export type ReportPart = keyof AgentReport & keyof AgentToServer
