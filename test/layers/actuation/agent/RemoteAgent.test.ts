import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { Books } from "../../../../src/domain/Books.ts"
import type { Checked } from "../../../../src/domain/config/Checked.ts"
import { noRemote, type RemoteLayer } from "../../../../src/domain/config/Overlay.ts"
import type { AgentRemoteConfig } from "../../../../src/domain/opamp/RemoteConfig.ts"
import { AgentMemory } from "../../../../src/layers/actuation/agent/AgentMemory.ts"
import { RemoteAgent } from "../../../../src/layers/actuation/agent/RemoteAgent.ts"
import { meaningOf } from "../../../../src/layers/actuation/agent/RemoteConfiguration.ts"
import { ConfigurationError } from "../../../../src/layers/ConfigurationError.ts"
import type { Component } from "../../../../src/layers/graph/Component.ts"
import type { Steering } from "../../../../src/layers/graph/Steering.ts"
import { Registry } from "../../../../src/layers/telemetry/Registry.ts"
import { fixedSteering } from "../../../support/Steering.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-agent-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const file = (text: string) => new Map([["", { body: Buffer.from(text), contentType: "text/yaml", role: "" }]])

const patch = (revision: string, order: number, expiresAt: number | null) =>
  [
    `revision/${revision}`,
    {
      body: Buffer.from(JSON.stringify({ revision, order, expiresAt, merge: { processors: {} }, append: [] })),
      contentType: "application/vnd.weir.patch+json",
      role: ""
    }
  ] as const

const offerOf = (hash: string, configMap: NonNullable<AgentRemoteConfig["config"]>["configMap"]): AgentRemoteConfig => ({
  config: { configMap },
  configHash: Buffer.from(hash, "hex")
})

/** What runs, in one word: documents as they are, patches by their revision. */
const inWords = ({ documents, patches }: RemoteLayer): string =>
  [...documents.map(({ text }) => text), ...patches.map(({ merge }) => merge.name.replace("revision ", ""))].join("+")

/** A gateway that runs everything but what contains "bad"; each text is an exporter of that name, so that trials have something to watch. */
class FakeGateway {
  readonly books = new Books()
  readonly telemetry = new Registry()
  readonly ran: Array<string> = []
  private remote: RemoteLayer

  constructor(remote: RemoteLayer = noRemote) {
    this.remote = remote
  }

  get steering(): Steering {
    return {
      ...fixedSteering,
      books: this.books,
      remote: () => this.remote,
      current: () => {
        const components = this.remote.documents.map(({ text }) => ({ kind: "exporter", id: text, fingerprint: text }))
        return { ...fixedSteering.current(), components } as unknown as Checked<Component>
      },
      offer: (layer) =>
        Effect.suspend(() => {
          const words = inWords(layer)
          if (words.includes("defect")) throw new Error("thrown")
          if (words.includes("bad")) return Effect.fail(new ConfigurationError({ message: `no ${words}` }))
          this.remote = layer
          this.ran.push(words)
          return Effect.void
        })
    }
  }

  carries(id: string): void {
    this.books.row({ kind: "exporter", id }, "t", "traces").delivered += 1
  }

  drops(id: string): void {
    this.books.row({ kind: "exporter", id }, "t", "traces").drop("permanent_error", 1)
  }
}

const names = ["UNSET", "APPLIED", "APPLYING", "FAILED"] as const

const start = (gateway: FakeGateway, memory = new AgentMemory(undefined)) =>
  Effect.gen(function* () {
    const told: Array<string> = []
    const agent = yield* RemoteAgent.make({
      gateway: gateway.steering,
      telemetry: gateway.telemetry,
      memory,
      report: ({ status, lastRemoteConfigHash, errorMessage }) =>
        told.push([names[status], Buffer.from(lastRemoteConfigHash).toString("hex"), errorMessage].join(" ").trim())
    })
    const settle = TestClock.adjust(0)
    const offer = (hash: string, map: Parameters<typeof offerOf>[1]) =>
      Effect.andThen(
        Effect.sync(() => agent.offer(offerOf(hash, map))),
        settle
      )
    return { agent, told, offer, memory }
  })

const reportOf = (agent: RemoteAgent) => {
  const { status, lastRemoteConfigHash, errorMessage } = agent.currentStatus
  return [names[status], Buffer.from(lastRemoteConfigHash).toString("hex"), errorMessage].join(" ").trim()
}

