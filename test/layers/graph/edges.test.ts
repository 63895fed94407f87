import { assert, describe, it } from "@effect/vitest"
import type { Batch } from "../../../src/domain/Batch.ts"
import { Books } from "../../../src/domain/Books.ts"
import { GrpcCode } from "../../../src/domain/GrpcCode.ts"
import type { Holder } from "../../../src/domain/Passage.ts"
import { Refusal } from "../../../src/domain/Refusal.ts"
import type { Consumer } from "../../../src/layers/graph/Consumer.ts"
import { ConnectorNode } from "../../../src/layers/graph/ConnectorNode.ts"
import { FanOut } from "../../../src/layers/graph/FanOut.ts"
import { GraphInlet } from "../../../src/layers/graph/GraphInlet.ts"
import { HoldingNode } from "../../../src/layers/graph/HoldingNode.ts"
import { PureNode } from "../../../src/layers/graph/PureNode.ts"
import { RowCache } from "../../../src/layers/graph/RowCache.ts"
import { BoundedQueue } from "../../../src/streams/BoundedQueue.ts"
import { CountingLease, opaqueBatch, RecordingAck } from "../../support/Accounts.ts"
import { Random } from "../../support/Random.ts"

/** An exporter's queue without an exporter: the test settles what it holds. */
class TestHolder implements Holder {
  readonly queue: BoundedQueue<Batch>
  readonly rows: RowCache
  readonly waitForResult = false
  readonly whenFull: "refuse" | "wait"

  constructor(books: Books, id: string, requests: number, whenFull: "refuse" | "wait" = "refuse") {
    this.queue = new BoundedQueue({ limits: { requests }, whenFull })
    this.whenFull = whenFull
    this.rows = new RowCache(books, { kind: "exporter", id }, "traces")
  }

  reserve(items: number, sizeBytes: number): boolean {
    return this.queue.reserve(items, sizeBytes)
  }
  unreserve(items: number, sizeBytes: number): void {
    this.queue.unreserve(items, sizeBytes)
  }
  push(batch: Batch): void {
    this.queue.push(batch)
  }
  row(batch: Batch) {
    return this.rows.of(batch)
  }
  onRoom(callback: () => void): void {
    this.queue.onRoom(callback)
  }

  deliverOne(): void {
    const batch = this.queue.take()
    if (batch === undefined) return
    this.rows.of(batch).delivered += batch.items
    batch.lease.release()
    batch.ack.end(batch.items, 0, 0)
  }
}

const rowsOf = (books: Books, kind: "exporter" | "processor" | "connector", id: string) => new RowCache(books, { kind, id }, "traces")

const receiver = { kind: "receiver", id: "test", transport: "http" } as const

const send = (inlet: GraphInlet, items = 10, tenant?: string) => {
  const ack = new RecordingAck()
  const lease = new CountingLease()
  inlet.submit([opaqueBatch({ items, ack, lease, ...(tenant === undefined ? {} : { tenant }) })], ack, receiver)
  return { ack, lease }
}

