import { assert, describe, it } from "@effect/vitest"
import type { AgentConnection } from "../../../src/control/fleet/AgentConnection.ts"
import { desiredConfig } from "../../../src/control/fleet/AgentRecord.ts"
import { hexOf } from "../../../src/control/fleet/ConfigHash.ts"
import type { FleetEvent } from "../../../src/control/fleet/FleetEvent.ts"
import { Roster } from "../../../src/control/fleet/Roster.ts"
import {
  AgentCapability,
  AgentConfigMap,
  type AgentToServer,
  decode,
  encode,
  formatUid,
  type Init,
  type MalformedMessage,
  type RemoteConfigStatuses,
  type ServerToAgent
} from "../../../src/opamp.ts"
import { capabilities, fullReport, message, statusOf, uidOf, yaml } from "../../support/opamp/Agent.ts"
import { Random } from "../../support/Random.ts"

const maxAgents = 6

const configs = ["a: 1", "a: 2", "a: 3"].map((text) => {
  const config = decode(AgentConfigMap, encode(AgentConfigMap, yaml(text))) as Exclude<AgentConfigMap, MalformedMessage>
  return desiredConfig(config)
})

/** What the server may know of an agent, from what it was told alone. */
interface Known {
  capabilities: number
  reported: string
  readonly failed: Set<string>
  desired: string | undefined
  status: "online" | "stale" | "offline"
}

const unknown = (): Known => ({ capabilities: 0, reported: "", failed: new Set(), desired: undefined, status: "offline" })

/** A fleet that strangers talk to in any order, and an account of what it may say. */
class Trial {
  readonly known = new Map<string, Known>()
  private readonly random: Random
  private readonly roster: Roster
  private readonly pushed: Array<Init<ServerToAgent>> = []
  private sockets: Array<AgentConnection> = []
  private events: Array<FleetEvent> = []
  private nowMillis = 1_000_000
  private lastId = 0

  constructor(seed: number) {
    this.random = new Random(seed)
    const options = { maxAgents, maxKeptBytes: 10_000, emit: (event: FleetEvent) => this.events.push(event), changed: () => {} }
    this.roster = new Roster(options, { ownMetrics: undefined, heartbeatSeconds: undefined }, [])
    for (let i = 0; i < 3; i++) this.connect()
  }

  private connect(): void {
    this.sockets.push({ id: ++this.lastId, kind: "websocket", push: (sent) => this.pushed.push(sent) })
  }

  step(): void {
    const { random } = this
    this.events = []
    this.pushed.length = 0
    const choice = random.int(20)
    if (choice === 0) this.lose()
    else if (choice === 1) this.pass(random.pick([1000, 20_000, 100_000, 400_000]))
    else if (choice < 5) this.desire()
    else this.say()
    this.accountForStatuses()
  }

  private lose(): void {
    const lost = this.random.pick(this.sockets)
    this.sockets = this.sockets.filter((socket) => socket !== lost)
    this.roster.lost(lost)
    this.connect()
  }

  private pass(millis: number): void {
    this.nowMillis += millis
    this.roster.tick(this.nowMillis)
  }

  private desire(): void {
    const uid = this.random.pick([...this.known.keys(), formatUid(uidOf(99))])
    const desired = this.random.pick([...configs, undefined])
    const known = this.known.get(uid)
    const isThere = this.roster.update(uid, (state) => ({ ...state, desired }), this.nowMillis)
    assert.strictEqual(isThere, known !== undefined)
    if (known === undefined) return
    known.desired = desired?.hash
    for (const push of this.pushed) {
      assert.strictEqual(formatUid(push.instanceUid!), uid)
      this.mayOffer(push, known)
    }
  }

