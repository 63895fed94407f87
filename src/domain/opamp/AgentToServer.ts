import { AgentDescription, AvailableComponents } from "./AgentDescription.ts"
import { ComponentHealth } from "./ComponentHealth.ts"
import { ConnectionSettingsRequest, ConnectionSettingsStatus } from "./ConnectionSettings.ts"
import { CustomCapabilities, CustomMessage } from "./Custom.ts"
import { bits, bytes, message, sub, uint53 } from "./MessageType.ts"
import { PackageStatuses } from "./Packages.ts"
import { EffectiveConfig, RemoteConfigStatus } from "./RemoteConfig.ts"

/** Empty: that it is there says it. */
export interface AgentDisconnect {}

/** What an agent reports (specification v0.20). Sub-messages that have not changed may be left out. */
export interface AgentToServer {
  /** 16 bytes, see `InstanceUid`. */
  readonly instanceUid: Uint8Array
  /** One more with each message; any other step means that a message was lost. */
  readonly sequenceNum: number
  readonly agentDescription?: AgentDescription
  /** Of `AgentCapability`; 0 in a poll means unchanged. */
  readonly capabilities: number
  readonly health?: ComponentHealth
  readonly effectiveConfig?: EffectiveConfig
  readonly remoteConfigStatus?: RemoteConfigStatus
  readonly packageStatuses?: PackageStatuses
  readonly agentDisconnect?: AgentDisconnect
  /** Of `AgentToServerFlag`. */
  readonly flags: number
  readonly connectionSettingsRequest?: ConnectionSettingsRequest
  readonly customCapabilities?: CustomCapabilities
  readonly customMessage?: CustomMessage
  readonly availableComponents?: AvailableComponents
  readonly connectionSettingsStatus?: ConnectionSettingsStatus
}

const AgentDisconnect = message<AgentDisconnect>("AgentDisconnect", {})

export const AgentToServer = message<AgentToServer>("AgentToServer", {
  instanceUid: bytes(1),
  sequenceNum: uint53(2),
  agentDescription: sub(3, () => AgentDescription),
  capabilities: bits(4),
  health: sub(5, () => ComponentHealth),
  effectiveConfig: sub(6, () => EffectiveConfig),
  remoteConfigStatus: sub(7, () => RemoteConfigStatus),
  packageStatuses: sub(8, () => PackageStatuses),
  agentDisconnect: sub(9, () => AgentDisconnect),
  flags: bits(10),
  connectionSettingsRequest: sub(11, () => ConnectionSettingsRequest),
  customCapabilities: sub(12, () => CustomCapabilities),
  customMessage: sub(13, () => CustomMessage),
  availableComponents: sub(14, () => AvailableComponents),
  connectionSettingsStatus: sub(15, () => ConnectionSettingsStatus)
})
