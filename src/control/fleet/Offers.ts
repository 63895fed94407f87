import { AgentCapability } from "../../domain/opamp/Capability.ts"
import type { Init } from "../../domain/opamp/MessageType.ts"
import type { ServerToAgent } from "../../domain/opamp/ServerToAgent.ts"
import { type AgentState, has } from "./AgentState.ts"
import { hexOf } from "./ConfigHash.ts"
import type { FleetPolicy } from "./FleetPolicy.ts"

/** An offer that an agent leaves unanswered comes again after this long at the earliest. */
const repeatMillis = 30_000

type Offer = Pick<Init<ServerToAgent>, "remoteConfig" | "connectionSettings">

/** What an agent is to be told beyond the acknowledgement, and its state afterwards. `again`: earlier offers may not have arrived. */
export const offers = (state: AgentState, nowMillis: number, policy: FleetPolicy, again: boolean): readonly [AgentState, Offer] => {
  const { desired, capabilities } = state
  const remoteConfig = desired !== undefined && isDue(state, desired.hash, nowMillis, again) ? desired : undefined
  const settings = policy.settingsFor(capabilities)
  const connectionSettings = settings !== undefined && (again || state.offeredSettings !== settings.hash) ? settings : undefined
  if (remoteConfig === undefined && connectionSettings === undefined) return [state, {}]
  const next: AgentState = {
    ...state,
    offeredConfig: remoteConfig?.hash ?? state.offeredConfig,
    offeredSettings: connectionSettings?.hash ?? state.offeredSettings,
    offeredMillis: nowMillis
  }
  return [
    next,
    {
      ...(remoteConfig === undefined ? {} : { remoteConfig: { config: remoteConfig.config, configHash: remoteConfig.configHash } }),
      ...(connectionSettings === undefined ? {} : { connectionSettings: connectionSettings.offer })
    }
  ]
}

/**
 * A configuration is offered while the agent's hash is another one, but for one that it has failed with: agents that fall back report
 * FAILED for the new hash, then APPLIED for the old one, and would be pushed the broken one for ever.
 */
const isDue = (state: AgentState, hash: string, nowMillis: number, again: boolean): boolean => {
  const { capabilities, remoteConfigStatus, failed, offeredConfig, offeredMillis } = state
  if (!has(capabilities, AgentCapability.AcceptsRemoteConfig) || failed.includes(hash)) return false
  if (remoteConfigStatus !== undefined && hexOf(remoteConfigStatus.lastRemoteConfigHash) === hash) return false
  if (again || offeredConfig !== hash) return true
  // An agent that never reports would be offered the same for ever.
  return remoteConfigStatus !== undefined && nowMillis - offeredMillis >= repeatMillis
}
