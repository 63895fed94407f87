import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type { AgentConnection } from "../../../src/control/fleet/AgentConnection.ts"
import { Fleet } from "../../../src/control/fleet/Fleet.ts"
import { FleetStore } from "../../../src/control/fleet/FleetStore.ts"
import { Evidence } from "../../../src/control/loop/Evidence.ts"
import { Loop } from "../../../src/control/loop/Loop.ts"
import { LoopStore, LoopStoreError } from "../../../src/control/loop/LoopStore.ts"
import type { FindingEvent } from "../../../src/domain/loop/Finding.ts"
import { defaultLimits } from "../../../src/domain/loop/State.ts"
import { formatUid, type Init, type ServerToAgent } from "../../../src/opamp.ts"
import { bytes, unitOf } from "../../domain/loop/Evidence.ts"
import { findingOf } from "../../domain/loop/Samples.ts"
import { rulesOf, storm } from "../../domain/loop/World.ts"
import { fullReport, message, statusOf, uidOf } from "../../support/opamp/Agent.ts"

const rules = rulesOf({ storm })
const uids = [1, 2, 3, 4].map((n) => uidOf(n))
const finding: FindingEvent = { _tag: "FindingOpened", finding: findingOf() }

/** An agent that applies at once whatever it is offered. */
class Agent implements AgentConnection {
  readonly kind = "websocket"
  readonly id: number
  private readonly uid: Uint8Array
  private readonly fleet: Fleet["Service"]
  private sequenceNum = 1
  /** Names of the entries of each offer, in order. */
  readonly offers: Array<ReadonlyArray<string>> = []

  constructor(id: number, uid: Uint8Array, fleet: Fleet["Service"]) {
    this.id = id
    this.uid = uid
    this.fleet = fleet
  }

  connect(): void {
    const report = fullReport(this.uid, this.sequenceNum++, {
      agentDescription: { identifyingAttributes: [{ key: "service.instance.id", value: { stringValue: formatUid(this.uid) } }] }
    })
    this.push(this.fleet.receive(this, message(report)))
  }

  push({ remoteConfig }: Init<ServerToAgent>): void {
    if (remoteConfig === undefined) return
    this.offers.push([...(remoteConfig.config?.configMap?.keys() ?? [])])
    const report = { instanceUid: this.uid, sequenceNum: this.sequenceNum++, ...statusOf(remoteConfig.configHash!, "APPLIED") }
    queueMicrotask(() => this.fleet.receive(this, message(report)))
  }
}

/** The canary arm delivers so much of what it did before. */
const evidence = (factor: number, canary: (uid: string) => boolean) =>
  Layer.succeed(Evidence, {
    of: ({ units }) =>
      Effect.succeed(units.map((uid, i) => unitOf(uid, bytes(100_000 + i), bytes((100_000 + 200 * i) * (canary(uid) ? factor : 1)))))
  })

const start = (stores: Context.Context<FleetStore | LoopStore>, canary: (uid: string) => boolean, factor: number) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const layer = Loop.layer({ rules, limits: defaultLimits, salt: "salt" }).pipe(
      Layer.provide(evidence(factor, canary)),
      Layer.provideMerge(Fleet.layer()),
      Layer.provide(Layer.succeedContext(stores))
    )
    const context = yield* Layer.build(layer).pipe(Scope.provide(scope))
    const fleet = Context.get(context, Fleet)
    const agents = uids.map((uid, i) => new Agent(i, uid, fleet))
    for (const agent of agents) agent.connect()
    return { loop: Context.get(context, Loop), fleet, agents, stop: Scope.close(scope, Exit.void) }
  })

/** Lets virtual time pass until something is so. */
const until = (what: string, isSo: () => boolean, millis = 300_000) =>
  Effect.gen(function* () {
    for (let passed = 0; passed < millis; passed += 500) {
      if (isSo()) return
      yield* TestClock.adjust(500)
    }
    assert.fail(`never: ${what}`)
  })

const memory = Layer.build(Layer.merge(FleetStore.layerMemory, LoopStore.layerMemory))

const stageOf = (loop: Loop["Service"]) => Object.values(loop.state().rollouts).at(-1)?.stage._tag

