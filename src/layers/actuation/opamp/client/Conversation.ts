import { AgentToServer } from "../../../../domain/opamp/AgentToServer.ts"
import { AgentCapability, AgentToServerFlag, ServerToAgentFlag } from "../../../../domain/opamp/Capability.ts"
import type { TelemetryConnectionSettings } from "../../../../domain/opamp/ConnectionSettings.ts"
import { encode } from "../../../../domain/opamp/Encode.ts"
import { uidBytes } from "../../../../domain/opamp/InstanceUid.ts"
import type { Init } from "../../../../domain/opamp/MessageType.ts"
import type { AgentRemoteConfig } from "../../../../domain/opamp/RemoteConfig.ts"
import { ServerErrorResponseTypes, type ServerToAgent } from "../../../../domain/opamp/ServerToAgent.ts"
import type { AgentReport, ReportPart } from "./AgentReport.ts"

/** What a server asks of an agent. The calls are synchronous and must not wait. */
export interface AgentHandlers {
  readonly remoteConfig: (config: AgentRemoteConfig) => void
  readonly ownMetrics: (settings: TelemetryConnectionSettings) => void
  /** The server has given the agent another identity, from now on. */
  readonly newInstanceUid: (uid: Uint8Array) => void
}

/** How a message of the server was taken. */
export type Received =
  | { readonly _tag: "Taken" }
  /** The server wants to be left alone for so long; `undefined`: for as long as the agent thinks right. */
  | { readonly _tag: "Unavailable"; readonly retryAfterMillis: number | undefined }
  /** The server refuses the last message, which is not to be sent again. */
  | { readonly _tag: "BadRequest"; readonly message: string }

/** A day; what a server asks for beyond it is no heartbeat, and no timer. */
const longestHeartbeatSeconds = 86_400

const knownFlags = ServerToAgentFlag.ReportFullState | ServerToAgentFlag.ReportAvailableComponents

const parts: ReadonlyArray<ReportPart> = ["agentDescription", "health", "effectiveConfig", "remoteConfigStatus", "availableComponents"]

/**
 * One agent's side of OpAMP, whatever carries it: numbers messages, leaves out what the server knows, answers what it asks for.
 *
 * Of each part of the report only the latest state is kept, so nothing grows while the server is away.
 */
export class Conversation {
  private uid: Uint8Array
  private sequenceNum = 0
  private report: AgentReport
  private readonly capabilities: number
  private readonly handlers: AgentHandlers
  private unsent = new Set<ReportPart>(parts)
  private wantsComponents = false
  /** Flags obeyed since the agent last spoke by itself: a server that sets them in every reply does not make the two talk in circles. */
  private obeyed = 0
  private isAsked = false
  private isFirst = true
  private requestsUid: boolean
  private heartbeat: number | undefined = undefined
  private onNews: () => void = () => {}

  constructor(options: {
    readonly instanceUid: Uint8Array
    /** Let the server choose the identity; the given one is for the first message only. */
    readonly requestsUid?: boolean
    /** Of `AgentCapability`. */
    readonly capabilities: number
    readonly report: AgentReport
    readonly handlers: AgentHandlers
  }) {
    this.uid = options.instanceUid
    this.requestsUid = options.requestsUid ?? false
    this.capabilities = options.capabilities | AgentCapability.ReportsStatus
    this.report = options.report
    this.handlers = options.handlers
  }

  get instanceUid(): Uint8Array {
    return this.uid
  }

  /** Seconds between messages as the server has asked for; 0 for none, `undefined` while it has not asked. */
  get heartbeatSeconds(): number | undefined {
    return this.heartbeat
  }

  /** Whether there is something to say beyond being there. */
  get hasNews(): boolean {
    return this.isFirst || this.unsent.size > 0 || this.wantsComponents
  }

  /** `listener` is called when there is something to say; one at a time. */
  listen(listener: () => void): void {
    this.onNews = listener
  }

  /** Changes what is reported; parts that are equal byte for byte are no news. */
  update(change: Partial<AgentReport>): void {
    const before = this.report
    this.report = { ...before, ...change }
    for (const part of parts) {
      if (part in change && !sameBytes(this.encoded(before, part), this.encoded(this.report, part))) this.unsent.add(part)
    }
    if (this.unsent.size > 0) this.onNews()
  }

