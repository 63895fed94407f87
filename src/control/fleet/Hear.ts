import { AgentDescription } from "../../domain/opamp/AgentDescription.ts"
import type { AgentToServer } from "../../domain/opamp/AgentToServer.ts"
import { ServerCapability, ServerToAgentFlag } from "../../domain/opamp/Capability.ts"
import { ComponentHealth } from "../../domain/opamp/ComponentHealth.ts"
import type { ConnectionSettingsStatus } from "../../domain/opamp/ConnectionSettings.ts"
import { encode } from "../../domain/opamp/Encode.ts"
import type { Init, MessageType } from "../../domain/opamp/MessageType.ts"
import { EffectiveConfig, RemoteConfigStatus, RemoteConfigStatuses } from "../../domain/opamp/RemoteConfig.ts"
import type { ServerToAgent } from "../../domain/opamp/ServerToAgent.ts"
import { type AgentLink, type AgentState, configState, type StatusReport } from "./AgentState.ts"
import { hexOf } from "./ConfigHash.ts"
import type { FleetEvent } from "./FleetEvent.ts"
import type { FleetPolicy } from "./FleetPolicy.ts"
import { offers } from "./Offers.ts"

/** What this server can do; it stands in every reply but errors. */
export const serverCapabilities =
  ServerCapability.AcceptsStatus |
  ServerCapability.OffersRemoteConfig |
  ServerCapability.AcceptsEffectiveConfig |
  ServerCapability.OffersConnectionSettings

/** So often in a row an agent is asked for its full state at once; one that does not give it is asked at the pace of heartbeats then. */
const maxAsks = 4
const askAgainMillis = 30_000

/** Where messages were lost, offers may have been too; with an agent that cannot count they may come again only so soon. */
const offerAgainMillis = 5000

/** How many failed configurations of one agent are remembered, and how much of what it says that has no size: texts, hashes, names. */
const maxFailed = 64
const maxTextLength = 4096
const maxHashBytes = 64
const maxCustomCapabilities = 64

export interface Hearing {
  readonly nowMillis: number
  readonly link: AgentLink
  readonly policy: FleetPolicy
}

/**
 * One message of an agent: its state afterwards, the reply, and what is new. Every message is answered, copies too; with nothing to say
 * the reply is the uid and capabilities alone.
 *
 * - A step in the sequence other than one means that a report was lost, unless the message is a full one: the reply asks for the full state.
 *   Polls over HTTP that carry nothing and do not count (sequence 0) are no step.
 * - Capabilities 0 mean unchanged. Sub-messages that are not there mean unchanged.
 * - Custom messages, package statuses and requests for connection settings are beyond what this server announces: ignored.
 */
export const hear = (
  state: AgentState,
  message: AgentToServer,
  { nowMillis, link, policy }: Hearing
): readonly [AgentState, Init<ServerToAgent>, ReadonlyArray<FleetEvent>] => {
  const { instanceUid } = state
  const reply: Init<ServerToAgent> = { instanceUid: message.instanceUid, capabilities: serverCapabilities }
  const isNew = state.status === "offline" || state.link?.id !== link.id
  const capabilities = message.capabilities === 0 ? state.capabilities : message.capabilities
  const counts = state.sequence === undefined || !isPoll(message, link)
  const gap = counts && message.sequenceNum !== (state.sequence ?? Number.NaN) + 1

  const events: Array<FleetEvent> = []
  const heard = report(
    {
      ...state,
      link,
      capabilities,
      status: "online",
      lastSeenMillis: nowMillis,
      sequence: counts ? message.sequenceNum : state.sequence,
      offeredConfig: isNew ? "" : state.offeredConfig,
      offeredSettings: isNew ? "" : state.offeredSettings,
      componentsAsked: isNew ? "" : state.componentsAsked
    },
    message,
    policy,
    events
  )

  if (message.agentDisconnect !== undefined) {
    if (state.status !== "offline") events.push({ _tag: "Disconnected", instanceUid, reason: "agent_disconnect" })
    return [{ ...heard, status: "offline", link: undefined }, reply, events]
  }
  if (state.status !== "online") events.unshift({ _tag: "Connected", instanceUid })

  const isFull = tellsAll(message, state)
  const isMissing = (gap && !isFull) || (state.asks > 0 && !isFull && (gap || message.agentDescription === undefined))
  const asksFull = isMissing && (isNew || state.asks < maxAsks || nowMillis - state.askedMillis >= askAgainMillis)
  const asksComponents = lacksComponents(heard, message, policy)
  const [next, offer] = offers(
    {
      ...heard,
      asks: isMissing ? state.asks + (asksFull ? 1 : 0) : 0,
      askedMillis: asksFull ? nowMillis : state.askedMillis,
      componentsAsked: asksComponents ? heard.componentsHash : heard.componentsAsked
    },
    nowMillis,
    policy,
    isNew || (gap && nowMillis - state.offeredMillis >= offerAgainMillis)
  )
  const flags = (asksFull ? ServerToAgentFlag.ReportFullState : 0) | (asksComponents ? ServerToAgentFlag.ReportAvailableComponents : 0)
  return [next, { ...reply, ...offer, flags }, events]
}

