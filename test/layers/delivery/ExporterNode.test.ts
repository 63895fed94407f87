import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Books } from "../../../src/domain/Books.ts"
import { GrpcCode } from "../../../src/domain/GrpcCode.ts"
import { make } from "../../../src/layers/delivery/ExporterNode.ts"
import type { ExportQueue } from "../../../src/layers/delivery/ExportQueue.ts"
import type { Push } from "../../../src/layers/graph/Component.ts"
import { offer, request, type Sent, settings } from "./Sender.ts"
import { permanent, scriptedPush, tooLarge, transient } from "./ScriptedPush.ts"

const exporter = { kind: "exporter", id: "otlp/test" } as const

const start = Effect.fnUntraced(function* (yaml: unknown, queue?: ExportQueue, books = new Books()) {
  const backend = yield* scriptedPush
  const scope = yield* Scope.make()
  const node = yield* make({
    id: exporter.id,
    signal: "traces",
    settings: settings(yaml),
    push: backend.push,
    books,
    ...(queue === undefined ? {} : { queue })
  }).pipe(Scope.provide(scope))
  node.activate()
  return { ...backend, queue: node.queue, books, close: Scope.close(scope, Exit.void), row: books.row(exporter, "default", "traces") }
})

const settle = (...sent: ReadonlyArray<Sent>) => Effect.promise(() => Promise.all(sent.map((one) => one.settled)))

/** Everything that was set going within this process has happened. */
const quiet = Effect.promise(() => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))))

