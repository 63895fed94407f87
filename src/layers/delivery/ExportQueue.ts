import * as Effect from "effect/Effect"
import type { Batch } from "../../domain/Batch.ts"
import type { Row } from "../../domain/Books.ts"
import type { Holder } from "../../domain/Passage.ts"
import { Refusal } from "../../domain/Refusal.ts"
import type { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import { BoundedQueue } from "../../streams/BoundedQueue.ts"
import type { Limits } from "../../streams/Room.ts"
import type { Observer } from "../observation/Observer.ts"
import { Held, isSameOrigin } from "./Held.ts"

/** Who sends what a queue holds: one at a time; a swap puts another in its place (`ExportQueue.attach`). */
export interface QueueConsumer {
  /** Something was pushed, came back, or may now go although it is little. */
  readonly wake: () => void
  /** The queue is being drained: do not sit out a wait that the backend has not asked for. */
  readonly hurry: () => void
  /** Stop what is under way; it is to come back, or be settled, at once. */
  readonly abort: () => void
  /** Settle (`shutdown`) what could not be stopped; its memory stays until the transport has let go of it. */
  readonly writeOff: () => void
  /** So many items ended as dropped (`shutdown`). */
  readonly lost: (items: number) => void
}

/** What one request may hold, as far as merging goes; a batch that is larger alone comes alone. */
export interface RequestLimits {
  readonly maxItems: number
  readonly maxBytes: number
}

/** At a drain, requests that former senders still have under way get this long before they come back for the present ones. */
const recallMillis = 1000

/** After the drain's deadline, requests that were stopped get this long to let go of their memory. */
const abortMillis = 3000

/**
 * The queue in front of one exporter, for one signal. It belongs to the graph, not to the exporter's node: when a swap changes the
 * exporter, the next senders take it over filled.
 *
 * Reads batches that a `Passage` commits; emits runs of neighbours of one tenant and metadata, to be sent as one request. What is being
 * sent still counts against the capacity, as in the collector, so `size` is everything accepted and not yet settled.
 * Of a request that came as many batches one stands in line, and the next one when that is taken, so that nobody waits for all of it.
 * Full: refuses, or lets the sender wait (`block_on_overflow`). Fails: cannot; what a sender could not deliver comes back to the head.
 * Closes (`drain`): takes nothing more, waits for its senders until a deadline, then drops the rest (`shutdown`) or gives it back to
 * senders that still wait; so it does with what former senders still have under way.
 */
export class ExportQueue implements Holder {
  private readonly rowOf: (batch: Batch) => Row
  private readonly observer: Observer | undefined
  private readonly queue: BoundedQueue<Held>
  private consumer: QueueConsumer | undefined = undefined
  /** The consumer, and those before it that still have something under way. */
  private readonly consumers = new Set<QueueConsumer>()
  /** The batch at the tail, to see where a run of one origin ends. */
  private tail: Held | undefined = undefined
  /** How often neighbours that wait differ in origin. */
  private seams = 0
  /** The last batch that came, as long as it waits. */
  private newest: Held | undefined = undefined
  /** Batches that wait behind another one of their request, with room set aside for them. */
  private behind = 0
  private behindItems = 0
  private behindBytes = 0
  private flying = 0
  private flyingItems = 0
  private flyingBytes = 0
  private sizer: "requests" | "items" | "bytes" = "requests"
  private blocks = false
  private draining = false
  private readonly emptyWaiters: Array<() => void> = []
  waitForResult = false
  /** Capacity in units of the sizer. */
  capacity = 0
  /** Requests that an attempt is under way for, or that wait to be tried again; kept by the senders. */
  inFlight = 0
  /** Attempts that failed since the queue was made, whether or not another one followed; kept by the senders. */
  failedAttempts = 0

  constructor(rowOf: (batch: Batch) => Row, settings: ExporterSettings["sending_queue"], observer?: Observer) {
    this.rowOf = rowOf
    this.observer = observer
    this.queue = new BoundedQueue({ limits: {}, whenFull: "wait" })
    this.configure(settings)
  }

  /** New limits, filled or not. What is held stays, even above them. */
  configure(settings: ExporterSettings["sending_queue"]): void {
    this.sizer = settings.sizer
    this.capacity = settings.queue_size
    this.blocks = settings.block_on_overflow
    this.waitForResult = !settings.enabled || settings.wait_for_result
    this.queue.setLimits(limitsOf(settings))
  }

  /** The senders from now on. Those before get nothing more; what they have under way they finish or put back. */
  attach(consumer: QueueConsumer): void {
    this.consumer = consumer
    this.consumers.add(consumer)
    consumer.wake()
  }

  /** These senders have nothing under way any more, and take nothing more. */
  detach(consumer: QueueConsumer): void {
    this.consumers.delete(consumer)
  }

  isAttached(consumer: QueueConsumer): boolean {
    return this.consumer === consumer
  }

  // ---- Holder

  get whenFull(): "refuse" | "wait" {
    return this.blocks && !this.queue.isClosed ? "wait" : "refuse"
  }

  reserve(items: number, sizeBytes: number): boolean {
    return this.queue.reserve(items, sizeBytes)
  }

  unreserve(items: number, sizeBytes: number): void {
    this.queue.unreserve(items, sizeBytes)
  }

  push(batch: Batch): void {
    const held = new Held(batch, this.rowOf(batch), performance.now(), this.waitForResult, this.observer)
    const { newest } = this
    this.newest = held
    if (newest?.batch.ack === batch.ack) {
      newest.following = held
      this.behind++
      this.behindItems += held.items
      this.behindBytes += held.sizeBytes
    } else this.lineUp(held)
    this.consumer?.wake()
  }

  private lineUp(held: Held): void {
    if (this.tail !== undefined && !isSameOrigin(this.tail, held)) this.seams++
    this.tail = held
    this.queue.push(held)
  }

  /** The next batch of the request that `taken` is of goes to the end of the line. */
  private lineUpNext(taken: Held): void {
    if (taken === this.newest) this.newest = undefined
    const { following } = taken
    if (following === undefined) return
    taken.following = undefined
    this.behind--
    this.behindItems -= following.items
    this.behindBytes -= following.sizeBytes
    this.lineUp(following)
  }

  row(batch: Batch): Row {
    return this.rowOf(batch)
  }

  onRoom(callback: () => void): void {
    this.queue.onRoom(callback)
  }

  // ---- gauges

  /** Everything accepted and not yet settled, in units of the sizer. */
  get size(): number {
    if (this.sizer === "items") return this.heldItems
    return this.sizer === "bytes" ? this.heldBytes : this.heldBatches
  }

  get heldBatches(): number {
    return this.waitingBatches + this.flying
  }

  get heldItems(): number {
    return this.waitingItems + this.flyingItems
  }

  get heldBytes(): number {
    return this.waitingBytes + this.flyingBytes
  }

  // ---- for the senders

  get waitingBatches(): number {
    return this.queue.requests + this.behind
  }

  get waitingItems(): number {
    return this.queue.items + this.behindItems
  }

  get waitingBytes(): number {
    return this.queue.sizeBytes + this.behindBytes
  }

  /** When the batch at the head came, `performance.now()` milliseconds. */
  get headSince(): number {
    return this.queue.peek()?.heldSince ?? Infinity
  }

  /** The drain is over: everything is settled. */
  get isClosed(): boolean {
    return this.queue.isClosed
  }

  get isDraining(): boolean {
    return this.draining
  }

  /** Whether waiting longer could not make the next request larger: it has reached a limit, or the next batch is of another origin. */
  isRunComplete(limits: RequestLimits): boolean {
    return this.seams > 0 || this.waitingItems >= limits.maxItems || this.waitingBytes >= limits.maxBytes
  }

  /** The neighbours at the head that go together into one request; one batch at least, if any waits. */
  takeRun(limits: RequestLimits): Array<Held> {
    const run: Array<Held> = []
    let items = 0
    let sizeBytes = 0
    for (;;) {
      const next = this.queue.peek()
      if (next === undefined) break
      if (run.length > 0) {
        if (items + next.items > limits.maxItems || sizeBytes + next.sizeBytes > limits.maxBytes) break
        if (!isSameOrigin(run[0]!, next)) break
      }
      run.push(this.takeHead()!)
      items += next.items
      sizeBytes += next.sizeBytes
    }
    return run
  }

  private takeHead(): Held | undefined {
    const held = this.queue.takeKeepingRoom()
    if (held === undefined) return undefined
    this.flying++
    this.flyingItems += held.items
    this.flyingBytes += held.sizeBytes
    const next = this.queue.peek()
    if (next === undefined) this.tail = undefined
    else if (!isSameOrigin(held, next)) this.seams--
    this.lineUpNext(held)
    return held
  }

  /** Un-settled batches come back before all others, in their order. After the close of the queue they end here. */
  putBack(batches: ReadonlyArray<Held>): void {
    for (let i = batches.length - 1; i >= 0; i--) {
      const held = batches[i]!
      if (this.queue.isClosed) this.drop(held)
      else {
        this.pushHead(held)
        this.release(held)
      }
    }
    this.consumer?.wake()
  }

  /** Ends a batch that was taken as lost to the stop. */
  drop(held: Held): void {
    const lost = held.fail("shutdown", Refusal.shutdown)
    if (lost > 0) this.consumer?.lost(lost)
    this.release(held)
  }

  private pushHead(held: Held): void {
    const next = this.queue.peek()
    if (next === undefined) this.tail = held
    else if (!isSameOrigin(held, next)) this.seams++
    this.queue.pushHead(held)
  }

  /** Pieces take the place of a batch that was taken, and wait at the head. */
  substitute(whole: Held, pieces: ReadonlyArray<Held>): void {
    for (let i = pieces.length - 1; i >= 0; i--) this.pushHead(pieces[i]!)
    this.release(whole)
  }

  /** Pieces take the place of a batch that was taken, and count as taken. */
  exchange(whole: Held, pieces: ReadonlyArray<Held>): void {
    this.substitute(whole, pieces)
    for (const _ of pieces) this.takeHead()
  }

  /** Gives the room of a settled batch back. */
  release(held: Held): void {
    this.flying--
    this.flyingItems -= held.items
    this.flyingBytes -= held.sizeBytes
    this.queue.freeRoom(held.items, held.sizeBytes)
    if (this.heldBatches === 0) for (const callback of this.emptyWaiters.splice(0)) callback()
  }

  // ---- end

  /**
   * Sends what is left, within a deadline; then takes nothing more, and what is still held ends as dropped (`shutdown`) or goes back to
   * senders that wait. New batches are taken until then. When this ends, everything is settled.
   */
  drain(withinMillis: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.draining = true
      this.consumer?.hurry()
      this.consumer?.wake()
      const patience = Math.min(recallMillis, withinMillis / 2)
      return Effect.andThen(
        this.empty(patience),
        Effect.suspend(() => {
          for (const consumer of this.consumers) if (consumer !== this.consumer) consumer.abort()
          return this.empty(withinMillis - patience)
        })
      )
    }).pipe(Effect.andThen(this.close))
  }

  private readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.queue.close()
    for (let held = this.takeHead(); held !== undefined; held = this.takeHead()) this.drop(held)
    for (const consumer of this.consumers) consumer.abort()
    return this.empty(abortMillis)
  }).pipe(
    Effect.andThen(
      Effect.sync(() => {
        for (const consumer of this.consumers) consumer.writeOff()
      })
    )
  )

  private empty(withinMillis: number): Effect.Effect<void> {
    const empty = Effect.callback<void>((resume) => {
      if (this.heldBatches === 0) resume(Effect.void)
      // The last batch settles inside of its flight; who waits goes on when the flight has ended.
      else this.emptyWaiters.push(() => resume(Effect.yieldNow))
    })
    return Effect.timeoutOption(empty, withinMillis).pipe(Effect.asVoid)
  }
}

const limitsOf = (settings: ExporterSettings["sending_queue"]): Limits => {
  const sizeBytes = settings.sizer === "bytes" ? Math.min(settings.queue_size, settings.max_bytes) : settings.max_bytes
  if (settings.sizer === "requests") return { requests: settings.queue_size, sizeBytes }
  return settings.sizer === "items" ? { items: settings.queue_size, sizeBytes } : { sizeBytes }
}
