import { randomBytes } from "node:crypto"
import { AvailableComponents, type ComponentDetails } from "../../domain/opamp/AgentDescription.ts"
import type { AgentToServer } from "../../domain/opamp/AgentToServer.ts"
import { AgentToServerFlag } from "../../domain/opamp/Capability.ts"
import { encode } from "../../domain/opamp/Encode.ts"
import { formatUid, makeUid, uidBytes } from "../../domain/opamp/InstanceUid.ts"
import type { Init } from "../../domain/opamp/MessageType.ts"
import { type ServerToAgent, ServerErrorResponseTypes } from "../../domain/opamp/ServerToAgent.ts"
import type { AgentConnection } from "./AgentConnection.ts"
import { differs } from "./AgentRecord.ts"
import { type AgentSnapshot, snapshot } from "./AgentSnapshot.ts"
import { type AgentLink, type AgentState, has, polling, unheard } from "./AgentState.ts"
import type { FleetEvent } from "./FleetEvent.ts"
import { FleetPolicy, type FleetSettings } from "./FleetPolicy.ts"
import { hear, serverCapabilities } from "./Hear.ts"
import { offers } from "./Offers.ts"
import { leave, watch } from "./Watch.ts"

export interface RosterOptions {
  readonly maxAgents: number
  readonly maxKeptBytes: number
  /** Called for each event, in order. */
  readonly emit: (event: FleetEvent) => unknown
  /** Called when what is to outlive the process has changed, or the agent is no more. */
  readonly changed: (instanceUid: string) => unknown
}

/** So many messages an agent may have sent into a connection that was dead already, and still take over from itself. */
const takeOverWindow = 32
/** How many uids that were replaced are remembered, and how many sets of components. */
const maxRemembered = 1024
const maxComponents = 256
/** How long an agent is told to wait when the fleet is full. */
const fullRetryNanos = 30_000_000_000n

/**
 * All agents and their connections; synchronous, so that transports call it from their callbacks.
 *
 * **Full** (`maxAgents`): who is longest offline makes room; if nobody is offline, a new agent is told UNAVAILABLE. **Fails**: a message
 * that breaks the protocol is answered BadRequest and changes nothing. **Closes**: the transports close; nothing is held here.
 */
export class Roster {
  private readonly agents = new Map<string, AgentState>()
  private readonly connections = new Map<number, Connected>()
  /** Uids that were replaced on request, and by what: a reply that got lost is given again. */
  private readonly replaced = new Map<string, Uint8Array>()
  private readonly components = new Map<string, ReadonlyMap<string, ComponentDetails>>()
  private readonly options: RosterOptions
  private settings: FleetSettings
  private policy: FleetPolicy

  constructor(options: RosterOptions, settings: FleetSettings, agents: Iterable<AgentState>) {
    this.options = options
    this.settings = settings
    this.policy = this.policyOf(settings)
    for (const agent of agents) this.agents.set(agent.instanceUid, agent)
  }

  get size(): number {
    return this.agents.size
  }

  state(instanceUid: string): AgentState | undefined {
    return this.agents.get(instanceUid)
  }

  snapshots(): ReadonlyArray<AgentSnapshot> {
    return [...this.agents.values()].map((state) => snapshot(state, this.components.get(state.componentsHash)))
  }

  snapshot(instanceUid: string): AgentSnapshot | undefined {
    const state = this.agents.get(instanceUid)
    return state === undefined ? undefined : snapshot(state, this.components.get(state.componentsHash))
  }

  /** A message and its reply. `connection` is `undefined` for a poll over HTTP. */
  receive(connection: AgentConnection | undefined, message: AgentToServer, nowMillis: number): Init<ServerToAgent> {
    const { instanceUid } = message
    if (instanceUid.length !== uidBytes) {
      return refusal(message, ServerErrorResponseTypes.BadRequest, `instance_uid has ${instanceUid.length} bytes; expected ${uidBytes}`)
    }
    const key = formatUid(instanceUid)
    const replacement = this.replaced.get(key)
    if (replacement !== undefined) return identify(message, replacement)
    const known = this.agents.get(key)
    const link = connection ?? polling
    if (known !== undefined && this.isTaken(known, link, message)) return identify(message, this.otherUid(connection, key, nowMillis))
    if (known === undefined && !this.makeRoom()) {
      return refusal(message, ServerErrorResponseTypes.Unavailable, `the fleet is full (${this.options.maxAgents} agents)`, fullRetryNanos)
    }
    const asksUid = has(message.flags, AgentToServerFlag.RequestInstanceUid)
    const before = asksUid ? this.rename(known ?? unheard(instanceUid), nowMillis) : (known ?? unheard(instanceUid))

    const [after, reply, events] = hear(before, message, { nowMillis, link, policy: this.policy })
    this.put(before, after)
    if (connection !== undefined) this.speaks(connection, key, after)
    this.learn(after.componentsHash, message.availableComponents)
    events.forEach(this.options.emit)
    return asksUid ? { ...reply, agentIdentification: { newInstanceUid: after.uid } } : reply
  }

  /** The end of a connection: its agents are offline, but those that speak on another one by now. */
  lost(connection: AgentConnection): void {
    const uids = this.connections.get(connection.id)?.uids ?? []
    this.connections.delete(connection.id)
    for (const uid of uids) {
      const state = this.agents.get(uid)
      if (state?.link?.id === connection.id) this.move(state, leave(state, "connection_lost"))
    }
  }

  /** Time has passed. */
  tick(nowMillis: number): void {
    for (const state of this.agents.values()) {
      const outcome = watch(state, nowMillis, this.policy)
      if (outcome !== undefined) this.move(state, outcome)
    }
  }

