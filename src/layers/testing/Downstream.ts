import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Batch } from "../../domain/Batch.ts"
import type { Books } from "../../domain/Books.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import type { Holder } from "../../domain/Passage.ts"
import { Refusal } from "../../domain/Refusal.ts"
import type { Signal } from "../../domain/Signal.ts"
import { BoundedQueue } from "../../streams/BoundedQueue.ts"
import type { Consumer } from "../graph/Consumer.ts"
import { HoldingNode } from "../graph/HoldingNode.ts"
import { PureNode } from "../graph/PureNode.ts"
import { RowCache } from "../graph/RowCache.ts"

/** What comes behind a component, or is the backend of an exporter, in a contract. */
export type Behaviour = "succeeds" | "fails transiently" | "fails permanently" | "is random" | "is slow" | "hangs"

export const behaviours: ReadonlyArray<Behaviour> = ["succeeds", "fails transiently", "fails permanently", "is random", "is slow", "hangs"]

const comeAgain = new Refusal("backend", GrpcCode.UNAVAILABLE, "come again", 10)
const never = new Refusal("backend", GrpcCode.INVALID_ARGUMENT, "never come again", undefined)

const exporter = { kind: "exporter", id: "downstream" } as const

/** The end of a pipeline: a processor that turns requests away, and a queue of four whose items a backend takes, as told. */
export class Downstream {
  readonly consumer: Consumer
  /** Set to make a hanging one go on. */
  behaviour: Behaviour
  private readonly books: Books
  private readonly queue = new BoundedQueue<Batch>({ limits: { requests: 4 }, whenFull: "refuse" })
  private turn = 0

  /** `waitForResult`: as an exporter without a queue, whose senders wait for the outcome. */
  constructor(books: Books, signal: Signal, behaviour: Behaviour, waitForResult = false) {
    this.books = books
    this.behaviour = behaviour
    const holder: Holder = {
      reserve: (items, sizeBytes) => this.queue.reserve(items, sizeBytes),
      unreserve: (items, sizeBytes) => this.queue.unreserve(items, sizeBytes),
      push: (batch) => this.queue.push(batch),
      row: (batch) => books.row(exporter, batch.tenant, batch.signal),
      whenFull: "refuse",
      onRoom: (callback) => this.queue.onRoom(callback),
      waitForResult
    }
    const rows = new RowCache(books, { kind: "processor", id: "gate" }, signal)
    this.consumer = new PureNode({ _tag: "Pure", process: (batch) => this.refusal() ?? batch }, rows, new HoldingNode(holder))
  }

  /** Every third request is turned away for a while, or every second one for good. */
  private refusal(): Refusal | undefined {
    this.turn++
    if ((this.behaviour === "fails transiently" || this.behaviour === "is random") && this.turn % 3 === 0) return comeAgain
    if (this.behaviour === "fails permanently" && this.turn % 2 === 0) return never
    return undefined
  }

  /** The backend: takes from the queue until interrupted. */
  readonly run: Effect.Effect<void> = Effect.forever(
    Effect.flatMap(this.queueTake(), (batch) =>
      Effect.gen({ self: this }, function* () {
        while (this.behaviour === "hangs") yield* Effect.sleep(10)
        if (this.behaviour === "is slow") yield* Effect.sleep(30)
        const share = this.behaviour === "is random" ? yield* Random.next : 1
        this.end(batch, Math.ceil(batch.items * share))
      })
    )
  )

  private queueTake(): Effect.Effect<Batch> {
    return Effect.suspend(() => Effect.orDie(this.queue.takeEffect))
  }

  private end(batch: Batch, delivered: number): void {
    const row = this.books.row(exporter, batch.tenant, batch.signal)
    row.delivered += delivered
    if (delivered < batch.items) row.drop("partial_success", batch.items - delivered)
    batch.lease.release()
    batch.ack.end(delivered, batch.items - delivered, 0)
  }
}
