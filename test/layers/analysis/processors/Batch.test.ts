import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Batch } from "../../../../src/domain/Batch.ts"
import { Books } from "../../../../src/domain/Books.ts"
import { Refusal } from "../../../../src/domain/Refusal.ts"
import { batch as component } from "../../../../src/layers/analysis/processors/Batch.ts"
import type { Processing } from "../../../../src/layers/graph/Component.ts"
import { GraphInlet } from "../../../../src/layers/graph/GraphInlet.ts"
import { GraphOutlet } from "../../../../src/layers/graph/GraphOutlet.ts"
import { HoldingNode } from "../../../../src/layers/graph/HoldingNode.ts"
import { RowCache } from "../../../../src/layers/graph/RowCache.ts"
import { BoundedQueue } from "../../../../src/streams/BoundedQueue.ts"
import { type BatchOptions, CountingLease, opaqueBatch, RecordingAck } from "../../../support/Accounts.ts"
import { decode, itemsOf } from "../../../support/Otlp.ts"
import { idOf, request } from "../../../support/Requests.ts"
import { Registry } from "../../../../src/layers/telemetry/Registry.ts"

const receiver = { kind: "receiver", id: "test" } as const
const exporter = { kind: "exporter", id: "test" } as const

/** A `batch` processor between an inlet and a queue that stands for an exporter's. */
const make = (settings: object, capacity = Infinity) =>
  Effect.gen(function* () {
    const books = new Books()
    const arrived = new BoundedQueue<Batch>({ limits: { requests: capacity }, whenFull: "wait" })
    const sink = {
      reserve: (items: number, sizeBytes: number) => arrived.reserve(items, sizeBytes),
      unreserve: (items: number, sizeBytes: number) => arrived.unreserve(items, sizeBytes),
      push: (batch: Batch) => arrived.push(batch),
      row: (batch: Batch) => books.row(exporter, batch.tenant, batch.signal),
      whenFull: "wait" as const,
      onRoom: (callback: () => void) => void arrived.onRoom(callback),
      waitForResult: false
    }
    const rows = new RowCache(books, { kind: "processor", id: "batch" }, "traces")
    const outlet = new GraphOutlet(rows, new HoldingNode(sink))
    const config = yield* Schema.decodeUnknownEffect(component.config)(settings)
    const telemetry = new Registry()
    const context = { id: "batch", books, telemetry, signal: "traces" as const, pipeline: "traces", outlet }
    const processing = (yield* component.make(config, context)) as Extract<Processing, { _tag: "Holding" }>
    const inlet = new GraphInlet(books, new HoldingNode(processing.holder))
    const acks: Array<RecordingAck> = []
    const leases: Array<CountingLease> = []
    const send = (
      options: BatchOptions & { readonly metadata?: Record<string, ReadonlyArray<string>>; readonly bytes?: Uint8Array } = {}
    ) => {
      const ack = new RecordingAck()
      const lease = new CountingLease()
      acks.push(ack)
      leases.push(lease)
      const plain = opaqueBatch({ ...options, ack, lease })
      const origin = { ...plain.origin, metadata: options.metadata ?? {} }
      const chunks = options.bytes === undefined ? plain.chunks : [options.bytes]
      const sizeBytes = options.bytes?.length ?? plain.sizeBytes
      inlet.submit([new Batch(origin, chunks, plain.items, sizeBytes, lease, ack)], ack, receiver)
      return ack
    }
    /** What has arrived, delivered on the spot. */
    const deliver = (): ReadonlyArray<Batch> => {
      const batches: Array<Batch> = []
      for (let batch = arrived.take(); batch !== undefined; batch = arrived.take()) {
        batches.push(batch)
        sink.row(batch).delivered += batch.items
        batch.lease.release()
        batch.ack.end(batch.items, 0, 0)
      }
      return batches
    }
    /** Waits until so many items have arrived, and delivers them. */
    const delivered = (count: number): Effect.Effect<ReadonlyArray<Batch>> =>
      Effect.suspend(() => (arrived.items >= count ? Effect.succeed(deliver()) : Effect.andThen(Effect.yieldNow, delivered(count))))
    const assertBalanced = (): void => {
      for (const row of books.rows()) assert.strictEqual(row.held, 0, row.component.id)
      for (const ack of acks) {
        assert.strictEqual(ack.answers, 1)
        assert.strictEqual(ack.settlements, ack.refusal === undefined ? 1 : 0)
      }
      for (const lease of leases) assert.strictEqual(lease.frees, 1)
    }
    return { processing, telemetry, send, deliver, delivered, acks, books, assertBalanced }
  })

const items = (batches: ReadonlyArray<Batch>): ReadonlyArray<number> => batches.map((batch) => batch.items)

