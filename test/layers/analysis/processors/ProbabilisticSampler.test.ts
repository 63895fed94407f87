import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Batch, noMetadata } from "../../../../src/domain/Batch.ts"
import { Books } from "../../../../src/domain/Books.ts"
import { Refusal } from "../../../../src/domain/Refusal.ts"
import { probabilisticSampler } from "../../../../src/layers/analysis/processors/ProbabilisticSampler.ts"
import { Registry } from "../../../../src/layers/telemetry/Registry.ts"
import { CountingLease, RecordingAck } from "../../../support/Accounts.ts"
import { attribute, decode, encode, itemsOf } from "../../../support/Otlp.ts"
import { Seeded } from "../../../support/Seeded.ts"

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })

interface Span {
  readonly traceId: Buffer
  readonly traceState?: string
  readonly attributes?: ReadonlyArray<unknown>
}

/** A trace ID whose randomness begins with these digits. */
const traceId = (digits: string): Buffer => Buffer.from(`010203040506070809${digits.padEnd(14, "0")}`, "hex")

const spans = (list: ReadonlyArray<Span>): Uint8Array =>
  encode("traces", {
    resourceSpans: [{ resource: { attributes: [text("service.name", "s")] }, scopeSpans: [{ scope: { name: "n" }, spans: list }] }]
  })

const logs = (list: ReadonlyArray<{ readonly traceId?: Buffer; readonly attributes?: ReadonlyArray<unknown> }>): Uint8Array =>
  encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: list }] }] })

/** Samples chunks of a request; gives the batch and its items as an independent decoder sees them. */
const sample = (signal: "traces" | "logs", settings: object, chunks: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const config = yield* Schema.decodeUnknownEffect(probabilisticSampler.config)(settings)
    const outlet = { emit: () => Effect.void }
    const processing = yield* probabilisticSampler.make(config, {
      id: "s",
      books: new Books(),
      signal,
      pipeline: signal,
      outlet,
      telemetry: new Registry()
    })
    if (processing._tag !== "Pure") return yield* Effect.die("expected a function")
    const lease = new CountingLease()
    const items = chunks.reduce((sum, chunk) => sum + itemsOf(signal, decode(signal, chunk)).length, 0)
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const origin = { signal, tenant: "t", arrivedAt: 0, deadline: Infinity, metadata: noMetadata }
    const result = processing.process(new Batch(origin, chunks, items, size, lease, new RecordingAck()))
    if (result instanceof Refusal) return yield* Effect.die(result.message)
    const bytes = Buffer.concat(result.chunks)
    assert.strictEqual(result.sizeBytes, bytes.length)
    const kept = itemsOf(signal, decode(signal, bytes))
    assert.strictEqual(result.items, kept.length)
    result.lease.release()
    assert.strictEqual(lease.frees, 1)
    return { kept, chunks: result.chunks }
  })

const states = (settings: object, list: ReadonlyArray<Span>) =>
  Effect.map(sample("traces", settings, [spans(list)]), ({ kept }) => kept.map(({ item }) => String(item["traceState"] ?? "")))