  /** A connection begins, or a message may be lost: the server needs everything anew. */
  startOver(): void {
    this.unsent = new Set(parts)
  }

  /** The next message: what has changed, or with nothing changed a heartbeat. It counts as sent. */
  next(): Uint8Array {
    const message = { ...this.envelope(), ...this.changes() }
    if (!this.isAsked) this.obeyed = this.unsent.size === parts.length ? ServerToAgentFlag.ReportFullState : 0
    this.isAsked = false
    this.unsent.clear()
    this.isFirst = false
    this.wantsComponents = false
    return encode(AgentToServer, message)
  }

  /** The last message. */
  goodbye(): Uint8Array {
    return encode(AgentToServer, { ...this.envelope(), agentDisconnect: {} })
  }

  receive(message: ServerToAgent): Received {
    if (!sameBytes(message.instanceUid, this.uid)) return taken
    const { errorResponse } = message
    if (errorResponse !== undefined) {
      const { type, errorMessage, retryInfo } = errorResponse
      if (type !== ServerErrorResponseTypes.Unavailable) return { _tag: "BadRequest", message: errorMessage }
      return {
        _tag: "Unavailable",
        retryAfterMillis: retryInfo === undefined ? undefined : Number(retryInfo.retryAfterNanoseconds / 1_000_000n)
      }
    }
    // A restart is not offered as a capability, so a command is passed over.
    this.take(message)
    return taken
  }

  private take({ flags, agentIdentification, remoteConfig, connectionSettings }: ServerToAgent): void {
    const uid = agentIdentification?.newInstanceUid
    if (uid?.length === uidBytes) {
      this.requestsUid = false
      if (!sameBytes(uid, this.uid)) this.rename(uid)
    }
    this.obey(flags & knownFlags & ~this.obeyed)
    if (remoteConfig !== undefined && this.can("AcceptsRemoteConfig")) this.handlers.remoteConfig(remoteConfig)
    if (connectionSettings?.ownMetrics !== undefined && this.can("ReportsOwnMetrics"))
      this.handlers.ownMetrics(connectionSettings.ownMetrics)
    const before = this.heartbeat
    if (connectionSettings?.opamp !== undefined && this.can("ReportsHeartbeat"))
      this.heartbeat = Math.min(connectionSettings.opamp.heartbeatIntervalSeconds, longestHeartbeatSeconds)
    if (this.hasNews || this.heartbeat !== before) this.onNews()
  }

  private obey(flags: number): void {
    if (flags === 0) return
    this.obeyed |= flags
    this.isAsked = true
    if ((flags & ServerToAgentFlag.ReportFullState) !== 0) this.startOver()
    if ((flags & ServerToAgentFlag.ReportAvailableComponents) !== 0) this.wantsComponents = true
  }

  private rename(uid: Uint8Array): void {
    this.uid = uid
    this.startOver()
    this.handlers.newInstanceUid(uid)
  }

  private can(capability: keyof typeof AgentCapability): boolean {
    return (this.capabilities & AgentCapability[capability]) !== 0
  }

  private envelope(): Init<AgentToServer> {
    return {
      instanceUid: this.uid,
      sequenceNum: this.sequenceNum++,
      capabilities: this.capabilities,
      flags: this.requestsUid ? AgentToServerFlag.RequestInstanceUid : 0
    }
  }

  private changes(): Init<AgentToServer> {
    const changed: { [P in ReportPart]?: unknown } = {}
    for (const part of this.unsent) {
      if (this.report[part] !== undefined) changed[part] = this.report[part]
    }
    const { availableComponents } = this.report
    if (availableComponents !== undefined) {
      if (this.wantsComponents) changed.availableComponents = availableComponents
      else if (changed.availableComponents !== undefined) changed.availableComponents = { ...availableComponents, components: new Map() }
    }
    return changed as Init<AgentToServer>
  }

  private encoded(report: AgentReport, part: ReportPart): Uint8Array {
    return encode(AgentToServer, {
      instanceUid: this.uid,
      sequenceNum: 0,
      capabilities: 0,
      flags: 0,
      [part]: report[part]
    } as Init<AgentToServer>)
  }
}

const taken: Received = { _tag: "Taken" }

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])
