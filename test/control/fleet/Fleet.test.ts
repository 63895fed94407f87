import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as TestClock from "effect/testing/TestClock"
import type { AgentConnection } from "../../../src/control/fleet/AgentConnection.ts"
import { configHash, hexOf } from "../../../src/control/fleet/ConfigHash.ts"
import { Fleet, type FleetOptions } from "../../../src/control/fleet/Fleet.ts"
import type { FleetEvent } from "../../../src/control/fleet/FleetEvent.ts"
import { FleetStore, FleetStoreError } from "../../../src/control/fleet/FleetStore.ts"
import { AgentCapability, type AgentToServer, formatUid, type Init, type ServerToAgent } from "../../../src/opamp.ts"
import { capabilities, description, fullReport, message, statusOf, uidOf, yaml } from "../../support/opamp/Agent.ts"

const uid = uidOf(1)
const key = formatUid(uid)

class Socket implements AgentConnection {
  readonly kind = "websocket"
  readonly id: number
  readonly pushed: Array<Init<ServerToAgent>> = []

  constructor(id: number) {
    this.id = id
  }

  push(sent: Init<ServerToAgent>): void {
    this.pushed.push(sent)
  }
}

const withFleet = <A, E, R = never>(use: (fleet: Fleet["Service"]) => Effect.Effect<A, E, R>, options: Partial<FleetOptions> = {}) =>
  Effect.gen(function* () {
    return yield* use(yield* Fleet)
  }).pipe(Effect.provide(Layer.provideMerge(Fleet.layer(options), FleetStore.layerMemory)))

/** A fleet whose calls are short: `say` is a message over `socket`, or a poll where it is `undefined`. */
const talk = (fleet: Fleet["Service"]) => (socket: Socket | undefined, fields: Init<AgentToServer>) =>
  fleet.receive(socket, message(fields))

const asksFull = (reply: Init<ServerToAgent>) => ((reply.flags ?? 0) & 1) !== 0
const asksComponents = (reply: Init<ServerToAgent>) => ((reply.flags ?? 0) & 2) !== 0
const offeredHash = ({ remoteConfig }: Init<ServerToAgent>) => (remoteConfig === undefined ? undefined : hexOf(remoteConfig.configHash!))

describe("sequence numbers", () => {
  it.effect("ask for the full state where a report was lost, and only there", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        const socket = new Socket(1)
        assert.isTrue(asksFull(say(socket, { instanceUid: uid, sequenceNum: 0, capabilities })))
        assert.isFalse(asksFull(say(socket, fullReport(uid, 1))))
        assert.isFalse(asksFull(say(socket, { instanceUid: uid, sequenceNum: 2, capabilities })))
        assert.isFalse(asksFull(say(socket, { instanceUid: uid, sequenceNum: 3 })))
        assert.isTrue(asksFull(say(socket, { instanceUid: uid, sequenceNum: 5 })))
        assert.isFalse(asksFull(say(socket, fullReport(uid, 6))))
        // A restart: back to the start, but in full.
        assert.isFalse(asksFull(say(socket, fullReport(uid, 0))))
        assert.isFalse(asksFull(say(socket, { instanceUid: uid, sequenceNum: 1 })))
        // A copy is answered.
        assert.deepStrictEqual(say(socket, { instanceUid: uid, sequenceNum: 1 }).instanceUid, uid)
      })
    )
  )

  it.effect("ask an agent that tells little once at most, and still see its gaps", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        const socket = new Socket(1)
        const little = { instanceUid: uid, capabilities, agentDescription: description("small") }
        assert.isFalse(asksFull(say(socket, { ...little, sequenceNum: 1 })))
        for (let n = 2; n < 8; n++) assert.isFalse(asksFull(say(socket, { instanceUid: uid, sequenceNum: n, capabilities })))
        assert.isTrue(asksFull(say(socket, { instanceUid: uid, sequenceNum: 9, capabilities })))
        assert.isFalse(asksFull(say(socket, { ...little, sequenceNum: 10 })))
        // What was told once has to be told again after a gap.
        assert.isFalse(asksFull(say(socket, { instanceUid: uid, sequenceNum: 11, health: { healthy: true } })))
        assert.isTrue(asksFull(say(socket, { ...little, sequenceNum: 13 })))
      })
    )
  )

  it.effect("of 0 in polls without content are no gap", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        assert.isFalse(asksFull(say(undefined, fullReport(uid, 1))))
        for (let poll = 0; poll < 3; poll++) assert.isFalse(asksFull(say(undefined, { instanceUid: uid })))
        assert.isFalse(asksFull(say(undefined, { instanceUid: uid, sequenceNum: 2 })))
        assert.isTrue(asksFull(say(undefined, { instanceUid: uidOf(2) })))
      })
    )
  )

  it.effect("do not make a storm with an agent that never tells all: it is asked at the pace of heartbeats", () =>
    withFleet((fleet) =>
      Effect.gen(function* () {
        const say = talk(fleet)
        const socket = new Socket(1)
        const asked = Array.from({ length: 50 }, () => asksFull(say(socket, { instanceUid: uid, sequenceNum: 7, capabilities })))
        assert.isAtMost(asked.filter(Boolean).length, 5)
        yield* TestClock.adjust("31 seconds")
        assert.isTrue(asksFull(say(socket, { instanceUid: uid, sequenceNum: 7 })))
      })
    )
  )

  it.effect("ask again after a reply that may have been lost with its connection", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        const [first, second] = [new Socket(1), new Socket(2)]
        assert.isTrue(asksFull(say(first, { instanceUid: uid, sequenceNum: 4, capabilities })))
        fleet.lost(first)
        assert.isTrue(asksFull(say(second, { instanceUid: uid, sequenceNum: 5 })))
      })
    )
  )
})

