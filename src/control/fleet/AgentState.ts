import type { AgentDescription } from "../../domain/opamp/AgentDescription.ts"
import type { ComponentHealth } from "../../domain/opamp/ComponentHealth.ts"
import { formatUid } from "../../domain/opamp/InstanceUid.ts"
import {
  type AgentConfigMap,
  type EffectiveConfig,
  type RemoteConfigStatus,
  RemoteConfigStatuses
} from "../../domain/opamp/RemoteConfig.ts"
import { hexOf } from "./ConfigHash.ts"
import type { ConfigState } from "./FleetEvent.ts"

/** `stale`: its connection may stand, but three heartbeats are missing. */
export type AgentStatus = "online" | "stale" | "offline"

/** The way to an agent: a WebSocket, which may carry many agents, or polling, which knows no connections and has the id 0. */
export interface AgentLink {
  readonly id: number
  readonly kind: "websocket" | "http"
}

export const polling: AgentLink = { id: 0, kind: "http" }

/** How far an agent is with what it was offered; the hash is hexadecimal, the message is the agent's. */
export interface StatusReport {
  readonly status: ConfigState
  readonly hash: string
  readonly message: string
}

const unset: StatusReport = { status: "unset", hash: "", message: "" }

/** A configuration that an agent should run; hashes of configurations are compared in hexadecimal. */
export interface DesiredConfig {
  readonly config: AgentConfigMap
  readonly configHash: Uint8Array
  readonly hash: string
}

/** What is known of one agent. Immutable; `hear` and `watch` make the next one. */
export interface AgentState {
  readonly instanceUid: string
  readonly uid: Uint8Array
  readonly status: AgentStatus
  readonly link: AgentLink | undefined
  readonly lastSeenMillis: number
  /** Of the last message; `undefined` as long as nothing was heard since this process knows it. */
  readonly sequence: number | undefined
  /** How often its full state was asked for without an answer, and when last. */
  readonly asks: number
  readonly askedMillis: number
  readonly capabilities: number
  readonly description: AgentDescription | undefined
  readonly health: ComponentHealth | undefined
  readonly effectiveConfig: EffectiveConfig | undefined
  readonly remoteConfigStatus: RemoteConfigStatus | undefined
  /** About connection settings. */
  readonly settingsStatus: StatusReport
  readonly customCapabilities: ReadonlyArray<string>
  readonly componentsHash: string
  /** The hash whose components were asked for on this connection. */
  readonly componentsAsked: string
  /** Parts of its last report that were too large to keep. */
  readonly omitted: ReadonlyArray<string>
  readonly desired: DesiredConfig | undefined
  /** Hashes that it has reported as FAILED, latest last: they are not offered again until `retry`. */
  readonly failed: ReadonlyArray<string>
  /** What was offered last on this connection, by hash, and when. */
  readonly offeredConfig: string
  readonly offeredSettings: string
  readonly offeredMillis: number
}

export const unheard = (uid: Uint8Array): AgentState => ({
  instanceUid: formatUid(uid),
  uid,
  status: "offline",
  link: undefined,
  lastSeenMillis: 0,
  sequence: undefined,
  asks: 0,
  askedMillis: 0,
  capabilities: 0,
  description: undefined,
  health: undefined,
  effectiveConfig: undefined,
  remoteConfigStatus: undefined,
  settingsStatus: unset,
  customCapabilities: [],
  componentsHash: "",
  componentsAsked: "",
  omitted: [],
  desired: undefined,
  failed: [],
  offeredConfig: "",
  offeredSettings: "",
  offeredMillis: 0
})

export const has = (capabilities: number, capability: number): boolean => (capabilities & capability) !== 0

const states: { readonly [status: number]: ConfigState } = {
  [RemoteConfigStatuses.APPLIED]: "applied",
  [RemoteConfigStatuses.APPLYING]: "applying",
  [RemoteConfigStatuses.FAILED]: "failed"
}

/** The name of a status of a remote configuration or of connection settings; one that is not known is `unset`. */
export const configState = (status: number): ConfigState => states[status] ?? "unset"

export const statusReport = (status: RemoteConfigStatus | undefined): StatusReport =>
  status === undefined
    ? unset
    : { status: configState(status.status), hash: hexOf(status.lastRemoteConfigHash), message: status.errorMessage }