describe("the way from a receiver to the queues", () => {
  it("answers when every queue holds its share, and settles and frees once, when the last one is done", () => {
    const books = new Books()
    const [a, b] = [new TestHolder(books, "a", 2), new TestHolder(books, "b", 2)]
    const fanOut = new FanOut([new HoldingNode(a), new HoldingNode(b)], new RowCache(books, { kind: "fanout", id: "t" }, "traces"))
    const { ack, lease } = send(new GraphInlet(books, fanOut))
    assert.deepStrictEqual([ack.answers, ack.settlements, lease.frees], [1, 0, 0])
    a.deliverOne()
    assert.deepStrictEqual([ack.settlements, lease.frees], [0, 0])
    b.deliverOne()
    assert.deepStrictEqual([ack.settlements, ack.delivered, lease.frees], [1, 20, 1])
    assert.deepStrictEqual(books.balance(), { accepted: 10, created: 10, restored: 0, delivered: 20, dropped: 0, returned: 0, held: 0 })
  })

  it("leaves no trace of a refused request but at the receiver", () => {
    const books = new Books()
    const [a, b] = [new TestHolder(books, "a", 5), new TestHolder(books, "b", 1)]
    const half = new PureNode(
      { _tag: "Pure", process: (batch) => batch.replace(batch.chunks, batch.items / 2, batch.sizeBytes, new CountingLease()) },
      rowsOf(books, "processor", "half"),
      new FanOut([new HoldingNode(a), new HoldingNode(b)], new RowCache(books, { kind: "fanout", id: "t" }, "traces"))
    )
    const inlet = new GraphInlet(books, half)
    send(inlet)
    const before = [...books.rows()].map(({ accepted, delivered, droppedItems }) => [accepted, delivered, droppedItems])
    const { ack, lease } = send(inlet)
    assert.strictEqual(ack.refusal, Refusal.queueFull)
    assert.deepStrictEqual([ack.answers, ack.settlements, lease.frees], [1, 0, 1])
    const [first, ...others] = [...books.rows()]
    assert.deepStrictEqual([first!.accepted, first!.returned, first!.delivered], [20, 10, 10])
    assert.deepStrictEqual(
      others.map(({ accepted, delivered, droppedItems }) => [accepted, delivered, droppedItems]),
      before.slice(1)
    )
    assert.strictEqual(a.queue.requests, 1)
    assert.strictEqual(b.rows.of(opaqueBatch()).refused.get("queue_full"), 10)
    assert.strictEqual(first!.refusedRequests.get("queue_full"), 1)
  })

  it("does not run processors for a queue that has no room for anything", () => {
    const books = new Books()
    const holder = new TestHolder(books, "a", 1)
    let runs = 0
    const process = (batch: Batch) => {
      runs++
      return batch
    }
    const inlet = new GraphInlet(books, new PureNode({ _tag: "Pure", process }, rowsOf(books, "processor", "p"), new HoldingNode(holder)))
    send(inlet)
    assert.strictEqual(send(inlet).ack.refusal, Refusal.queueFull)
    assert.strictEqual(runs, 1)
    assert.isUndefined(inlet.refusal(0))
  })

  it("runs a request that waited for room through the graph of that moment", () => {
    const books = new Books()
    const [old, next] = [new TestHolder(books, "old", 1, "wait"), new TestHolder(books, "next", 1)]
    const inlet = new GraphInlet(books, new HoldingNode(old))
    send(inlet)
    const { ack, lease } = send(inlet)
    assert.strictEqual(ack.answers, 0)
    inlet.next = new HoldingNode(next)
    old.deliverOne()
    assert.strictEqual(ack.answers, 1)
    assert.strictEqual(next.queue.requests, 1)
    next.deliverOne()
    assert.deepStrictEqual([ack.settlements, lease.frees], [1, 1])
  })

  it("refuses when a processor throws, and keeps serving", () => {
    const books = new Books()
    const holder = new TestHolder(books, "a", 9)
    let broken = true
    const process = (batch: Batch) => {
      if (broken) throw new Error("boom")
      return batch
    }
    const inlet = new GraphInlet(books, new PureNode({ _tag: "Pure", process }, rowsOf(books, "processor", "p"), new HoldingNode(holder)))
    const failed = send(inlet)
    assert.strictEqual(failed.ack.refusal?.code, GrpcCode.INTERNAL)
    assert.strictEqual(failed.lease.frees, 1)
    broken = false
    assert.strictEqual(send(inlet).ack.refusal, undefined)
  })

  it("balances at every moment through random graphs, refusals, drops and splits", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed)
      const books = new Books()
      const holders: Array<TestHolder> = []
      const grow = (depth: number): Consumer => {
        const id = `${holders.length}-${depth}`
        switch (depth === 0 ? 0 : random.int(5)) {
          case 1:
            return new FanOut([grow(depth - 1), grow(depth - 1)], new RowCache(books, { kind: "fanout", id }, "traces"))
          case 2: {
            const keep = (batch: Batch) => batch.replace(batch.chunks, random.int(batch.items + 1), batch.sizeBytes, new CountingLease())
            return new PureNode({ _tag: "Pure", process: keep }, rowsOf(books, "processor", id), grow(depth - 1))
          }
          case 3: {
            const refusing = new Refusal("processor_error", GrpcCode.INTERNAL, "no", undefined)
            const process = (batch: Batch) => (random.chance(0.1) ? refusing : batch)
            return new PureNode({ _tag: "Pure", process }, rowsOf(books, "processor", id), grow(depth - 1))
          }
          case 4: {
            const targets = new Map([
              ["x", grow(depth - 1)],
              ["y", grow(depth - 1)]
            ])
            const route = (
              batch: Batch,
              emit: (pipeline: string, piece: Batch) => void,
              drop: (piece: Batch, reason: "unroutable") => void
            ) => {
              if (random.chance(0.2)) drop(batch, "unroutable")
              else emit(random.pick(["x", "y"]), batch)
              return undefined
            }
            return new ConnectorNode({ route }, rowsOf(books, "connector", id), targets)
          }
          default: {
            const holder = new TestHolder(books, `e${holders.length}`, 1 + random.int(4))
            holders.push(holder)
            return new HoldingNode(holder)
          }
        }
      }
      const inlet = new GraphInlet(books, grow(4))
      const sent: Array<ReturnType<typeof send>> = []
      for (let step = 0; step < 60; step++) {
        if (random.chance(0.6)) sent.push(send(inlet, 1 + random.int(20), random.pick(["a", "b"])))
        else random.pick(holders).deliverOne()
        const { accepted, created, restored, delivered, dropped, returned, held } = books.balance()
        assert.strictEqual(accepted + created + restored, delivered + dropped + returned + held, `seed ${seed}`)
        assert.strictEqual(
          held,
          holders.reduce((sum, { queue }) => sum + queue.items, 0),
          `seed ${seed}: what the books say is held is what the queues hold`
        )
        for (const row of books.rows()) assert.isAtLeast(row.held, 0, `seed ${seed}`)
      }
      for (const holder of holders) while (holder.queue.requests > 0) holder.deliverOne()
      assert.strictEqual(books.balance().held, 0, `seed ${seed}`)
      for (const { ack, lease } of sent) {
        assert.deepStrictEqual([ack.answers, lease.frees], [1, 1], `seed ${seed}`)
        assert.strictEqual(ack.settlements, ack.refusal === undefined ? 1 : 0, `seed ${seed}`)
      }
    }
  })
})

/** Answers as a receiver does: when the awaited parts have ended, or at once if there are none. */
class AnsweringAck extends RecordingAck {
  answered = false
  override taken(): void {
    if (!this.waitForResult) this.answered = true
  }
  protected override resultKnown(): void {
    this.answered = true
  }
}

describe("an answer that waits for a result", () => {
  it("waits for the parts that want it, and for no queue beside them", () => {
    const books = new Books()
    const ack = new AnsweringAck()
    const queued = new TestHolder(books, "queued", 9)
    const awaited = new TestHolder(books, "awaited", 9)
    Object.assign(awaited, { waitForResult: true })
    const fanOut = new FanOut(
      [new HoldingNode(queued), new HoldingNode(awaited)],
      new RowCache(books, { kind: "fanout", id: "t" }, "traces")
    )
    new GraphInlet(books, fanOut).submit([opaqueBatch({ items: 3, ack })], ack, receiver)
    assert.isFalse(ack.answered)
    const batch = awaited.queue.take()!
    batch.ack.end(3, 0, 0, undefined, true)
    assert.isTrue(ack.answered)
    assert.strictEqual(ack.settlements, 0)
    assert.isFalse(queued.queue.peek()!.ack.isReturnable(false))
  })
})