describe("remote configuration", () => {
  const old = configHash(yaml("a: 1"))

  it.effect("is pushed when it is set, and offered until the agent has its hash", () =>
    withFleet((fleet) =>
      Effect.gen(function* () {
        const say = talk(fleet)
        const socket = new Socket(1)
        assert.isUndefined(offeredHash(say(socket, fullReport(uid, 1))))
        const hash = yield* fleet.setDesired(key, yaml("a: 2"))
        assert.deepStrictEqual(socket.pushed.map(offeredHash), [hash])
        assert.isUndefined(offeredHash(say(socket, { instanceUid: uid, sequenceNum: 2 })))
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(offeredHash(say(socket, { instanceUid: uid, sequenceNum: 3 })), hash)
        say(socket, { instanceUid: uid, sequenceNum: 4, ...statusOf(configHash(yaml("a: 2")), "APPLIED") })
        yield* TestClock.adjust("30 seconds")
        assert.isUndefined(offeredHash(say(socket, { instanceUid: uid, sequenceNum: 5 })))
        assert.deepStrictEqual(fleet.agent(key)!.remoteConfig, { status: "applied", hash: hash!, message: "" })
      })
    )
  )

  it.effect("that has failed is not offered again, also after the agent has gone back, until a retry or another one", () =>
    withFleet((fleet) =>
      Effect.gen(function* () {
        const say = talk(fleet)
        const socket = new Socket(1)
        say(socket, fullReport(uid, 1, statusOf(old, "APPLIED")))
        const bad = yield* fleet.setDesired(key, yaml("a: bad"))
        say(socket, { instanceUid: uid, sequenceNum: 2, ...statusOf(configHash(yaml("a: bad")), "FAILED", "no") })
        say(socket, { instanceUid: uid, sequenceNum: 3, ...statusOf(old, "APPLIED") })
        yield* TestClock.adjust("5 minutes")
        assert.isUndefined(offeredHash(say(socket, { instanceUid: uid, sequenceNum: 4 })))
        assert.isUndefined(offeredHash(say(new Socket(2), fullReport(uid, 5, statusOf(old, "APPLIED")))))
        assert.deepStrictEqual(fleet.agent(key)!.failedHashes, [bad!])
        yield* fleet.retry(key)
        assert.strictEqual(offeredHash(say(new Socket(3), fullReport(uid, 6, statusOf(old, "APPLIED")))), bad)
        const good = yield* fleet.setDesired(key, yaml("a: good"))
        assert.notStrictEqual(good, bad)
      })
    )
  )

  it.effect("is not offered again and again to an agent that cannot count and answers every offer", () =>
    withFleet((fleet) =>
      Effect.gen(function* () {
        const say = talk(fleet)
        const socket = new Socket(1)
        say(socket, fullReport(uid, 0))
        yield* fleet.setDesired(key, yaml("a: 1"))
        yield* fleet.setOwnMetrics({ destinationEndpoint: "http://127.0.0.1:4321/v1/metrics" })
        const replies = Array.from({ length: 50 }, () => say(socket, fullReport(uid, 0)))
        assert.deepStrictEqual(
          replies.map(offeredHash).filter((hash) => hash !== undefined),
          []
        )
        yield* TestClock.adjust("6 seconds")
        assert.isDefined(offeredHash(say(socket, fullReport(uid, 0))))
      })
    )
  )

  it.effect("comes only to agents that accept it, as long as they do", () =>
    withFleet((fleet) =>
      Effect.gen(function* () {
        const say = talk(fleet)
        const socket = new Socket(1)
        say(socket, fullReport(uid, 1, { capabilities: 1 }))
        const hash = yield* fleet.setDesired(key, yaml("a: 2"))
        assert.deepStrictEqual(socket.pushed, [])
        assert.isUndefined(offeredHash(say(socket, { instanceUid: uid, sequenceNum: 2 })))
        assert.strictEqual(offeredHash(say(socket, { instanceUid: uid, sequenceNum: 3, capabilities })), hash)
        yield* TestClock.adjust("1 minute")
        assert.isUndefined(offeredHash(say(socket, { instanceUid: uid, sequenceNum: 4, capabilities: 1 })))
      })
    )
  )

  it.effect("has a hash of its content alone", () =>
    Effect.sync(() => {
      const body = new TextEncoder().encode("x")
      const of = (...entries: ReadonlyArray<[string, object]>) => hexOf(configHash({ configMap: new Map(entries) }))
      const both = of(["a", { body }], ["b", { body, role: "r" }])
      assert.strictEqual(of(["b", { body, role: "r" }], ["a", { body }]), both)
      const hashes = [
        both,
        of(["a", { body }]),
        of(["b", { body }]),
        of(["a", { body, role: "r" }]),
        of(["a", { body, contentType: "r" }]),
        of()
      ]
      assert.strictEqual(new Set(hashes).size, hashes.length)
    })
  )

  it.effect("of an agent that nobody knows, and one that is too large, are refused", () =>
    withFleet(
      (fleet) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(fleet.setDesired(key, yaml("a")))).message, `no agent is known as ${key}`)
          talk(fleet)(undefined, fullReport(uid, 1))
          const error = yield* Effect.flip(fleet.setDesired(key, yaml("a".repeat(2000))))
          assert.match(error.message, /expected at most 1000/)
        }),
      { maxConfigBytes: 1000 }
    )
  )
})