describe("ExporterNode", () => {
  it.effect("sends at the end of the turn, merged in order, and settles every batch", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      const sent = [request(1), request(2), request(3)]
      for (const one of sent) assert.isTrue(offer(node.queue, one))
      assert.isTrue(sent.every(({ ack }) => ack.isTaken))
      const attempt = yield* node.next
      assert.strictEqual(attempt.request.items, 6)
      assert.deepStrictEqual(
        attempt.request.chunks.map((chunk) => chunk[0]),
        [1, 2, 3]
      )
      assert.strictEqual(node.queue.size, 3)
      assert.strictEqual(node.queue.inFlight, 1)
      assert.isFalse(sent[0]!.lease.freed)
      yield* attempt.succeed()
      yield* settle(...sent)
      assert.isTrue(sent.every(({ lease }) => lease.freed))
      assert.strictEqual(node.queue.size, 0)
      assert.strictEqual(node.row.delivered, 6)
      assert.strictEqual(node.row.held, 0)
    })
  )

  it.effect("lets what comes meanwhile gather, and opens a further sender when it fills a request", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      offer(node.queue, request(1))
      const first = yield* node.next
      offer(node.queue, request(8000))
      offer(node.queue, request(100))
      yield* quiet
      assert.strictEqual(yield* node.pending, 0)
      offer(node.queue, request(92))
      const full = yield* node.next
      assert.strictEqual(full.request.items, 8192)
      assert.strictEqual(node.queue.inFlight, 2)
      offer(node.queue, request(5))
      yield* quiet
      assert.strictEqual(yield* node.pending, 0)
      yield* first.succeed()
      yield* full.succeed()
      assert.strictEqual((yield* node.next).request.items, 5)
    })
  )

  it.effect("never merges across tenants or metadata", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      const origins = [
        { tenant: "a" },
        { tenant: "a" },
        { tenant: "b" },
        { tenant: "a", metadata: { key: ["1"] } },
        { tenant: "a", metadata: { key: ["1"] } },
        { tenant: "a", metadata: { key: ["2"] } }
      ]
      for (const origin of origins) offer(node.queue, request(1, { origin }))
      const merged: Array<unknown> = []
      for (let i = 0; i < 4; i++) {
        const attempt = yield* node.next
        merged.push([attempt.request.tenant, attempt.request.metadata["key"]?.[0], attempt.request.items])
        yield* attempt.succeed()
      }
      assert.deepStrictEqual(merged, [
        ["a", undefined, 2],
        ["b", undefined, 1],
        ["a", "1", 2],
        ["a", "2", 1]
      ])
    })
  )

  it.effect("stays below the byte limit", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      for (let i = 0; i < 5; i++) offer(node.queue, request(1, { sizeBytes: 1_500_000 }))
      const items: Array<number> = []
      for (let i = 0; i < 3; i++) {
        const attempt = yield* node.next
        items.push(attempt.request.items)
        yield* attempt.succeed()
      }
      assert.deepStrictEqual(items, [2, 2, 1])
    })
  )

  it.effect("sends again after the back-off, and gives up after max_elapsed_time", () =>
    Effect.gen(function* () {
      const node = yield* start({ retry_on_failure: { randomization_factor: 0, max_elapsed_time: "20s" } })
      const one = request(4)
      offer(node.queue, one)
      yield* (yield* node.next).fail(transient())
      yield* quiet
      yield* TestClock.adjust(4999)
      assert.strictEqual(yield* node.pending, 0)
      yield* TestClock.adjust(1)
      yield* (yield* node.next).fail(transient())
      yield* quiet
      yield* TestClock.adjust(7500)
      yield* (yield* node.next).fail(transient())
      yield* settle(one)
      assert.strictEqual(node.row.dropped.get("retry_exhausted"), 4)
      assert.strictEqual(one.ack.dropped, 4)
      assert.isTrue(one.lease.freed)
    })
  )

  it.effect("does not come back earlier than the backend asks", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      offer(node.queue, request(1))
      yield* (yield* node.next).fail(transient(60_000))
      yield* quiet
      yield* TestClock.adjust(59_999)
      assert.strictEqual(yield* node.pending, 0)
      yield* TestClock.adjust(1)
      yield* (yield* node.next).succeed()
    })
  )

  it.effect("ends an attempt without an answer at the timeout, and tries again", () =>
    Effect.gen(function* () {
      const node = yield* start({ timeout: "2s", retry_on_failure: { randomization_factor: 0 } })
      const one = request(1)
      offer(node.queue, one)
      yield* node.next
      yield* quiet
      yield* TestClock.adjust(2000)
      assert.strictEqual(node.interrupted(), 1)
      assert.isFalse(one.lease.freed)
      yield* quiet
      yield* TestClock.adjust(5000)
      yield* (yield* node.next).succeed()
      yield* settle(one)
      assert.strictEqual(node.row.delivered, 1)
    })
  )

  it.effect("charges the rejects of a partial success, and does not send them again", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      const sent = [request(2), request(5)]
      for (const one of sent) offer(node.queue, one)
      yield* (yield* node.next).succeed({ rejected: 3, message: "too old" })
      yield* settle(...sent)
      assert.deepStrictEqual(
        sent.map(({ ack }) => [ack.delivered, ack.dropped]),
        [
          [0, 2],
          [4, 1]
        ]
      )
      assert.strictEqual(node.row.delivered, 4)
      assert.strictEqual(node.row.dropped.get("partial_success"), 3)
      assert.strictEqual(node.row.held, 0)
    })
  )

  it.effect("does not believe a backend that rejects more than it was sent", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      const one = request(2)
      offer(node.queue, one)
      yield* (yield* node.next).succeed({ rejected: 1e9 })
      yield* settle(one)
      assert.strictEqual(node.row.dropped.get("partial_success"), 2)
      assert.strictEqual(node.row.held, 0)
    })
  )

  it.effect("isolates the one bad batch of a merged request", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      const sent = Array.from({ length: 8 }, (_, i) => request(i + 1))
      for (const one of sent) offer(node.queue, one)
      let attempts = 0
      while (node.row.held > 0) {
        const attempt = yield* node.next
        attempts++
        yield* attempt.request.chunks.some((chunk) => chunk[0] === 6) ? attempt.fail(permanent()) : attempt.succeed()
        yield* quiet
      }
      yield* settle(...sent)
      assert.deepStrictEqual(
        sent.map(({ ack }) => ack.dropped),
        [0, 0, 0, 0, 0, 6, 0, 0]
      )
      assert.strictEqual(node.row.dropped.get("permanent_error"), 6)
      assert.isTrue(sent.every(({ lease }) => lease.freed))
      assert.strictEqual(attempts, 7)
    })
  )

  it.effect("does not take a request apart when the sender, not the data, is refused", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      const sent = [request(1), request(2)]
      for (const one of sent) offer(node.queue, one)
      yield* (yield* node.next).fail(permanent(GrpcCode.UNAUTHENTICATED))
      yield* settle(...sent)
      assert.strictEqual(node.row.dropped.get("permanent_error"), 3)
    })
  )

  it.effect("drops what is too large even alone, with that reason", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      const one = request(1)
      offer(node.queue, one)
      yield* (yield* node.next).fail(tooLarge)
      yield* settle(one)
      assert.strictEqual(node.row.dropped.get("too_large"), 1)
    })
  )

  it.effect("takes a defect of the exporter as a permanent failure", () =>
    Effect.gen(function* () {
      const books = new Books()
      const node = yield* make({
        id: exporter.id,
        signal: "traces",
        settings: settings({}),
        push: () => Effect.die(new TypeError("no such property")),
        books
      })
      node.activate()
      const one = request(2)
      offer(node.queue, one)
      yield* settle(one)
      assert.strictEqual(books.row(exporter, "default", "traces").dropped.get("permanent_error"), 2)
    })
  )

  it.effect("waits for min_size or flush_timeout where the configuration says so", () =>
    Effect.gen(function* () {
      const node = yield* start({ sending_queue: { batch: { min_size: 10, max_size: 12, flush_timeout: "20ms" } } })
      offer(node.queue, request(4))
      yield* quiet
      assert.strictEqual(yield* node.pending, 0)
      offer(node.queue, request(6))
      assert.strictEqual((yield* node.next).request.items, 10)
      offer(node.queue, request(7))
      offer(node.queue, request(7))
      assert.strictEqual((yield* node.next).request.items, 7)
      assert.strictEqual((yield* node.next).request.items, 7)
    })
  )

  describe("full", () => {
    it.effect("refuses, counting what is being sent, and has room again at the settlement", () =>
      Effect.gen(function* () {
        const node = yield* start({ sending_queue: { queue_size: 2 } })
        assert.strictEqual(node.queue.capacity, 2)
        const sent = [request(1), request(1)]
        for (const one of sent) assert.isTrue(offer(node.queue, one))
        const attempt = yield* node.next
        assert.isFalse(offer(node.queue, request(1)))
        assert.strictEqual(node.queue.whenFull, "refuse")
        assert.strictEqual(node.row.accepted, 2)
        yield* attempt.succeed()
        yield* settle(...sent)
        assert.isTrue(offer(node.queue, request(1)))
      })
    )

    it.effect("lets the sender wait with block_on_overflow", () =>
      Effect.gen(function* () {
        const node = yield* start({ sending_queue: { queue_size: 3, sizer: "items", block_on_overflow: true } })
        offer(node.queue, request(3))
        const second = request(2)
        assert.isFalse(offer(node.queue, second))
        assert.strictEqual(node.queue.whenFull, "wait")
        node.queue.onRoom(() => assert.isTrue(offer(node.queue, second)))
        yield* (yield* node.next).succeed()
        assert.strictEqual((yield* node.next).request.items, 2)
      })
    )

    it.effect("is bounded in bytes whatever the sizer", () =>
      Effect.gen(function* () {
        const node = yield* start({ sending_queue: { max_bytes: 1000 } })
        assert.isTrue(offer(node.queue, request(1, { sizeBytes: 600 })))
        assert.isFalse(offer(node.queue, request(1, { sizeBytes: 600 })))
        assert.isTrue(offer(node.queue, request(1, { sizeBytes: 400 })))
      })
    )
  })

  describe("while the sender waits for the result", () => {
    for (const sendingQueue of [{ enabled: false }, { wait_for_result: true }]) {
      it.effect(`tells it what the backend says: ${JSON.stringify(sendingQueue)}`, () =>
        Effect.gen(function* () {
          const node = yield* start({ sending_queue: sendingQueue })
          const one = request(3)
          offer(node.queue, one)
          assert.isTrue(one.ack.waitForResult)
          yield* (yield* node.next).fail(permanent())
          yield* settle(one)
          assert.strictEqual(one.ack.returned, 3)
          assert.strictEqual(one.ack.failure?.code, GrpcCode.INVALID_ARGUMENT)
          assert.isUndefined(one.ack.failure?.retryAfterMillis)
          assert.strictEqual(node.row.returned, 3)
          assert.strictEqual(node.row.droppedItems, 0)
          assert.strictEqual(node.row.held, 0)
        })
      )
    }

    it.effect("passes the backend's retry hint on at once", () =>
      Effect.gen(function* () {
        const node = yield* start({ sending_queue: { enabled: false } })
        const one = request(3)
        offer(node.queue, one)
        yield* (yield* node.next).fail(transient(5000))
        yield* settle(one)
        assert.strictEqual(one.ack.returned, 3)
        assert.strictEqual(one.ack.failure?.code, GrpcCode.UNAVAILABLE)
        assert.strictEqual(one.ack.failure?.retryAfterMillis, 5000)
      })
    )

    it.effect("answers before the sender gives up, else tries again", () =>
      Effect.gen(function* () {
        const node = yield* start({ retry_on_failure: { randomization_factor: 0 }, sending_queue: { enabled: false } })
        const [hurried, patient] = [request(1, { origin: { deadline: performance.now() + 1000 } }), request(2)]
        offer(node.queue, hurried)
        offer(node.queue, patient)
        yield* (yield* node.next).fail(transient())
        yield* settle(hurried)
        assert.strictEqual(hurried.ack.failure?.code, GrpcCode.UNAVAILABLE)
        assert.strictEqual(hurried.ack.failure?.retryAfterMillis, 1000)
        yield* quiet
        yield* TestClock.adjust(5000)
        const again = yield* node.next
        assert.strictEqual(again.request.items, 2)
        yield* again.succeed()
        yield* settle(patient)
      })
    )

    it.effect("does not send for a sender that is gone", () =>
      Effect.gen(function* () {
        const node = yield* start({ sending_queue: { enabled: false } })
        const [gone, there] = [request(1), request(2)]
        offer(node.queue, gone)
        offer(node.queue, there)
        gone.ack.cancelled = true
        const attempt = yield* node.next
        assert.strictEqual(attempt.request.items, 2)
        yield* attempt.succeed()
        yield* settle(gone, there)
        assert.strictEqual(gone.ack.returned, 1)
        assert.isTrue(gone.lease.freed)
      })
    )
  })

  describe("hand-over", () => {
    it.effect("returns what waits to be tried again to the head, un-settled, for the next senders", () =>
      Effect.gen(function* () {
        const old = yield* start({})
        const sent = [request(1), request(2), request(8192)]
        offer(old.queue, sent[0]!)
        offer(old.queue, sent[1]!)
        yield* (yield* old.next).fail(transient())
        yield* quiet
        const next = yield* start({ sending_queue: { queue_size: 7 } }, old.queue, old.books)
        assert.strictEqual(next.queue.capacity, 7)
        offer(old.queue, sent[2]!)
        assert.strictEqual((yield* next.next).request.items, 8192)
        yield* old.close
        const fresh = request(4)
        offer(old.queue, fresh)
        const further = yield* start({}, old.queue, old.books)
        yield* quiet
        yield* Effect.forkChild(next.close)
        const attempt = yield* further.next
        assert.deepStrictEqual(
          attempt.request.chunks.map((chunk) => chunk[0]),
          [1, 2, 4]
        )
        yield* attempt.succeed()
        yield* settle(sent[0]!, sent[1]!, fresh)
        assert.strictEqual(old.row.delivered, 7)
        assert.strictEqual(old.queue.size, 1)
      })
    )

    it.effect("lets what is under way end, and takes over what fails in passing", () =>
      Effect.gen(function* () {
        const old = yield* start({})
        const [first, second] = [request(1), request(8192)]
        offer(old.queue, first)
        const one = yield* old.next
        offer(old.queue, second)
        const two = yield* old.next
        const next = yield* start({}, old.queue, old.books)
        const closing = yield* Effect.forkChild(old.close, { startImmediately: true })
        yield* one.succeed()
        yield* two.fail(transient())
        yield* Fiber.join(closing)
        yield* (yield* next.next).succeed()
        yield* settle(first, second)
        assert.strictEqual(old.row.delivered, 8193)
        assert.strictEqual(old.row.held, 0)
      })
    )

    it.effect("takes back what hangs", () =>
      Effect.gen(function* () {
        const old = yield* start({ timeout: "0s" })
        const one = request(1)
        offer(old.queue, one)
        yield* old.next
        const next = yield* start({}, old.queue, old.books)
        const closing = yield* Effect.forkChild(old.close, { startImmediately: true })
        yield* TestClock.adjust(5000)
        yield* Fiber.join(closing)
        assert.strictEqual(old.interrupted(), 1)
        yield* (yield* next.next).succeed()
        yield* settle(one)
        assert.isTrue(one.lease.freed)
      })
    )

    it.effect("counts max_elapsed_time across senders", () =>
      Effect.gen(function* () {
        const yaml = { retry_on_failure: { max_elapsed_time: "60s", randomization_factor: 0 } }
        const old = yield* start(yaml)
        const one = request(1)
        offer(old.queue, one)
        yield* (yield* old.next).fail(transient(50_000))
        yield* quiet
        yield* TestClock.adjust(49_000)
        yield* old.close
        const next = yield* start(yaml, old.queue, old.books)
        const again = yield* next.next
        yield* TestClock.adjust(4000)
        yield* again.fail(transient(8000))
        yield* settle(one)
        assert.strictEqual(old.row.dropped.get("retry_exhausted"), 1)
      })
    )
  })

  describe("drain", () => {
    it.effect("recalls what former senders have under way, while the present ones can still send it", () =>
      Effect.gen(function* () {
        const old = yield* start({})
        const one = request(3)
        offer(old.queue, one)
        yield* old.next
        const next = yield* start({}, old.queue, old.books)
        const closing = yield* Effect.forkChild(old.close, { startImmediately: true })
        const drain = yield* Effect.forkChild(old.queue.drain(4000), { startImmediately: true })
        yield* TestClock.adjust(1000)
        assert.strictEqual(old.interrupted(), 1)
        yield* (yield* next.next).succeed()
        yield* Fiber.join(drain)
        yield* Fiber.join(closing)
        yield* settle(one)
        assert.strictEqual(old.row.delivered, 3)
        assert.strictEqual(old.row.held, 0)
      })
    )

    for (const isReplaced of [false, true]) {
      it.effect(`drops what cannot be stopped, and keeps its memory until it ends; by former senders: ${isReplaced}`, () =>
        Effect.gen(function* () {
          const gate = yield* Deferred.make<void>()
          const books = new Books()
          const push: Push = () => Effect.uninterruptible(Effect.as(Deferred.await(gate), { rejected: 0 }))
          const scope = yield* Scope.make()
          const node = yield* make({ id: exporter.id, signal: "traces", settings: settings({}), push, books }).pipe(Scope.provide(scope))
          node.activate()
          const one = request(2)
          offer(node.queue, one)
          yield* quiet
          if (isReplaced) {
            yield* start({}, node.queue, books)
            yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
            yield* TestClock.adjust(60_000)
          }
          const drain = yield* Effect.forkChild(node.queue.drain(4000), { startImmediately: true })
          yield* TestClock.adjust(7000)
          yield* Fiber.join(drain)
          if (!isReplaced) yield* Scope.close(scope, Exit.void)
          yield* settle(one)
          const row = books.row(exporter, "default", "traces")
          assert.deepStrictEqual([row.dropped.get("shutdown"), row.held, node.queue.size], [2, 0, 0])
          assert.isFalse(one.lease.freed)
          yield* Deferred.succeed(gate, undefined)
          yield* quiet
          assert.isTrue(one.lease.freed)
          assert.strictEqual(row.delivered, 0)
        })
      )
    }

    it.effect("sends what is left, without sitting out the back-off", () =>
      Effect.gen(function* () {
        const node = yield* start({ sending_queue: { batch: {} } })
        const [first, second] = [request(8192), request(2)]
        offer(node.queue, first)
        yield* (yield* node.next).fail(transient())
        yield* quiet
        offer(node.queue, second)
        const drain = yield* Effect.forkChild(node.queue.drain(Infinity), { startImmediately: true })
        yield* (yield* node.next).succeed()
        yield* (yield* node.next).succeed()
        yield* Fiber.join(drain)
        yield* settle(first, second)
        assert.strictEqual(node.row.delivered, 8194)
        assert.isFalse(node.queue.reserve(1, 1))
      })
    )

    it.effect("drops what is left at the deadline, and stops what hangs", () =>
      Effect.gen(function* () {
        const node = yield* start({ sending_queue: { num_consumers: 1, block_on_overflow: true } })
        const [hanging, waiting] = [request(1), request(2)]
        offer(node.queue, hanging)
        yield* node.next
        offer(node.queue, waiting)
        const drain = yield* Effect.forkChild(node.queue.drain(3000), { startImmediately: true })
        yield* TestClock.adjust(3000)
        yield* Fiber.join(drain)
        yield* settle(hanging, waiting)
        assert.strictEqual(node.row.dropped.get("shutdown"), 3)
        assert.strictEqual(node.row.held, 0)
        assert.strictEqual(node.queue.size, 0)
        assert.strictEqual(node.queue.whenFull, "refuse")
        assert.isTrue(hanging.lease.freed && waiting.lease.freed)
      })
    )
  })
})
