import type { AgentDescription } from "../../domain/opamp/AgentDescription.ts"
import type { ComponentHealth } from "../../domain/opamp/ComponentHealth.ts"
import type { EffectiveConfig } from "../../domain/opamp/RemoteConfig.ts"

/** How far an agent is with a remote configuration. */
export type ConfigState = "unset" | "applied" | "applying" | "failed"

export type DisconnectReason =
  /** It said so. */
  | "agent_disconnect"
  | "connection_lost"
  /** It polls, and has not for ten intervals. */
  | "silent"

/** What became of one agent. `instanceUid` is the canonical text. */
export type FleetEvent =
  | { readonly _tag: "Connected"; readonly instanceUid: string }
  | { readonly _tag: "Disconnected"; readonly instanceUid: string; readonly reason: DisconnectReason }
  /** Nothing was heard for three heartbeats; `Connected` ends it. */
  | { readonly _tag: "Stale"; readonly instanceUid: string }
  | { readonly _tag: "Description"; readonly instanceUid: string; readonly description: AgentDescription }
  | { readonly _tag: "Health"; readonly instanceUid: string; readonly health: ComponentHealth }
  | { readonly _tag: "EffectiveConfig"; readonly instanceUid: string; readonly effectiveConfig: EffectiveConfig }
  /** `hash` is hexadecimal, of the configuration that the status is about; `message` is the agent's, of a failure. */
  | {
      readonly _tag: "ConfigStatus"
      readonly instanceUid: string
      readonly hash: string
      readonly status: ConfigState
      readonly message: string
    }
  /** It asked for another uid, and is `instanceUid` from now on. */
  | { readonly _tag: "Reassigned"; readonly instanceUid: string; readonly from: string }
  /** It has made room for another one: it was offline, and the fleet was full. */
  | { readonly _tag: "Removed"; readonly instanceUid: string }