describe("uids", () => {
  it.effect("are given on request: the agent keeps its place under the new one, and the old one points to it", () =>
    withFleet((fleet) =>
      Effect.gen(function* () {
        const say = talk(fleet)
        const socket = new Socket(1)
        const reply = say(socket, fullReport(uid, 1, { flags: 1 }))
        assert.deepStrictEqual(reply.instanceUid, uid)
        const given = reply.agentIdentification!.newInstanceUid!
        assert.strictEqual(formatUid(given)[14], "7")
        assert.deepStrictEqual(
          fleet.agents().map(({ instanceUid }) => instanceUid),
          [formatUid(given)]
        )
        assert.deepStrictEqual(say(socket, { instanceUid: uid, sequenceNum: 2 }).agentIdentification, { newInstanceUid: given })
        assert.isFalse(asksFull(say(socket, { instanceUid: given, sequenceNum: 2 })))
        const hash = yield* fleet.setDesired(formatUid(given), yaml("a: 1"))
        assert.deepStrictEqual(socket.pushed.map(offeredHash), [hash])
        assert.deepStrictEqual(socket.pushed[0]!.instanceUid, given)
      })
    )
  )

  it.effect("in use on another socket are replaced, without a trace on the one that has it", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        const [first, second] = [new Socket(1), new Socket(2)]
        say(first, fullReport(uid, 100))
        const before = fleet.agents()
        const reply = say(second, fullReport(uid, 0, { agentDescription: {} }))
        const given = reply.agentIdentification!.newInstanceUid!
        assert.deepStrictEqual(reply.instanceUid, uid)
        assert.deepStrictEqual(say(second, { instanceUid: uid, sequenceNum: 1 }).agentIdentification!.newInstanceUid, given)
        assert.deepStrictEqual(fleet.agents(), before)
        assert.isFalse(asksFull(say(second, fullReport(given, 2))))
        fleet.lost(second)
        assert.deepStrictEqual(
          fleet.agents().map(({ status }) => status),
          ["online", "offline"]
        )
      })
    )
  )

  it.effect("stay with an agent that goes on on another socket; the end of the old one changes nothing", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        const [first, second] = [new Socket(1), new Socket(2)]
        say(first, fullReport(uid, 100))
        const reply = say(second, { instanceUid: uid, sequenceNum: 101 })
        assert.isUndefined(reply.agentIdentification)
        assert.isFalse(asksFull(reply))
        fleet.lost(first)
        assert.strictEqual(fleet.agent(key)!.status, "online")
        fleet.lost(second)
        assert.strictEqual(fleet.agent(key)!.status, "offline")
      })
    )
  )

  it.effect("of another length are refused, and nothing is kept of the message", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        for (const length of [0, 3, 15, 17, 26]) {
          const reply = talk(fleet)(undefined, fullReport(new Uint8Array(length), 1))
          assert.strictEqual(reply.errorResponse!.type, 1)
          assert.sameMembers(Object.keys(reply), ["instanceUid", "errorResponse"])
        }
        assert.deepStrictEqual(fleet.agents(), [])
      })
    )
  )
})

