import { SpanStatusCode } from "@opentelemetry/api"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { type AgentSettingsInput, decodeSettings } from "../../../src/layers/agent/AgentSettings.ts"
import { Drops } from "../../../src/layers/agent/Drops.ts"
import { Lane, type Lane as LaneType, lanes, signalOf } from "../../../src/layers/agent/Lane.ts"
import { itemsOf, Waiting } from "../../../src/layers/agent/Waiting.ts"
import { decode, itemsOf as decodedItems } from "../../support/Otlp.ts"
import { logs, spans } from "../../support/SdkData.ts"
import { Seeded } from "../../support/Seeded.ts"

const span = spans(2).find(({ status }) => status.code === SpanStatusCode.ERROR)!
const log = logs(1)[0]!
const recordOf = (lane: LaneType) => (signalOf[lane] === "traces" ? span : log)

const make = (limits: NonNullable<AgentSettingsInput["limits"]>) => {
  const drops = new Drops()
  return { drops, waiting: new Waiting(Result.getOrThrow(decodeSettings({ limits })).limits, drops) }
}

const add = (waiting: Waiting, lane: LaneType, count: number): void => {
  for (let i = 0; i < count; i++) waiting.addRecord(lane, recordOf(lane))
}

const encodeAll = (waiting: Waiting, nowMillis = 0): void => {
  while (waiting.encodeSome(nowMillis));
}

/** Everything that can be sent, as lane and items. */
const sent = (waiting: Waiting, nowMillis = 0): ReadonlyArray<readonly [LaneType, number]> => {
  encodeAll(waiting, nowMillis)
  const all: Array<readonly [LaneType, number]> = []
  for (let taken = waiting.take(nowMillis, 1e9); taken.length > 0; taken = waiting.take(nowMillis, 1e9)) {
    for (const { lane, items } of taken) all.push([lane, items])
    waiting.settle(taken)
  }
  return all
}

