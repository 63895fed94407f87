import { AgentCapability } from "../../domain/opamp/Capability.ts"
import { ConnectionSettingsOffers, type TelemetryConnectionSettings } from "../../domain/opamp/ConnectionSettings.ts"
import { encode } from "../../domain/opamp/Encode.ts"
import type { Init } from "../../domain/opamp/MessageType.ts"
import { has } from "./AgentState.ts"
import { hexOf, sha256 } from "./ConfigHash.ts"

/** How often agents report when nobody has told them otherwise (specification, heartbeats and polling). */
export const defaultHeartbeatSeconds = 30

export interface FleetSettings {
  /** Where agents that can should send their own metrics: an OTLP/HTTP URL, path included. */
  readonly ownMetrics: Init<TelemetryConnectionSettings> | undefined
  /** The interval that agents are told to report at; `undefined` leaves it to them (30 s). */
  readonly heartbeatSeconds: number | undefined
}

export interface SettingsOffer {
  readonly offer: Init<ConnectionSettingsOffers>
  readonly hash: string
}

/** What all agents have in common, as the rules need it. A new value when settings change. */
export class FleetPolicy {
  /** Health, descriptions and configurations larger than this are not kept. */
  readonly maxKeptBytes: number
  readonly knowsComponents: (hash: string) => boolean
  private readonly heartbeatSeconds: number | undefined
  private readonly settings: ReadonlyArray<SettingsOffer | undefined>

  constructor({ ownMetrics, heartbeatSeconds }: FleetSettings, maxKeptBytes: number, knowsComponents: (hash: string) => boolean) {
    this.maxKeptBytes = maxKeptBytes
    this.knowsComponents = knowsComponents
    // 0 would switch heartbeats off for good.
    this.heartbeatSeconds = heartbeatSeconds === undefined ? undefined : Math.max(1, Math.round(heartbeatSeconds))
    const settings = { ownMetrics, heartbeatSeconds: this.heartbeatSeconds }
    this.settings = [0, OWN_METRICS, HEARTBEAT, OWN_METRICS | HEARTBEAT].map((parts) => offerOf(settings, parts))
  }

  /** The connection settings for an agent with these capabilities, if there are any. */
  settingsFor(capabilities: number): SettingsOffer | undefined {
    const metrics = has(capabilities, AgentCapability.ReportsOwnMetrics) ? OWN_METRICS : 0
    return this.settings[metrics | (takesHeartbeat(capabilities) ? HEARTBEAT : 0)]
  }

  /** How often an agent with these capabilities should be heard. */
  intervalMillis(capabilities: number): number {
    const told = takesHeartbeat(capabilities) ? this.heartbeatSeconds : undefined
    return 1000 * (told ?? defaultHeartbeatSeconds)
  }
}

const OWN_METRICS = 1
const HEARTBEAT = 2

const takesHeartbeat = (capabilities: number): boolean =>
  has(capabilities, AgentCapability.ReportsHeartbeat) && has(capabilities, AgentCapability.AcceptsOpAMPConnectionSettings)

const offerOf = ({ ownMetrics, heartbeatSeconds }: FleetSettings, parts: number): SettingsOffer | undefined => {
  const settings: Init<ConnectionSettingsOffers> = {
    ...(has(parts, OWN_METRICS) && ownMetrics !== undefined ? { ownMetrics } : {}),
    ...(has(parts, HEARTBEAT) && heartbeatSeconds !== undefined ? { opamp: { heartbeatIntervalSeconds: heartbeatSeconds } } : {})
  }
  if (Object.keys(settings).length === 0) return undefined
  const hash = sha256(encode(ConnectionSettingsOffers, settings))
  return { offer: { ...settings, hash }, hash: hexOf(hash) }
}
