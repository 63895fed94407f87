import { bytes, enumeration, map, message, string, sub } from "./MessageType.ts"

/** One configuration document; its name is the key in the map, and the empty name is legal. */
export interface AgentConfigObject {
  readonly body: Uint8Array
  readonly contentType: string
  /** Agent-specific. */
  readonly role: string
}

export interface AgentConfigMap {
  readonly configMap: ReadonlyMap<string, AgentConfigObject>
}

export interface EffectiveConfig {
  readonly configMap?: AgentConfigMap
}

export interface AgentRemoteConfig {
  readonly config?: AgentConfigMap
  /** The server's; to the agent it is opaque. */
  readonly configHash: Uint8Array
}

export const RemoteConfigStatuses = { UNSET: 0, APPLIED: 1, APPLYING: 2, FAILED: 3 } as const

export interface RemoteConfigStatus {
  readonly lastRemoteConfigHash: Uint8Array
  /** Of `RemoteConfigStatuses`. */
  readonly status: number
  readonly errorMessage: string
}

export const AgentConfigObject = message<AgentConfigObject>("AgentConfigObject", {
  body: bytes(1),
  contentType: string(2),
  role: string(3)
})

export const AgentConfigMap = message<AgentConfigMap>("AgentConfigMap", { configMap: map(1, () => AgentConfigObject) })

export const EffectiveConfig = message<EffectiveConfig>("EffectiveConfig", { configMap: sub(1, () => AgentConfigMap) })

export const AgentRemoteConfig = message<AgentRemoteConfig>("AgentRemoteConfig", {
  config: sub(1, () => AgentConfigMap),
  configHash: bytes(2)
})

export const RemoteConfigStatus = message<RemoteConfigStatus>("RemoteConfigStatus", {
  lastRemoteConfigHash: bytes(1),
  status: enumeration(2),
  errorMessage: string(3)
})