  /** Changes an agent in a way that is saved already, and tells it at once where it can be reached; false if there is no such agent. */
  update(instanceUid: string, change: (state: AgentState) => AgentState, nowMillis: number): boolean {
    const state = this.agents.get(instanceUid)
    if (state === undefined) return false
    const after = change(state)
    this.agents.set(instanceUid, after)
    this.push(after, nowMillis)
    return true
  }

  configure(settings: Partial<FleetSettings>, nowMillis: number): void {
    this.settings = { ...this.settings, ...settings }
    this.policy = this.policyOf(this.settings)
    for (const state of this.agents.values()) this.push(state, nowMillis)
  }

  private push(state: AgentState, nowMillis: number): void {
    const connection = state.link === undefined ? undefined : this.connections.get(state.link.id)?.connection
    if (connection === undefined) return
    const [after, offer] = offers(state, nowMillis, this.policy, false)
    if (after === state) return
    this.put(state, after)
    connection.push({ instanceUid: state.uid, capabilities: serverCapabilities, ...offer })
  }

  /**
   * Whether the uid belongs to somebody else: it is in use on a socket, and this message does not go on where that one stopped. An
   * agent whose socket died unnoticed goes on with its sequence on the next one, so that it is no duplicate of itself.
   */
  private isTaken(known: AgentState, link: AgentLink, message: AgentToServer): boolean {
    if (known.status !== "online" || known.link?.kind !== "websocket" || known.link.id === link.id) return false
    const step = message.sequenceNum - (known.sequence ?? Number.NaN)
    return !(step > 0 && step <= takeOverWindow)
  }

  /** Another uid for the second user of one; on one connection always the same. */
  private otherUid(connection: AgentConnection | undefined, key: string, nowMillis: number): Uint8Array {
    const fresh = newUid(nowMillis)
    if (connection === undefined) return fresh
    const { others } = this.connected(connection)
    const other = others.get(key) ?? fresh
    others.set(key, other)
    forgetOldest(others, maxRemembered)
    return other
  }

  private rename(state: AgentState, nowMillis: number): AgentState {
    const uid = newUid(nowMillis)
    const renamed = { ...state, uid, instanceUid: formatUid(uid) }
    this.replaced.set(state.instanceUid, uid)
    forgetOldest(this.replaced, maxRemembered)
    if (this.agents.delete(state.instanceUid)) {
      this.options.changed(state.instanceUid)
      this.options.emit({ _tag: "Reassigned", instanceUid: renamed.instanceUid, from: state.instanceUid })
    }
    return renamed
  }

  private makeRoom(): boolean {
    if (this.agents.size < this.options.maxAgents) return true
    let oldest: AgentState | undefined
    for (const state of this.agents.values()) {
      if (state.status === "offline" && (oldest === undefined || state.lastSeenMillis < oldest.lastSeenMillis)) oldest = state
    }
    if (oldest === undefined) return false
    this.agents.delete(oldest.instanceUid)
    this.options.changed(oldest.instanceUid)
    this.options.emit({ _tag: "Removed", instanceUid: oldest.instanceUid })
    return true
  }

  private connected(connection: AgentConnection): Connected {
    let connected = this.connections.get(connection.id)
    if (connected === undefined) this.connections.set(connection.id, (connected = { connection, uids: new Set(), others: new Map() }))
    return connected
  }

  private speaks(connection: AgentConnection, key: string, state: AgentState): void {
    const { uids } = this.connected(connection)
    uids.delete(key)
    if (state.status === "online") uids.add(state.instanceUid)
  }

  private learn(hash: string, available: AvailableComponents | undefined): void {
    if (hash === "" || available === undefined || available.components.size === 0) return
    if (encode(AvailableComponents, available).length > this.options.maxKeptBytes) return
    this.components.delete(hash)
    this.components.set(hash, available.components)
    forgetOldest(this.components, maxComponents)
  }

  private move(before: AgentState, [after, event]: readonly [AgentState, FleetEvent]): void {
    this.put(before, after)
    this.options.emit(event)
  }

  private put(before: AgentState, after: AgentState): void {
    const isNew = !this.agents.has(after.instanceUid)
    this.agents.set(after.instanceUid, after)
    if (isNew || differs(before, after)) this.options.changed(after.instanceUid)
  }

  private policyOf(settings: FleetSettings): FleetPolicy {
    return new FleetPolicy(settings, this.options.maxKeptBytes, (hash) => this.components.has(hash))
  }
}

interface Connected {
  readonly connection: AgentConnection
  readonly uids: Set<string>
  /** Uids that are somebody else's, and what their users on this connection were told to use. */
  readonly others: Map<string, Uint8Array>
}

const newUid = (nowMillis: number): Uint8Array => makeUid(nowMillis, randomBytes(10))

const identify = ({ instanceUid }: AgentToServer, newInstanceUid: Uint8Array): Init<ServerToAgent> => ({
  instanceUid,
  capabilities: serverCapabilities,
  agentIdentification: { newInstanceUid }
})

/** An error stands alone in its message. */
const refusal = (
  { instanceUid }: AgentToServer,
  type: number,
  errorMessage: string,
  retryAfterNanoseconds?: bigint
): Init<ServerToAgent> => ({
  instanceUid,
  errorResponse: { type, errorMessage, ...(retryAfterNanoseconds === undefined ? {} : { retryInfo: { retryAfterNanoseconds } }) }
})

const forgetOldest = (map: Map<string, unknown>, most: number): void => {
  if (map.size > most) map.delete(map.keys().next().value!)
}