  private say(): void {
    const { random } = this
    const socket = random.chance(0.2) ? undefined : random.pick(this.sockets)
    const uids = [
      ...[...this.known.keys()].map((uid) => Uint8Array.from(Buffer.from(uid.replaceAll("-", ""), "hex"))),
      uidOf(random.int(8))
    ]
    const instanceUid = random.chance(0.05) ? new Uint8Array(random.int(20)) : random.pick(uids)
    const sequenceNum = random.pick([0, 1, random.int(100), (this.roster.state(formatUid(instanceUid))?.sequence ?? 0) + 1])
    const of = random.pick([0, 1, capabilities, capabilities | AgentCapability.ReportsHeartbeat])
    const status = statusOf(
      random.pick([...configs.map(({ configHash }) => configHash), new Uint8Array(0)]),
      random.pick<keyof typeof RemoteConfigStatuses>(["APPLIED", "APPLYING", "FAILED", "UNSET"])
    )
    const fields: Init<AgentToServer> = {
      ...(random.chance(0.3) ? fullReport(instanceUid, sequenceNum) : { instanceUid, sequenceNum }),
      ...(random.chance(0.5) ? status : {}),
      ...(random.chance(0.1) ? { agentDisconnect: {} } : {}),
      ...(random.chance(0.05) ? { flags: 1 } : {}),
      capabilities: of
    }
    const sent = message(fields)
    const before = new Map([...this.known.keys()].map((uid) => [uid, this.roster.state(uid)]))
    const reply = this.roster.receive(socket, sent, this.nowMillis)
    assert.deepStrictEqual(reply.instanceUid, instanceUid)
    if (reply.errorResponse !== undefined) {
      assert.sameMembers(Object.keys(reply), ["instanceUid", "errorResponse"])
      return
    }
    for (const event of this.events) {
      if (event._tag !== "Reassigned") continue
      this.known.set(event.instanceUid, this.known.get(event.from)!)
      this.known.delete(event.from)
    }
    const key = formatUid(reply.agentIdentification?.newInstanceUid ?? instanceUid)
    // Whoever is told to be another one, without a place under that uid, was not listened to.
    if (this.roster.state(key) === before.get(key)) return assert.isUndefined(reply.remoteConfig)
    const known = this.known.get(key) ?? unknown()
    this.known.set(key, known)
    this.learn(known, sent)
    this.mayOffer(reply, known)
  }

  private learn(known: Known, sent: AgentToServer): void {
    if (sent.capabilities !== 0) known.capabilities = sent.capabilities
    const { remoteConfigStatus } = sent
    if (remoteConfigStatus === undefined) return
    known.reported = hexOf(remoteConfigStatus.lastRemoteConfigHash)
    if (remoteConfigStatus.status === 3 && known.reported !== "") known.failed.add(known.reported)
    if (remoteConfigStatus.status === 1) known.failed.delete(known.reported)
  }

  private mayOffer({ remoteConfig }: Init<ServerToAgent>, known: Known): void {
    if (remoteConfig === undefined) return
    const hash = hexOf(remoteConfig.configHash!)
    assert.strictEqual(hash, known.desired)
    assert.notStrictEqual(known.capabilities & AgentCapability.AcceptsRemoteConfig, 0)
    assert.notStrictEqual(hash, known.reported)
    assert.isFalse(known.failed.has(hash))
  }

  /** Events tell the whole story: who follows them knows every status. */
  private accountForStatuses(): void {
    for (const { _tag, instanceUid } of this.events) {
      const known = this.known.get(instanceUid)
      if (_tag === "Removed") this.known.delete(instanceUid)
      else if (known === undefined) continue
      else if (_tag === "Connected") {
        assert.notStrictEqual(known.status, "online")
        known.status = "online"
      } else if (_tag === "Disconnected") {
        assert.notStrictEqual(known.status, "offline")
        known.status = "offline"
      } else if (_tag === "Stale") {
        assert.strictEqual(known.status, "online")
        known.status = "stale"
      }
    }
    const statuses = this.roster.snapshots().map(({ instanceUid, status }) => [instanceUid, status] as const)
    assert.isAtMost(statuses.length, maxAgents)
    assert.deepStrictEqual(new Map(statuses), new Map([...this.known].map(([uid, { status }]) => [uid, status])))
  }
}

describe("a roster", () => {
  it("whatever is said to it: offers only what may be offered, keeps errors alone, and tells of every change", () => {
    for (let seed = 0; seed < 100; seed++) {
      const trial = new Trial(seed)
      for (let step = 0; step < 150; step++) {
        try {
          trial.step()
        } catch (error) {
          throw new Error(`seed ${seed}, step ${step}`, { cause: error })
        }
      }
    }
  })
})