describe("the loop", () => {
  it.effect("tries a change on two agents, gives it to all when it is good, and takes it back when its time is over", () =>
    Effect.gen(function* () {
      const stores = yield* memory
      let canary: ReadonlyArray<string> = []
      const { loop, agents } = yield* start(stores, (uid) => canary.includes(uid), 0.2)
      yield* until("four agents are known", () => Object.values(loop.state().agents).filter(({ online }) => online).length === 4)
      yield* loop.tell(finding)
      yield* until("the canary runs", () => stageOf(loop) === "observing")
      const [rollout] = Object.values(loop.state().rollouts)
      canary = rollout!.canary
      assert.strictEqual(agents.filter(({ offers }) => offers.length === 1).length, 2)
      yield* until("it is promoted", () => stageOf(loop) === "promoted")
      for (const { offers } of agents) assert.deepStrictEqual(offers.at(-1), [`revision/${rollout!.id}`])
      yield* loop.tell({ _tag: "FindingClosed", finding: { ...findingOf(), until: 300_000 } })
      yield* until("it expires", () => stageOf(loop) === "expired", 900_000)
      for (const { offers } of agents) assert.deepStrictEqual(offers.at(-1), [])
      const journal = yield* Context.get(stores, LoopStore).read({ rollout: rollout!.id, limit: 1000 })
      assert.includeMembers(
        journal.map(({ entry }) => entry._tag),
        ["proposal", "revision", "assignment", "look", "verdict", "action"]
      )
      assert.deepStrictEqual(
        journal.map(({ id }) => id),
        journal.map(({ id }) => id).toSorted((a, b) => a - b)
      )
    })
  )

  it.effect("takes back what does harm, and no other agent ever gets it", () =>
    Effect.gen(function* () {
      const { loop, agents } = yield* start(yield* memory, () => false, 1)
      yield* until("four agents are known", () => Object.keys(loop.state().agents).length === 4)
      yield* loop.tell(finding)
      yield* until("it is over", () => stageOf(loop) === "reverted")
      const { canary } = Object.values(loop.state().rollouts)[0]!
      agents.forEach(({ offers }, i) => {
        if (canary.includes(formatUid(uids[i]!))) assert.deepStrictEqual(offers.at(-1), [])
        else assert.deepStrictEqual(offers, [])
      })
    })
  )

  it.effect("goes on after a restart where it stood, at every stage", () =>
    Effect.gen(function* () {
      for (const stage of ["applying", "observing", "promoting"]) {
        const stores = yield* memory
        let canary: ReadonlyArray<string> = []
        const first = yield* start(stores, (uid) => canary.includes(uid), 0.2)
        yield* until("four agents are known", () => Object.values(first.loop.state().agents).filter(({ online }) => online).length === 4)
        yield* first.loop.tell(finding)
        const stood = () =>
          Object.values(first.loop.state().rollouts).some((rollout) => {
            canary = rollout.canary
            return rollout.stage._tag !== "proposed" && stages.indexOf(rollout.stage._tag) >= stages.indexOf(stage)
          })
        yield* until(`it is ${stage}`, stood)
        yield* first.stop
        const second = yield* start(stores, (uid) => canary.includes(uid), 0.2)
        yield* until("it is promoted", () => stageOf(second.loop) === "promoted")
        assert.strictEqual(Object.keys(second.loop.state().rollouts).length, 1)
        assert.deepStrictEqual(Object.values(second.loop.state().rollouts)[0]!.canary, canary)
        yield* second.stop
      }
    })
  )

  it.effect("does nothing that it could not write down", () =>
    Effect.gen(function* () {
      const stores = yield* memory
      const store = Context.get(stores, LoopStore)
      let works = true
      const failing = Context.add(stores, LoopStore, {
        ...store,
        commit: (state, entries) =>
          Effect.suspend(() =>
            works ? store.commit(state, entries) : Effect.fail(new LoopStoreError({ operation: "commit", message: "the disk is full" }))
          )
      })
      const { loop, agents } = yield* start(failing, () => false, 1)
      yield* until("four agents are known", () => Object.keys(loop.state().agents).length === 4)
      works = false
      yield* loop.tell(finding)
      yield* TestClock.adjust(60_000)
      assert.deepStrictEqual(
        agents.flatMap(({ offers }) => offers),
        []
      )
      works = true
      yield* until("the canary is offered it", () => agents.some(({ offers }) => offers.length > 0))
    })
  )

  it.effect("answers a command with what became of it", () =>
    Effect.gen(function* () {
      const { loop } = yield* start(yield* memory, () => false, 1)
      const outcome = yield* loop.command({ _tag: "Approve", id: "1", by: "ada", rollout: "none" })
      assert.strictEqual(outcome._tag, "Refused")
    })
  )
})

const stages = ["applying", "observing", "promoting", "promoted"]
