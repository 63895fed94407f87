import type { AgentDescription, ComponentDetails } from "../../domain/opamp/AgentDescription.ts"
import type { AnyValue, KeyValue } from "../../domain/opamp/Attributes.ts"
import type { ComponentHealth } from "../../domain/opamp/ComponentHealth.ts"
import type { AgentConfigMap } from "../../domain/opamp/RemoteConfig.ts"
import { type AgentState, type AgentStatus, type StatusReport, statusReport } from "./AgentState.ts"
import { hexOf } from "./ConfigHash.ts"

/** One agent as others see it. Hashes are hexadecimal, times are milliseconds since 1970. */
export interface AgentSnapshot {
  readonly instanceUid: string
  readonly status: AgentStatus
  /** How it is connected, while it is. */
  readonly connection: "websocket" | "http" | undefined
  readonly lastSeenUnixMillis: number
  /** Bits of `AgentCapability`. */
  readonly capabilities: number
  readonly description: AgentDescription | undefined
  /** All attributes of the description as texts, the identifying ones over the others: what labels select by. */
  readonly attributes: ReadonlyMap<string, string>
  readonly health: ComponentHealth | undefined
  readonly effectiveConfig: AgentConfigMap | undefined
  /** What it has last reported about a remote configuration. */
  readonly remoteConfig: StatusReport
  /** The same about connection settings. */
  readonly connectionSettings: StatusReport
  readonly desiredHash: string | undefined
  readonly failedHashes: ReadonlyArray<string>
  readonly availableComponents: ReadonlyMap<string, ComponentDetails> | undefined
  readonly customCapabilities: ReadonlyArray<string>
  /** Parts of its report that were too large to keep. */
  readonly omitted: ReadonlyArray<string>
}

export const snapshot = (state: AgentState, components: ReadonlyMap<string, ComponentDetails> | undefined): AgentSnapshot => ({
  instanceUid: state.instanceUid,
  status: state.status,
  connection: state.link?.kind,
  lastSeenUnixMillis: state.lastSeenMillis,
  capabilities: state.capabilities,
  description: state.description,
  attributes: attributesOf(state.description),
  health: state.health,
  effectiveConfig: state.effectiveConfig?.configMap,
  remoteConfig: statusReport(state.remoteConfigStatus),
  connectionSettings: state.settingsStatus,
  desiredHash: state.desired?.hash,
  failedHashes: state.failed,
  availableComponents: components,
  customCapabilities: state.customCapabilities,
  omitted: state.omitted
})

const attributesOf = (description: AgentDescription | undefined): ReadonlyMap<string, string> => {
  const attributes = new Map<string, string>()
  const add = ({ key, value }: KeyValue) => attributes.set(key, textOf(value))
  description?.nonIdentifyingAttributes.forEach(add)
  description?.identifyingAttributes.forEach(add)
  return attributes
}

/** A value as a text: scalars as they print, bytes in hexadecimal, lists and maps as JSON. */
export const textOf = (value: AnyValue | undefined): string => {
  const plain = plainOf(value)
  return typeof plain === "object" ? JSON.stringify(plain) : String(plain)
}

const plainOf = (value: AnyValue | undefined): unknown => {
  if (value === undefined) return ""
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plainOf)
  if (value.kvlistValue !== undefined) return Object.fromEntries(value.kvlistValue.values.map(({ key, value: v }) => [key, plainOf(v)]))
  if (value.bytesValue !== undefined) return hexOf(value.bytesValue)
  if (value.intValue !== undefined) return String(value.intValue)
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? ""
}