describe("batch", () => {
  it.effect("answers at once, sends by size and by time, and settles when the backend has", () =>
    Effect.gen(function* () {
      const { send, delivered, telemetry, assertBalanced } = yield* make({ send_batch_size: 10, timeout: "1s" })
      const first = send({ items: 6 })
      assert.strictEqual(first.answers, 1)
      send({ items: 4 })
      send({ items: 3 })
      yield* TestClock.adjust(999)
      assert.strictEqual(first.settlements, 0)
      assert.deepStrictEqual(items(yield* delivered(10)), [10])
      assert.strictEqual(first.settlements, 1)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(items(yield* delivered(3)), [3])
      assertBalanced()
      const labels = { processor: "batch" }
      assert.strictEqual(telemetry.counter("batchSizeTrigger", labels).total, 1)
      assert.strictEqual(telemetry.counter("batchTimeoutTrigger", labels).total, 1)
      assert.strictEqual(telemetry.histogram("batchSendSize", labels).sum, 13)
    })
  )

  it.effect("keeps tenants and chosen metadata apart, and tells the next only what all agree in", () =>
    Effect.gen(function* () {
      const { send, delivered } = yield* make({ send_batch_size: 100, metadata_keys: ["X-Team"] })
      send({ tenant: "a", metadata: { "x-team": ["red"], other: ["1"] } })
      send({ tenant: "b", metadata: { "x-team": ["red"] } })
      send({ tenant: "a", metadata: { "x-team": ["red"], other: ["2"] } })
      send({ tenant: "a", metadata: { "x-team": ["blue"] } })
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(
        (yield* delivered(4)).map(({ tenant, items, origin }) => [tenant, items, origin.metadata]),
        [
          ["a", 2, { "x-team": ["red"] }],
          ["b", 1, { "x-team": ["red"] }],
          ["a", 1, { "x-team": ["blue"] }]
        ]
      )
    })
  )

  it.effect("beyond the cardinality limit requests pass unmerged", () =>
    Effect.gen(function* () {
      const { send, delivered, telemetry } = yield* make({ metadata_keys: ["k"], metadata_cardinality_limit: 1 })
      for (const k of ["1", "2", "2", "1"]) send({ metadata: { k: [k] } })
      assert.strictEqual(telemetry.readingsOf("batchCardinality")[0]!.read(), 1)
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(items(yield* delivered(4)).toSorted(), [1, 1, 2])
    })
  )

  it.effect("cuts to send_batch_max_size, every item once and every sender told about its own", () =>
    Effect.gen(function* () {
      const { send, delivered, assertBalanced, acks } = yield* make({ send_batch_size: 4, send_batch_max_size: 4 })
      const ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]
      const parts = [ids.slice(0, 3), ids.slice(3, 10), ids.slice(10)]
      for (const part of parts) send({ items: part.length, bytes: request("traces", part, "default") })
      yield* TestClock.adjust(200)
      const batches = yield* delivered(11)
      assert.isTrue(batches.every((batch) => batch.items <= 4))
      const seen = batches.map((batch) => itemsOf("traces", decode("traces", Buffer.concat(batch.chunks))).map(idOf))
      assert.deepStrictEqual(seen.flat(), ids)
      assert.deepStrictEqual(
        seen.map((part) => part.length),
        items(batches)
      )
      assert.deepStrictEqual(
        acks.map((ack) => ack.delivered),
        [3, 7, 1]
      )
      assertBalanced()
    })
  )

  it.effect("refuses with a hint rather than grow while what comes next is full, and goes on when it is not", () =>
    Effect.gen(function* () {
      const { send, delivered, assertBalanced } = yield* make({ send_batch_size: 10, max_items: 30 }, 1)
      const acks = [1, 2, 3, 4, 5, 6].map(() => send({ items: 10 }))
      yield* TestClock.adjust(1)
      acks.push(send({ items: 10 }))
      const refused = acks.filter((ack) => ack.refusal !== undefined)
      assert.isAbove(refused.length, 0)
      for (const ack of refused) assert.strictEqual(ack.refusal, Refusal.queueFull)
      const went: Array<number> = []
      while (went.length < acks.length - refused.length) went.push(...items(yield* delivered(10)))
      assert.isTrue(went.every((count) => count === 10))
      const late = send({ items: 10 })
      assert.isUndefined(late.refusal)
      yield* delivered(10)
      assertBalanced()
    })
  )

  it.effect("leaves merging and cutting to later turns: whoever completes a group pays for neither", () =>
    Effect.gen(function* () {
      const { send, deliver, delivered, telemetry, assertBalanced } = yield* make({ send_batch_size: 10, send_batch_max_size: 10 })
      const bytes = request(
        "traces",
        Array.from({ length: 40 }, (_, i) => String(i)),
        "default"
      )
      for (let i = 0; i < 5; i++) send({ items: 40, bytes })
      const sizes = telemetry.histogram("batchSendSize", { processor: "batch" })
      assert.deepStrictEqual([deliver().length, sizes.count], [0, 0])
      const went: Array<number> = []
      while (went.length < 20) went.push(...items(yield* delivered(1)))
      assert.deepStrictEqual(
        went,
        Array.from({ length: 20 }, () => 10)
      )
      assertBalanced()
    })
  )

  it.effect.prop(
    "no item is lost or doubled, whatever comes when, drained or torn down at any moment",
    [
      Schema.Array(
        Schema.Struct({
          items: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 15 })),
          tenant: Schema.Literals(["a", "b"]),
          pause: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 150 })),
          isDelivering: Schema.Boolean
        })
      ),
      Schema.Literals(["drain", "tear down"])
    ],
    ([plan, end]) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const stand = yield* make({ send_batch_size: 20, max_items: 60 }, 2).pipe(Scope.provide(scope))
        let count = 0
        const deliver = (): void => {
          for (const batch of stand.deliver()) count += batch.items
        }
        for (const { items, tenant, pause, isDelivering } of plan) {
          stand.send({ items, tenant })
          if (isDelivering) deliver()
          yield* TestClock.adjust(pause)
        }
        if (end === "drain") {
          const draining = yield* Effect.forkScoped(stand.processing.drain)
          while (draining.pollUnsafe() === undefined) {
            deliver()
            yield* TestClock.adjust(1)
          }
        }
        yield* Scope.close(scope, Exit.void)
        deliver()
        stand.assertBalanced()
        const sum = stand.books.balance()
        assert.strictEqual(sum.accepted, sum.delivered + sum.dropped + sum.returned)
        assert.strictEqual(sum.delivered, count)
        if (end === "drain") assert.strictEqual(sum.dropped, 0)
      }).pipe(Effect.scoped)
  )
})
