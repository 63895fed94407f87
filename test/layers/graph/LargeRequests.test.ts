import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Batch, defaultTenant, noMetadata } from "../../../src/domain/Batch.ts"
import { Books } from "../../../src/domain/Books.ts"
import { lengthField } from "../../../src/domain/otlp/Write.ts"
import type { Holder } from "../../../src/domain/Passage.ts"
import { Refusal } from "../../../src/domain/Refusal.ts"
import { probabilisticSampler } from "../../../src/layers/analysis/processors/ProbabilisticSampler.ts"
import { transform } from "../../../src/layers/analysis/processors/Transform.ts"
import { GraphInlet, sliceLimits } from "../../../src/layers/graph/GraphInlet.ts"
import { HoldingNode } from "../../../src/layers/graph/HoldingNode.ts"
import { PureNode } from "../../../src/layers/graph/PureNode.ts"
import { RowCache } from "../../../src/layers/graph/RowCache.ts"
import { Turns } from "../../../src/streams/Turns.ts"
import { pure } from "../analysis/Analysis.ts"
import { CountingLease, RecordingAck } from "../../support/Accounts.ts"

const million = 1_000_000
const receiver = { kind: "receiver", id: "test", transport: "http" } as const

/** A place that takes everything while it is open, and lets go of it when told. */
class Place implements Holder {
  readonly held: Array<Batch> = []
  readonly whenFull = "refuse"
  readonly waitForResult = false
  isOpen = true
  private readonly rows: RowCache
  constructor(books: Books, id: string) {
    this.rows = new RowCache(books, { kind: "exporter", id }, "traces")
  }
  reserve(): boolean {
    return this.isOpen
  }
  unreserve(): void {}
  push(batch: Batch): void {
    this.held.push(batch)
  }
  row(batch: Batch) {
    return this.rows.of(batch)
  }
  onRoom(): void {}

  get items(): number {
    return this.held.reduce((sum, batch) => sum + batch.items, 0)
  }

  deliver(): void {
    for (const batch of this.held.splice(0)) {
      this.row(batch).delivered += batch.items
      batch.lease.release()
      batch.ack.end(batch.items, 0, 0)
    }
  }
}

type Process = (batch: Batch) => Batch | Refusal

/** A gateway of one processor, with turns of one piece, and how many items and bytes each turn of the event loop gave it. */
const gateway = (process: Process, drops: "filtered" | "sampled" = "filtered") => {
  const books = new Books()
  const places = [new Place(books, "first"), new Place(books, "second")] as const
  const perTurn: Array<number> = [0]
  const bytesPerTurn: Array<number> = [0]
  let turn = 0
  const counted: Process = (batch) => {
    perTurn[turn]! += batch.items
    bytesPerTurn[turn]! += batch.sizeBytes
    return process(batch)
  }
  const leadingTo = (place: Place) =>
    new PureNode(
      { _tag: "Pure", process: counted, drops },
      new RowCache(books, { kind: "processor", id: "p" }, "traces"),
      new HoldingNode(place)
    )
  const inlet = new GraphInlet(
    books,
    leadingTo(places[0]),
    new Turns({ budgetMillis: 0, now: () => 0, defer: (callback) => setImmediate(callback) })
  )
  const next = () =>
    new Promise<void>((resolve) =>
      setImmediate(() => {
        perTurn[++turn] = 0
        bytesPerTurn[turn] = 0
        resolve()
      })
    )
  return { books, places, perTurn, bytesPerTurn, inlet, leadingTo, next }
}

const emptySpans = (count: number): Uint8Array =>
  lengthField(
    1,
    lengthField(
      2,
      new Uint8Array(2 * count).map((_, i) => (i % 2 === 0 ? 18 : 0))
    )
  )

const send = (inlet: GraphInlet, bytes: Uint8Array, items: number) => {
  const ack = new RecordingAck()
  const lease = new CountingLease()
  const origin = { signal: "traces", tenant: defaultTenant, arrivedAt: 0, deadline: Infinity, metadata: noMetadata } as const
  inlet.submit([new Batch(origin, [bytes], items, bytes.length, lease, ack)], ack, receiver)
  return { ack, lease }
}

const balanced = (books: Books, held: number): void => {
  let sum = 0
  for (const row of books.rows()) sum += row.held
  assert.strictEqual(sum, held)
}

const answered = async ({ next }: ReturnType<typeof gateway>, { ack }: { readonly ack: RecordingAck }) => {
  while (ack.answers === 0) await next()
}