describe("Waiting", () => {
  it("sends by importance, and lanes of one signal together", () => {
    const { waiting } = make({})
    for (const lane of lanes.filter((lane) => lane !== Lane.metrics).toReversed()) add(waiting, lane, 3)
    encodeAll(waiting)
    const request = waiting.take(0, 1e9)
    assert.deepStrictEqual(
      request.map(({ lane }) => lane),
      [Lane.errorSpans, Lane.healthySpans]
    )
    assert.strictEqual(itemsOf(request), 6)
    const bytes = Buffer.concat(request.map(({ bytes }) => bytes))
    assert.strictEqual(decodedItems("traces", decode("traces", bytes)).length, 6)
    waiting.putBack(request)
    assert.deepStrictEqual(sent(waiting), [
      [Lane.errorSpans, 3],
      [Lane.healthySpans, 3],
      [Lane.highLogs, 3],
      [Lane.lowLogs, 3]
    ])
    assert.strictEqual(waiting.fill, 0)
  })

  it("puts out the least important for what is more important, encoded or not", () => {
    for (const isEncoded of [false, true]) {
      const { drops, waiting } = make({ queueItems: 10 })
      add(waiting, Lane.lowLogs, 5)
      add(waiting, Lane.healthySpans, 5)
      if (isEncoded) encodeAll(waiting)
      add(waiting, Lane.errorSpans, 6)
      const left = new Map(sent(waiting))
      assert.strictEqual(left.get(Lane.errorSpans), 6)
      assert.isFalse(left.has(Lane.lowLogs))
      const lost = drops.all().reduce((sum, { count }) => sum + count, 0)
      assert.strictEqual(6 + (left.get(Lane.healthySpans) ?? 0) + lost, 16)
      assert.isTrue(drops.all().every(({ reason }) => reason === "queue_full"))
    }
  })

  it("turns away what is least important itself", () => {
    const { drops, waiting } = make({ queueItems: 3 })
    add(waiting, Lane.errorSpans, 3)
    add(waiting, Lane.healthySpans, 2)
    assert.deepStrictEqual(sent(waiting), [[Lane.errorSpans, 3]])
    assert.deepStrictEqual(drops.all(), [{ signal: "traces", reason: "queue_full", count: 2 }])
  })

  it("is bounded in bytes", () => {
    const { drops, waiting } = make({ queueBytes: 4096 })
    add(waiting, Lane.healthySpans, 1000)
    encodeAll(waiting)
    assert.isAtMost(waiting.fill, 1)
    const left = sent(waiting).reduce((sum, [, items]) => sum + items, 0)
    assert.deepStrictEqual(drops.all(), [{ signal: "traces", reason: "queue_full", count: 1000 - left }])
  })

  it("makes requests no larger than allowed, and gives up an item that is", () => {
    const { drops, waiting } = make({ requestBytes: 8192 })
    add(waiting, Lane.healthySpans, 200)
    waiting.addRecord(Lane.healthySpans, { ...span, spanContext: () => span.spanContext(), name: "x".repeat(10_000) })
    encodeAll(waiting)
    let items = 0
    for (let taken = waiting.take(0, 1e9); taken.length > 0; taken = waiting.take(0, 1e9)) {
      assert.isAtMost(
        taken.reduce((sum, { bytes }) => sum + bytes.length, 0),
        8192
      )
      items += itemsOf(taken)
    }
    assert.strictEqual(items, 200)
    assert.deepStrictEqual(drops.all(), [{ signal: "traces", reason: "too_large", count: 1 }])
  })

  it("gives up what has waited too long", () => {
    const { drops, waiting } = make({ maxAgeMillis: 1000 })
    add(waiting, Lane.errorSpans, 2)
    encodeAll(waiting, 0)
    add(waiting, Lane.errorSpans, 1)
    encodeAll(waiting, 500)
    assert.deepStrictEqual(sent(waiting, 1001), [[Lane.errorSpans, 1]])
    assert.deepStrictEqual(drops.all(), [{ signal: "traces", reason: "retry_exhausted", count: 2 }])
  })

  it("gives up what cannot be encoded, and only that", () => {
    const { drops, waiting } = make({})
    add(waiting, Lane.errorSpans, 5)
    const broken = {
      ...span,
      spanContext: () => {
        throw new Error("broken")
      }
    }
    waiting.addRecord(Lane.errorSpans, broken)
    add(waiting, Lane.errorSpans, 5)
    assert.strictEqual(
      sent(waiting).reduce((sum, [, items]) => sum + items, 0),
      10
    )
    assert.deepStrictEqual(drops.all(), [{ signal: "traces", reason: "encoding", count: 1 }])
  })

  it.each([1, 2, 3, 4, 5])("accounts for every item whatever happens (seed %i)", (seed) => {
    const random = new Seeded(seed)
    const { drops, waiting } = make({ queueItems: random.between(1, 600), queueBytes: random.between(1024, 300_000), maxAgeMillis: 1000 })
    let made = 0
    let delivered = 0
    let under: ReturnType<Waiting["take"]> = []
    for (let now = 0; now < 3000; now += random.between(0, 20)) {
      const lane = random.pick([Lane.errorSpans, Lane.highLogs, Lane.healthySpans, Lane.lowLogs])
      const count = random.between(0, 60)
      made += count
      add(waiting, lane, count)
      if (random.next() < 0.7) waiting.encodeSome(now)
      if (under.length === 0) under = waiting.take(now, random.between(1, 100_000))
      else if (random.next() < 0.5) {
        waiting.putBack(under)
        under = []
      } else {
        delivered += itemsOf(under)
        waiting.settle(under)
        under = []
      }
    }
    waiting.putBack(under)
    waiting.clear("shutdown")
    assert.strictEqual(delivered + drops.all().reduce((sum, drop) => sum + drop.count, 0), made)
    assert.isAbove(delivered, 0)
    assert.strictEqual(waiting.fill, 0)
  })
})