describe("presence", () => {
  it.effect("is told in events: connected, described, gone, back", () =>
    Effect.scoped(
      withFleet((fleet) =>
        Effect.gen(function* () {
          const events = yield* fleet.subscribe
          const say = talk(fleet)
          const socket = new Socket(1)
          say(socket, fullReport(uid, 1))
          say(socket, fullReport(uid, 2))
          say(socket, { instanceUid: uid, sequenceNum: 3, health: { healthy: false, lastError: "no" } })
          say(socket, { instanceUid: uid, sequenceNum: 4, agentDisconnect: {} })
          fleet.lost(socket)
          say(new Socket(2), { instanceUid: uid, sequenceNum: 5, ...statusOf(Uint8Array.of(0xab), "FAILED", "bad") })
          const tags = (yield* PubSub.takeAll(events)).map((event: FleetEvent) =>
            event._tag === "ConfigStatus" ? `${event.status} ${event.hash} ${event.message}` : event._tag
          )
          assert.deepStrictEqual(tags, [
            "Connected",
            "Description",
            "Health",
            "EffectiveConfig",
            "unset  ",
            "Health",
            "Disconnected",
            "Connected",
            "failed ab bad"
          ])
        })
      )
    )
  )

  it.effect("ends with the socket for all its agents, but for none of another", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        const [first, second] = [new Socket(1), new Socket(2)]
        say(first, fullReport(uidOf(1), 1))
        say(first, fullReport(uidOf(2), 1))
        say(second, fullReport(uidOf(3), 1))
        fleet.lost(first)
        assert.deepStrictEqual(
          fleet.agents().map(({ status }) => status),
          ["offline", "offline", "online"]
        )
      })
    )
  )

  it.effect("of pollers, and of those who promise heartbeats, is stale after three missing ones", () =>
    withFleet((fleet) =>
      Effect.gen(function* () {
        const say = talk(fleet)
        const socket = new Socket(1)
        say(undefined, fullReport(uidOf(1), 1))
        say(socket, fullReport(uidOf(2), 1, { capabilities: capabilities | AgentCapability.ReportsHeartbeat }))
        say(socket, fullReport(uidOf(3), 1))
        const statuses = () => fleet.agents().map(({ status }) => status)
        yield* TestClock.adjust("90 seconds")
        assert.deepStrictEqual(statuses(), ["online", "online", "online"])
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(statuses(), ["stale", "stale", "online"])
        say(undefined, { instanceUid: uidOf(1) })
        assert.deepStrictEqual(statuses(), ["online", "stale", "online"])
        yield* TestClock.adjust("302 seconds")
        assert.deepStrictEqual(statuses(), ["offline", "stale", "online"])
      })
    )
  )

  it.effect("is bounded: who is longest offline makes room, and if nobody is, a new agent has to wait", () =>
    withFleet(
      (fleet) =>
        Effect.gen(function* () {
          const say = talk(fleet)
          const sockets = [new Socket(1), new Socket(2)]
          say(sockets[0], fullReport(uidOf(1), 1))
          yield* TestClock.adjust("1 second")
          say(sockets[1], fullReport(uidOf(2), 1))
          const { errorResponse } = say(new Socket(3), fullReport(uidOf(3), 1))
          assert.deepStrictEqual([errorResponse!.type, errorResponse!.retryInfo], [2, { retryAfterNanoseconds: 30_000_000_000n }])
          fleet.lost(sockets[0]!)
          assert.isUndefined(say(new Socket(3), fullReport(uidOf(3), 1)).errorResponse)
          assert.deepStrictEqual(
            fleet.agents().map(({ instanceUid }) => instanceUid),
            [formatUid(uidOf(2)), formatUid(uidOf(3))]
          )
        }),
      { maxAgents: 2 }
    )
  )
})