describe("probabilistic_sampler", () => {
  it.effect("equalizing keeps where R >= T, writes the threshold, and never lowers one", () =>
    Effect.gen(function* () {
      const settings = { mode: "equalizing", sampling_percentage: 25 }
      const kept = yield* states(settings, [
        { traceId: traceId("bfffffffffffff") },
        { traceId: traceId("c") },
        { traceId: traceId("d"), traceState: "a=1,ot=th:8;x:y" },
        { traceId: traceId("f8"), traceState: "ot=th:f" },
        { traceId: traceId("0"), traceState: "ot=rv:ffffffffffffff" },
        { traceId: traceId("ff"), traceState: "ot=rv:00000000000000" }
      ])
      assert.deepStrictEqual(kept, ["ot=th:c", "ot=th:c;x:y,a=1", "ot=th:f", "ot=rv:ffffffffffffff;th:c"])
    })
  )

  it.effect("proportional multiplies the probability that an item arrives with", () =>
    Effect.gen(function* () {
      const kept = yield* states({ mode: "proportional", sampling_percentage: 50 }, [
        { traceId: traceId("8") },
        { traceId: traceId("7") },
        { traceId: traceId("e"), traceState: "ot=th:c" },
        { traceId: traceId("d"), traceState: "ot=th:c" }
      ])
      assert.deepStrictEqual(kept, ["ot=th:8", "ot=th:e"])
    })
  )

  it.effect("items that cannot be decided on go by fail_closed, unless their priority decides", () =>
    Effect.gen(function* () {
      const list: ReadonlyArray<Span> = [
        { traceId: Buffer.alloc(16) },
        { traceId: traceId("ff"), traceState: "broken" },
        { traceId: traceId("1"), traceState: "ot=th:8" },
        { traceId: traceId("0"), attributes: [{ key: "sampling.priority", value: { intValue: 1 } }] },
        { traceId: traceId("ff"), attributes: [text("a", "b"), text("sampling.priority", "0")] },
        { traceId: traceId("ff"), attributes: [{ key: "sampling.priority", value: { intValue: -1 } }] }
      ]
      const settings = { mode: "equalizing", sampling_percentage: 50 }
      assert.deepStrictEqual(yield* states(settings, list), ["ot=th:0", "ot=th:8"])
      assert.deepStrictEqual(yield* states({ ...settings, fail_closed: false }, list), [
        "ot=th:0",
        "broken",
        "ot=th:0",
        "ot=th:0",
        "ot=th:8"
      ])
    })
  )

  it.effect("hash_seed keeps its share and writes randomness that consistent samplers agree with", () =>
    Effect.gen(function* () {
      const random = new Seeded(1)
      const ids = Array.from({ length: 4000 }, () => Buffer.from(Array.from({ length: 16 }, () => random.between(0, 255))))
      const list = ids.map((id) => ({ traceId: id }))
      const kept = yield* states({ sampling_percentage: 25, hash_seed: 22 }, list)
      assert.isTrue(Math.abs(kept.length - 1000) < 150, `kept ${kept.length}`)
      for (const state of kept) {
        const found = /^ot=rv:([0-9a-f]{14});th:c$/.exec(state)
        assert.isTrue(found !== null && found[1]! >= "c", state)
      }
      const sampled = ["ot=rv:00000000000000", "ot=th:8"].map((traceState) => ({ traceId: traceId("ff"), traceState }))
      assert.deepStrictEqual(yield* states({ sampling_percentage: 25 }, sampled), [])
      const untouched = sampled.map(({ traceState }) => traceState)
      assert.deepStrictEqual(yield* states({ sampling_percentage: 25, fail_closed: false }, sampled), untouched)
      assert.strictEqual((yield* states({ sampling_percentage: 100 }, list)).length, ids.length)
      assert.strictEqual((yield* states({ sampling_percentage: 0 }, list)).length, 0)
    })
  )

  it.effect("samplers along a trace agree: who passes the stricter one passes the looser one too", () =>
    Effect.gen(function* () {
      const random = new Seeded(2)
      const list = Array.from({ length: 2000 }, () => ({ traceId: Buffer.from(Array.from({ length: 16 }, () => random.between(1, 255))) }))
      const ids = (percentage: number) =>
        Effect.map(sample("traces", { mode: "equalizing", sampling_percentage: percentage }, [spans(list)]), ({ kept }) =>
          kept.map(({ item }) => String(item["traceId"]))
        )
      const [loose, strict] = [new Set(yield* ids(50)), yield* ids(5)]
      assert.isAbove(strict.length, 50)
      for (const id of strict) assert.isTrue(loose.has(id))
    })
  )

  it.effect("of several chunks only those that change are copied", () =>
    Effect.gen(function* () {
      const untouched = spans([{ traceId: traceId("ff"), traceState: "ot=th:c" }])
      const chunks = [untouched, spans([{ traceId: traceId("0") }]), spans([{ traceId: traceId("ff") }])]
      const result = yield* sample("traces", { mode: "equalizing", sampling_percentage: 25 }, chunks)
      assert.strictEqual(result.chunks[0], untouched)
      assert.strictEqual(result.chunks.length, 2)
    })
  )

  it.effect("log records carry threshold and randomness as attributes", () =>
    Effect.gen(function* () {
      const told = (settings: object, list: Parameters<typeof logs>[0]) =>
        Effect.map(sample("logs", settings, [logs(list)]), ({ kept }) =>
          kept.map(({ item }) => [attribute(item, "sampling.threshold"), attribute(item, "sampling.randomness")])
        )
      const list = [
        { traceId: traceId("ff"), attributes: [text("a", "b"), text("sampling.threshold", "8")] },
        { traceId: traceId("0") },
        { attributes: [text("sampling.randomness", "ffffffffffffff")] },
        { attributes: [text("id", "x")] }
      ]
      assert.deepStrictEqual(yield* told({ mode: "equalizing", sampling_percentage: 25 }, list), [
        ["c", undefined],
        ["c", "ffffffffffffff"]
      ])
      const own = [{ attributes: [{ key: "p", value: { intValue: 100 } }, text("id", "x")] }, { attributes: [text("id", "x")] }, {}]
      const kept = yield* told({ sampling_percentage: 0.01, attribute_source: "record", from_attribute: "id", sampling_priority: "p" }, own)
      assert.deepStrictEqual(
        kept.map(([threshold, randomness]) => [threshold, randomness?.length]),
        [["0", 14]]
      )
    })
  )
})