describe("a remote configuration", () => {
  it.effect("is applied as soon as everything that changed has carried something, or after ten seconds without anything to carry", () =>
    Effect.gen(function* () {
      const gateway = new FakeGateway()
      const { told, offer, agent } = yield* start(gateway)
      yield* offer("aa", file("one"))
      yield* TestClock.adjust(2000)
      assert.deepStrictEqual(told, ["APPLYING aa"])
      gateway.carries("one")
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(told, ["APPLYING aa", "APPLIED aa"])
      yield* offer("bb", file("two"))
      yield* TestClock.adjust(9800)
      assert.strictEqual(told.at(-1), "APPLYING bb")
      yield* TestClock.adjust(300)
      assert.strictEqual(told.at(-1), "APPLIED bb")
      assert.strictEqual(agent.revision, "bb")
      assert.deepStrictEqual(gateway.ran, ["one", "two"])
    })
  )

  it.effect("goes back where something that changed fails every batch, and is not tried again", () =>
    Effect.gen(function* () {
      const gateway = new FakeGateway()
      const { told, offer, agent } = yield* start(gateway)
      yield* offer("aa", file("one"))
      yield* TestClock.adjust(11_000)
      yield* offer("bb", file("two"))
      gateway.drops("two")
      yield* TestClock.adjust(11_000)
      assert.strictEqual(told.at(-1), 'FAILED bb exporter "two" failed every batch of the first ten seconds')
      assert.deepStrictEqual(gateway.ran, ["one", "two", "one"])
      assert.strictEqual(agent.revision, "aa")
      const count = told.length
      yield* offer("bb", file("two"))
      yield* TestClock.adjust(11_000)
      assert.strictEqual(told.length, count)
      assert.deepStrictEqual(gateway.ran, ["one", "two", "one"])
    })
  )

  it.effect("that fails some and carries some stays; what others fail does not count", () =>
    Effect.gen(function* () {
      const gateway = new FakeGateway()
      const { told, offer } = yield* start(gateway)
      yield* offer("aa", file("one"))
      gateway.drops("one")
      gateway.drops("other")
      yield* TestClock.adjust(3000)
      gateway.carries("one")
      yield* TestClock.adjust(200)
      assert.strictEqual(told.at(-1), "APPLIED aa")
    })
  )

  it.effect("that is refused, or breaks the gateway's mind, leaves what runs running, and the next is taken", () =>
    Effect.gen(function* () {
      const gateway = new FakeGateway()
      const { told, offer } = yield* start(gateway)
      yield* offer("aa", file("bad"))
      yield* offer("bb", file("defect"))
      yield* offer("cc", new Map([["", { body: Uint8Array.of(0xff), contentType: "", role: "" }]]))
      yield* offer("dd", new Map([["revision/x", { body: Buffer.from("{}"), contentType: "text/yaml", role: "" }]]))
      assert.deepStrictEqual(
        told.filter((line) => line.startsWith("FAILED")),
        [
          "FAILED aa no bad",
          "FAILED bb internal error: Error: thrown",
          "FAILED cc remote configuration: not UTF-8",
          "FAILED dd revision/x: expected content of type application/vnd.weir.patch+json"
        ]
      )
      assert.deepStrictEqual(gateway.ran, [])
      yield* offer("ee", file("one"))
      yield* TestClock.adjust(11_000)
      assert.strictEqual(told.at(-1), "APPLIED ee")
    })
  )

  it.effect("offered again while it is on trial stays on trial", () =>
    Effect.gen(function* () {
      const gateway = new FakeGateway()
      const { told, offer } = yield* start(gateway)
      yield* offer("aa", file("one"))
      yield* TestClock.adjust(1000)
      gateway.drops("one")
      for (let i = 0; i < 3; i++) yield* offer("aa", file("one"))
      yield* TestClock.adjust(3000)
      assert.deepStrictEqual(told, ["APPLYING aa"])
      yield* TestClock.adjust(7000)
      assert.match(told.at(-1)!, /^FAILED aa/)
      assert.deepStrictEqual(gateway.ran, ["one", ""])
    })
  )

  it.effect("gives way to a newer one, which has to prove what both changed", () =>
    Effect.gen(function* () {
      const gateway = new FakeGateway()
      const { told, offer } = yield* start(gateway)
      yield* offer("aa", file("one"))
      yield* TestClock.adjust(2000)
      yield* offer("bb", new Map([...file("one"), ["b", { body: Buffer.from("two"), contentType: "", role: "" }]]))
      gateway.drops("one")
      gateway.carries("two")
      yield* TestClock.adjust(11_000)
      assert.deepStrictEqual(told, ["APPLYING aa", "APPLYING bb", 'FAILED bb exporter "one" failed every batch of the first ten seconds'])
      assert.deepStrictEqual(gateway.ran, ["one", "two+one", ""])
    })
  )

  it.effect("on trial is taken back when a newer one is refused", () =>
    Effect.gen(function* () {
      for (const newer of [file("bad"), new Map([["revision/x", { body: Buffer.from("{"), contentType: "", role: "" }]])]) {
        const gateway = new FakeGateway()
        const { told, offer, agent } = yield* start(gateway)
        yield* offer("aa", file("one"))
        yield* TestClock.adjust(2000)
        yield* offer("bb", newer)
        assert.match(told.at(-1)!, /^FAILED bb/)
        assert.deepStrictEqual(gateway.ran, ["one", ""])
        assert.strictEqual(agent.revision, "")
      }
    })
  )
})