describe("offers", () => {
  it.effect("of connection settings come in the first reply and when they change, with an interval in every one about OpAMP", () =>
    withFleet(
      (fleet) =>
        Effect.gen(function* () {
          const say = talk(fleet)
          const socket = new Socket(1)
          const { ReportsOwnMetrics, AcceptsOpAMPConnectionSettings, ReportsHeartbeat } = AgentCapability
          const able = capabilities | ReportsOwnMetrics | AcceptsOpAMPConnectionSettings | ReportsHeartbeat
          const first = say(socket, fullReport(uid, 1, { capabilities: able })).connectionSettings!
          assert.deepStrictEqual(first.opamp, { heartbeatIntervalSeconds: 10 })
          assert.isUndefined(say(socket, { instanceUid: uid, sequenceNum: 2 }).connectionSettings)
          assert.isUndefined(say(socket, fullReport(uidOf(2), 1)).connectionSettings)
          yield* fleet.setOwnMetrics({ destinationEndpoint: "http://127.0.0.1:4321/v1/metrics" })
          const [pushed] = socket.pushed
          assert.lengthOf(socket.pushed, 1)
          assert.deepStrictEqual(pushed!.connectionSettings!.opamp, { heartbeatIntervalSeconds: 10 })
          assert.strictEqual(pushed!.connectionSettings!.ownMetrics!.destinationEndpoint, "http://127.0.0.1:4321/v1/metrics")
          assert.notDeepEqual(pushed!.connectionSettings!.hash, first.hash)
          assert.isDefined(say(new Socket(2), { instanceUid: uid, sequenceNum: 3 }).connectionSettings)
        }),
      { heartbeatSeconds: 10 }
    )
  )

  it.effect("of components are asked for once for each hash", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        const socket = new Socket(1)
        const hash = Uint8Array.of(1)
        assert.isTrue(asksComponents(say(socket, fullReport(uid, 1, { availableComponents: { hash } }))))
        assert.isFalse(asksComponents(say(socket, { instanceUid: uid, sequenceNum: 2, availableComponents: { hash } })))
        const components = new Map([["receivers", {}]])
        assert.isFalse(asksComponents(say(socket, { instanceUid: uid, sequenceNum: 3, availableComponents: { hash, components } })))
        assert.isFalse(asksComponents(say(socket, fullReport(uidOf(2), 1, { availableComponents: { hash } }))))
        assert.deepStrictEqual([...fleet.agent(formatUid(uidOf(2)))!.availableComponents!.keys()], ["receivers"])
      })
    )
  )

  it.effect("custom messages that nobody has announced are acknowledged and no more", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        say(undefined, fullReport(uid, 1))
        const reply = say(undefined, { instanceUid: uid, sequenceNum: 2, customMessage: { capability: "com.example", type: "t" } })
        assert.sameMembers(Object.keys(reply), ["instanceUid", "capabilities", "flags"])
      })
    )
  )
})