/** Takes over what the message reports; what has changed becomes events. */
const report = (state: AgentState, message: AgentToServer, policy: FleetPolicy, events: Array<FleetEvent>): AgentState => {
  const { instanceUid } = state
  const omitted = new Set(state.omitted)
  const changed = <A>(name: string, type: MessageType<A>, known: A | undefined, reported: A | undefined): A | undefined => {
    if (reported === undefined) return undefined
    const bytes = encode(type, reported as Init<A>)
    if (bytes.length > policy.maxKeptBytes) {
      omitted.add(name)
      return undefined
    }
    omitted.delete(name)
    return known !== undefined && Buffer.compare(bytes, encode(type, known as Init<A>)) === 0 ? undefined : reported
  }
  const description = changed("description", AgentDescription, state.description, message.agentDescription)
  const health = changed("health", ComponentHealth, state.health, message.health)
  const effectiveConfig = changed("effectiveConfig", EffectiveConfig, state.effectiveConfig, message.effectiveConfig)
  const status = changed("remoteConfigStatus", RemoteConfigStatus, state.remoteConfigStatus, cut(message.remoteConfigStatus))
  if (description !== undefined) events.push({ _tag: "Description", instanceUid, description })
  if (health !== undefined) events.push({ _tag: "Health", instanceUid, health })
  if (effectiveConfig !== undefined) events.push({ _tag: "EffectiveConfig", instanceUid, effectiveConfig })
  if (status !== undefined) {
    const hash = hexOf(status.lastRemoteConfigHash)
    events.push({ _tag: "ConfigStatus", instanceUid, hash, status: configState(status.status), message: status.errorMessage })
  }
  return {
    ...state,
    description: description ?? without(omitted, "description", state.description),
    health: health ?? without(omitted, "health", state.health),
    effectiveConfig: effectiveConfig ?? without(omitted, "effectiveConfig", state.effectiveConfig),
    remoteConfigStatus: status ?? state.remoteConfigStatus,
    failed: status === undefined ? state.failed : failures(state.failed, status),
    settingsStatus:
      message.connectionSettingsStatus === undefined ? state.settingsStatus : settingsStatus(message.connectionSettingsStatus),
    customCapabilities:
      message.customCapabilities === undefined ? state.customCapabilities : names(message.customCapabilities.capabilities),
    componentsHash: message.availableComponents === undefined ? state.componentsHash : shortHex(message.availableComponents.hash),
    omitted: omitted.size === 0 ? [] : [...omitted]
  }
}

const cut = (status: RemoteConfigStatus | undefined): RemoteConfigStatus | undefined =>
  status === undefined
    ? undefined
    : {
        ...status,
        lastRemoteConfigHash: status.lastRemoteConfigHash.slice(0, maxHashBytes),
        errorMessage: status.errorMessage.slice(0, maxTextLength)
      }

const settingsStatus = ({ lastConnectionSettingsHash, status, errorMessage }: ConnectionSettingsStatus): StatusReport => ({
  hash: shortHex(lastConnectionSettingsHash),
  status: configState(status),
  message: errorMessage.slice(0, maxTextLength)
})

const names = (capabilities: ReadonlyArray<string>): ReadonlyArray<string> =>
  capabilities.slice(0, maxCustomCapabilities).map((name) => name.slice(0, maxTextLength))

const shortHex = (hash: Uint8Array): string => hexOf(hash.subarray(0, maxHashBytes))

/** What was known of a part is no longer true where the part has become too large to keep. */
const without = <A>(omitted: ReadonlySet<string>, name: string, known: A | undefined): A | undefined =>
  omitted.has(name) ? undefined : known

const failures = (failed: ReadonlyArray<string>, status: RemoteConfigStatus): ReadonlyArray<string> => {
  const hash = hexOf(status.lastRemoteConfigHash)
  const others = failed.filter((known) => known !== hash)
  if (status.status === RemoteConfigStatuses.FAILED && hash !== "") return [...others, hash].slice(-maxFailed)
  // An agent that has got the better of it needs no protection from it.
  return status.status === RemoteConfigStatuses.APPLIED && others.length < failed.length ? others : failed
}

const isPoll = (message: AgentToServer, link: AgentLink): boolean =>
  link.kind === "http" &&
  message.sequenceNum === 0 &&
  message.flags === 0 &&
  message.agentDescription === undefined &&
  message.health === undefined &&
  message.effectiveConfig === undefined &&
  message.remoteConfigStatus === undefined &&
  message.packageStatuses === undefined &&
  message.agentDisconnect === undefined &&
  message.availableComponents === undefined &&
  message.connectionSettingsStatus === undefined

/**
 * Whether a message tells all that there is: it has the description, and whatever else the agent has ever told. What an agent could report by its
 * capabilities and has never told is not waited for: many have nothing to say, and asking again would not change that.
 */
const tellsAll = (message: AgentToServer, known: AgentState): boolean =>
  message.agentDescription !== undefined &&
  (message.health !== undefined || known.health === undefined) &&
  (message.effectiveConfig !== undefined || known.effectiveConfig === undefined) &&
  (message.remoteConfigStatus !== undefined || known.remoteConfigStatus === undefined)

const lacksComponents = (state: AgentState, { availableComponents }: AgentToServer, policy: FleetPolicy): boolean =>
  availableComponents !== undefined &&
  availableComponents.components.size === 0 &&
  state.componentsHash !== "" &&
  state.componentsAsked !== state.componentsHash &&
  !policy.knowsComponents(state.componentsHash)