describe("patches", () => {
  it.effect("run in their order over the documents, and each is taken out at its end, without a server", () =>
    Effect.gen(function* () {
      const gateway = new FakeGateway()
      const { offer, told } = yield* start(gateway)
      const now = yield* Clock.currentTimeMillis
      const day = 86_400_000
      yield* offer("aa", new Map([patch("late", 2, now + 20_000), ...file("doc"), patch("early", 1, now + day), patch("ever", 3, null)]))
      yield* TestClock.adjust(11_000)
      assert.deepStrictEqual(gateway.ran, ["doc+early+late+ever"])
      yield* TestClock.adjust(8_900)
      assert.strictEqual(gateway.ran.length, 1)
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(gateway.ran.slice(1), ["doc+early+ever"])
      yield* TestClock.adjust(day - 30_000)
      assert.strictEqual(gateway.ran.length, 2)
      yield* TestClock.adjust(30_000)
      assert.deepStrictEqual(gateway.ran.slice(2), ["doc+ever"])
      assert.deepStrictEqual(told, ["APPLYING aa", "APPLIED aa"])
    })
  )

  it.effect("that end during the trial are taken out after it, also by going back", () =>
    Effect.gen(function* () {
      const gateway = new FakeGateway()
      const { offer } = yield* start(gateway)
      const now = yield* Clock.currentTimeMillis
      yield* offer("aa", new Map([...file("doc"), patch("short", 1, now + 5000), patch("long", 2, now + 15_000)]))
      yield* TestClock.adjust(11_000)
      assert.deepStrictEqual(gateway.ran, ["doc+short+long", "doc+long"])
      yield* offer("bb", file("two"))
      gateway.drops("two")
      yield* TestClock.adjust(11_000)
      assert.deepStrictEqual(gateway.ran.slice(2), ["two", "doc"])
      yield* TestClock.adjust(3_600_000)
      assert.strictEqual(gateway.ran.length, 4)
    })
  )

  it.effect("end after a restart as before it", () =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const entries = new Map([patch("short", 1, now + 60_000)])
      new AgentMemory(folder).keep({ remote: { hash: "aa", entries } })
      const layerAt = (at: number): RemoteLayer => Result.getOrThrow(meaningOf(entries, at)).layer
      const before = new FakeGateway(layerAt(now))
      const first = yield* start(before, new AgentMemory(folder))
      assert.strictEqual(reportOf(first.agent), "APPLIED aa")
      yield* TestClock.adjust(61_000)
      assert.deepStrictEqual(before.ran, [""])
      // The end comes between the reading of the memory and the start of the agent.
      const between = new FakeGateway(layerAt(now))
      const second = yield* start(between, new AgentMemory(folder))
      yield* TestClock.adjust(0)
      assert.strictEqual(reportOf(second.agent), "APPLIED aa")
      assert.deepStrictEqual(between.ran, [""])
      const after = new FakeGateway(noRemote)
      const third = yield* start(after, new AgentMemory(folder))
      yield* TestClock.adjust(3_600_000)
      assert.strictEqual(reportOf(third.agent), "APPLIED aa")
      assert.deepStrictEqual(after.ran, [])
    })
  )
})

describe("after a restart", () => {
  it.effect("the last that worked is reported, and what failed is not tried again", () =>
    Effect.gen(function* () {
      const gateway = new FakeGateway()
      const { offer } = yield* start(gateway, new AgentMemory(folder))
      yield* offer("aa", file("one"))
      yield* TestClock.adjust(11_000)
      yield* offer("bb", file("bad"))
      const { remote, failed } = new AgentMemory(folder).remembered
      assert.deepStrictEqual([remote?.hash, failed], ["aa", { hash: "bb", message: "no bad" }])
      const next = new FakeGateway(Result.getOrThrow(meaningOf(remote!.entries, 0)).layer)
      const second = yield* start(next, new AgentMemory(folder))
      assert.strictEqual(reportOf(second.agent), "FAILED bb no bad")
      assert.strictEqual(second.agent.revision, "aa")
      yield* second.offer("bb", file("bad"))
      assert.deepStrictEqual(second.told, [])
      yield* second.offer("aa", file("one"))
      assert.strictEqual(second.told.at(-1), "APPLIED aa")
    })
  )

  it.effect("what the gateway has left out is reported as failed", () =>
    Effect.gen(function* () {
      new AgentMemory(folder).keep({ remote: { hash: "aa", entries: file("one") } })
      const { agent } = yield* start(new FakeGateway(noRemote), new AgentMemory(folder))
      assert.strictEqual(reportOf(agent), "FAILED aa it does not fit the agent's own files, or cannot be had, any more")
      assert.strictEqual(agent.revision, "")
    })
  )
})