describe("what is kept", () => {
  it.effect("describes the agent, but for parts that are too large", () =>
    withFleet(
      (fleet) =>
        Effect.sync(() => {
          const say = talk(fleet)
          say(undefined, fullReport(uid, 1))
          assert.deepStrictEqual(
            [...fleet.agent(key)!.attributes],
            [
              ["host.cpus", "4"],
              ["service.name", "gateway"]
            ]
          )
          say(undefined, { instanceUid: uid, sequenceNum: 2, effectiveConfig: { configMap: yaml("x".repeat(2000)) } })
          assert.deepStrictEqual([fleet.agent(key)!.effectiveConfig, fleet.agent(key)!.omitted], [undefined, ["effectiveConfig"]])
        }),
      { maxKeptBytes: 1000 }
    )
  )

  it.effect("is cut where an agent says more than anybody needs, and a failure counts all the same", () =>
    withFleet((fleet) =>
      Effect.sync(() => {
        const say = talk(fleet)
        const bad = configHash(yaml("bad"))
        say(undefined, fullReport(uid, 1, statusOf(bad, "FAILED", "why ".repeat(100_000))))
        const { remoteConfig, failedHashes, omitted } = fleet.agent(key)!
        assert.deepStrictEqual(
          [remoteConfig.status, remoteConfig.message.length, failedHashes, omitted],
          ["failed", 4096, [hexOf(bad)], []]
        )
        const capabilities = Array.from({ length: 100 }, (_, i) => `com.example/${i}`)
        say(undefined, {
          instanceUid: uid,
          sequenceNum: 2,
          customCapabilities: { capabilities },
          connectionSettingsStatus: { lastConnectionSettingsHash: new Uint8Array(1000), status: 1 }
        })
        assert.lengthOf(fleet.agent(key)!.customCapabilities, 64)
        assert.deepStrictEqual(fleet.agent(key)!.connectionSettings, { status: "applied", hash: "00".repeat(64), message: "" })
      })
    )
  )

  it.effect("survives a restart: identity, desired configuration, failures, the last status; and the full state is asked for", () =>
    Effect.gen(function* () {
      const store = yield* Layer.build(FleetStore.layerMemory)
      const run = <A, E>(use: (fleet: Fleet["Service"]) => Effect.Effect<A, E>) =>
        Effect.scoped(Effect.flatMap(Layer.build(Fleet.layer()), (context) => Effect.provide(Effect.flatMap(Fleet, use), context))).pipe(
          Effect.provide(store)
        )
      const [wanted, bad] = [configHash(yaml("wanted")), configHash(yaml("bad"))]
      yield* run((fleet) =>
        Effect.gen(function* () {
          const say = talk(fleet)
          say(new Socket(1), fullReport(uid, 1))
          say(new Socket(1), { instanceUid: uid, sequenceNum: 2, ...statusOf(bad, "FAILED", "why") })
          yield* fleet.setDesired(key, yaml("wanted"))
        })
      )
      yield* run((fleet) =>
        Effect.sync(() => {
          const [agent] = fleet.agents()
          assert.strictEqual(agent!.status, "offline")
          assert.strictEqual(agent!.attributes.get("service.name"), "gateway")
          assert.deepStrictEqual(agent!.remoteConfig, { status: "failed", hash: hexOf(bad), message: "why" })
          assert.deepStrictEqual([agent!.desiredHash, agent!.failedHashes], [hexOf(wanted), [hexOf(bad)]])
          const reply = talk(fleet)(new Socket(1), { instanceUid: uid, sequenceNum: 3 })
          assert.isTrue(asksFull(reply))
          assert.strictEqual(offeredHash(reply), hexOf(wanted))
        })
      )
    }).pipe(Effect.scoped)
  )

  it.effect("is saved again after a store has failed, and what it could not save is not offered", () =>
    Effect.gen(function* () {
      const saved: Array<string> = []
      let fails = true
      const save = (record: { readonly instanceUid: string }) =>
        Effect.suspend(() => {
          if (fails) return Effect.fail(new FleetStoreError({ operation: "save", message: "full" }))
          saved.push(record.instanceUid)
          return Effect.void
        })
      const store = Layer.succeed(FleetStore, { load: Effect.succeed([]), save, remove: () => Effect.void })
      yield* Effect.gen(function* () {
        const fleet = yield* Fleet
        const socket = new Socket(1)
        talk(fleet)(socket, fullReport(uid, 1))
        assert.strictEqual((yield* Effect.flip(fleet.setDesired(key, yaml("a"))))._tag, "FleetStoreError")
        assert.deepStrictEqual([socket.pushed, fleet.agent(key)!.desiredHash], [[], undefined])
        fails = false
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(saved, [key])
      }).pipe(Effect.provide(Layer.provide(Fleet.layer(), store)))
    })
  )

  it.effect("is saved whole when the fleet ends while it is being saved", () =>
    Effect.gen(function* () {
      const [started, gate] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const saved: Array<string> = []
      const save = ({ instanceUid }: { readonly instanceUid: string }) =>
        Deferred.succeed(started, undefined).pipe(
          Effect.andThen(Deferred.await(gate)),
          Effect.andThen(Effect.sync(() => void saved.push(instanceUid)))
        )
      const store = Layer.succeed(FleetStore, { load: Effect.succeed([]), save, remove: () => Effect.void })
      const running = yield* Effect.gen(function* () {
        talk(yield* Fleet)(undefined, fullReport(uid, 1))
        yield* Deferred.await(started)
      }).pipe(Effect.provide(Layer.provide(Fleet.layer(), store)), Effect.forkChild({ startImmediately: true }))
      yield* TestClock.adjust("2 seconds")
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(running)
      assert.deepStrictEqual(saved, [key])
    })
  )
})