describe("a request of a million items", () => {
  const processors = [
    [transform, { trace_statements: ['set(span.attributes["env"], "prod")'] }, million],
    [probabilisticSampler, { sampling_percentage: 100, mode: "proportional", fail_closed: false }, million],
    [probabilisticSampler, { sampling_percentage: 0 }, 0]
  ] as const
  for (const [component, settings, kept] of processors) {
    it.effect(`goes through ${component.type} a slice a turn, and is taken as a whole (${kept} kept)`, () =>
      Effect.gen(function* () {
        const { process } = yield* pure(component, "traces", settings)
        const graph = gateway(process, "sampled")
        const [place] = graph.places
        yield* Effect.promise(async () => {
          const sent = send(graph.inlet, emptySpans(million), million)
          assert.strictEqual(sent.ack.answers, 0)
          assert.strictEqual(place.held.length, 0)
          await answered(graph, sent)
          assert.strictEqual(
            graph.perTurn.reduce((sum, items) => sum + items, 0),
            million
          )
          assert.isAtMost(Math.max(...graph.perTurn), sliceLimits.maxItems)
          // Slices join again: a queue that counts requests is not filled by one.
          for (const batch of place.held) assert.isAtMost(batch.items, 8192)
          assert.strictEqual(place.held.length, Math.ceil(kept / 8192))
          assert.deepStrictEqual([place.items, sent.ack.refusal], [kept, undefined])
          balanced(graph.books, kept)
          place.deliver()
          balanced(graph.books, 0)
          assert.deepStrictEqual([sent.ack.answers, sent.ack.settlements, sent.lease.frees], [1, 1, 1])
          assert.deepStrictEqual([sent.ack.delivered, sent.ack.dropped], [kept, million - kept])
        })
      })
    )
  }

  it("goes by bytes too, where items are large", async () => {
    const graph = gateway((batch) => batch)
    const span = lengthField(2, lengthField(5, new Uint8Array(4000).fill(97)))
    const bytes = lengthField(1, lengthField(2, Buffer.concat(Array.from({ length: 2000 }, () => span))))
    const sent = send(graph.inlet, bytes, 2000)
    assert.isAtMost(graph.bytesPerTurn[0]!, sliceLimits.maxBytes + 100)
    // Submitting was a turn of its own.
    graph.bytesPerTurn[0] = 0
    await answered(graph, sent)
    assert.strictEqual(graph.places[0].items, 2000)
    assert.isAtMost(Math.max(...graph.bytesPerTurn), sliceLimits.maxBytes + 100)
    for (const batch of graph.places[0].held) assert.isAtMost(batch.sizeBytes, 1 << 20)
    balanced(graph.books, 2000)
  })

  it("shares the turns with others that are as large", async () => {
    const graph = gateway((batch) => batch)
    const all = [1, 2, 3].map(() => send(graph.inlet, emptySpans(100_000), 100_000))
    // The first slice of each goes at once.
    graph.perTurn[0] = 0
    for (const sent of all) await answered(graph, sent)
    assert.isAtMost(Math.max(...graph.perTurn), sliceLimits.maxItems)
    assert.strictEqual(graph.places[0].items, 300_000)
    graph.places[0].deliver()
    balanced(graph.books, 0)
    for (const sent of all) assert.deepStrictEqual([sent.ack.answers, sent.ack.settlements, sent.lease.frees], [1, 1, 1])
  })

  it("ends where its sender goes", async () => {
    const graph = gateway((batch) => batch)
    const sent = send(graph.inlet, emptySpans(million), million)
    for (let i = 0; i < 5; i++) await graph.next()
    sent.ack.cancelled = true
    await answered(graph, sent)
    assert.strictEqual(sent.ack.refusal, Refusal.deadline)
    assert.isBelow(graph.perTurn.length, 10)
    assert.deepStrictEqual([sent.lease.frees, graph.places[0].held.length], [1, 0])
    balanced(graph.books, 0)
  })

  it("ends where a processor turns it away, and none of it is taken", async () => {
    let calls = 0
    const graph = gateway((batch) => (++calls < 5 ? batch : Refusal.memoryLimit))
    const sent = send(graph.inlet, emptySpans(million), million)
    await answered(graph, sent)
    await graph.next()
    assert.deepStrictEqual([sent.ack.refusal, calls], [Refusal.memoryLimit, 5])
    // Who refused it refused all of it, as the receiver did.
    for (const kind of ["processor", "receiver"] as const) {
      const row = [...graph.books.rows()].find(({ component }) => component.kind === kind)!
      assert.deepStrictEqual([row.refused.get("memory_limiter"), row.refusedRequests.get("memory_limiter")], [million, 1])
    }
    assert.deepStrictEqual([sent.lease.frees, graph.places[0].held.length], [1, 0])
    balanced(graph.books, 0)
  })

  it("begins again where a swap comes in between, and nothing goes the old way", async () => {
    const graph = gateway((batch) => batch)
    const [old, place] = graph.places
    const sent = send(graph.inlet, emptySpans(million), million)
    for (let i = 0; i < 5; i++) await graph.next()
    graph.inlet.next = graph.leadingTo(place)
    old.isOpen = false
    await answered(graph, sent)
    assert.deepStrictEqual([sent.ack.refusal, old.held.length, place.items], [undefined, 0, million])
    balanced(graph.books, million)
    place.deliver()
    assert.deepStrictEqual([sent.ack.settlements, sent.lease.frees], [1, 1])
    balanced(graph.books, 0)
  })

  it("is refused for good where it would grow beyond bounds", async () => {
    const graph = gateway((batch) => batch.replace([new Uint8Array(4 << 20)], batch.items, 4 << 20, new CountingLease()))
    const sent = send(graph.inlet, emptySpans(million), million)
    await answered(graph, sent)
    assert.deepStrictEqual([sent.ack.refusal?.reason, sent.ack.refusal?.retryAfterMillis], ["too_large", undefined])
    assert.isAtMost(graph.perTurn.filter((items) => items > 0).length, 17)
    assert.deepStrictEqual([sent.lease.frees, graph.places[0].held.length], [1, 0])
    balanced(graph.books, 0)
  })

  it("is refused where it is no OTLP", () => {
    const graph = gateway((batch) => batch)
    const sent = send(graph.inlet, new Uint8Array(million), million)
    assert.deepStrictEqual([sent.ack.refusal?.reason, sent.lease.frees], ["malformed", 1])
    balanced(graph.books, 0)
  })
})
