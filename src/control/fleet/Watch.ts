import { AgentCapability } from "../../domain/opamp/Capability.ts"
import { type AgentState, has } from "./AgentState.ts"
import type { DisconnectReason, FleetEvent } from "./FleetEvent.ts"
import type { FleetPolicy } from "./FleetPolicy.ts"

const staleIntervals = 3
const goneIntervals = 10

/**
 * What time does to an agent; `undefined`: nothing. Silence means something where an agent has promised to be heard: by polling, or by
 * `ReportsHeartbeat`. Polling leaves no connection that could be lost, so long silence ends it.
 */
export const watch = (state: AgentState, nowMillis: number, policy: FleetPolicy): readonly [AgentState, FleetEvent] | undefined => {
  const { status, link, capabilities, instanceUid } = state
  if (status === "offline" || link === undefined) return undefined
  if (link.kind === "websocket" && !has(capabilities, AgentCapability.ReportsHeartbeat)) return undefined
  const intervals = (nowMillis - state.lastSeenMillis) / policy.intervalMillis(capabilities)
  if (link.kind === "http" && intervals > goneIntervals) return leave(state, "silent")
  if (status === "online" && intervals > staleIntervals)
    return [
      { ...state, status: "stale" },
      { _tag: "Stale", instanceUid }
    ]
  return undefined
}

export const leave = (state: AgentState, reason: DisconnectReason): readonly [AgentState, FleetEvent] => [
  { ...state, status: "offline", link: undefined },
  { _tag: "Disconnected", instanceUid: state.instanceUid, reason }
]
