import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type Batch, type ClientMetadata, noMetadata } from "../../../domain/Batch.ts"
import type { Row } from "../../../domain/Books.ts"
import { Count, Duration, field, Positive } from "../../../domain/config/Fields.ts"
import { cutting, type Part } from "../../../domain/otlp/Cut.ts"
import { Malformed } from "../../../domain/otlp/Malformed.ts"
import type { Holder } from "../../../domain/Passage.ts"
import { signals } from "../../../domain/Signal.ts"
import { Batcher, type Trigger } from "../../../streams/Batcher.ts"
import { Ring } from "../../../streams/Ring.ts"
import { Room } from "../../../streams/Room.ts"
import { turns } from "../../../streams/Turns.ts"
import { type ProcessorContext, processor } from "../../graph/Component.ts"
import { ComponentError } from "../../graph/ComponentError.ts"
import { RowCache } from "../../graph/RowCache.ts"
import { concatenated, merge } from "./Merge.ts"
import type { Counter, Histogram } from "../../telemetry/Registry.ts"

const Config = Schema.Struct({
  send_batch_size: field(Count, 8192, "Send when this many items have gathered."),
  timeout: field(Duration, "200ms", "Send after this long even if `send_batch_size` is not reached; 0s sends at once."),
  send_batch_max_size: field(Count, 0, "Never send more items than this at once; 0 is no limit. At least `send_batch_size`."),
  send_batch_max_bytes: field(Positive, 3_500_000, "Never gather more bytes than this, below what gRPC receivers take by default."),
  metadata_keys: field(Schema.Array(Schema.String), [], "Keep requests apart whose client metadata differ in these keys."),
  metadata_cardinality_limit: field(Count, 1000, "Combinations that gather at once, at most; further ones pass unmerged. 0 is no limit."),
  max_items: field(Positive, 131_072, "Refuse with a hint while more items than this are held."),
  max_bytes: field(Positive, 33_554_432, "Refuse with a hint while more bytes than this are held.")
})

type Config = typeof Config.Type

/** What of one key is on its way out. */
class Lane {
  /** As they were gathered, to be merged and cut. */
  readonly groups = new Ring<ReadonlyArray<Batch>>()
  readonly departures = new Ring<Departure>()
  /** How far the first group has been cut. */
  cutting: Cutting | undefined = undefined
}

type Cutting = Generator<undefined, ReadonlyArray<Part>, undefined>

/** A merged batch on its way out; with the last one of a group, the room of the group's elements comes free. */
interface Departure {
  readonly batch: Batch
  readonly frees: ReadonlyArray<Batch>
}

/**
 * Merges requests of one tenant (and equal metadata) into larger ones; a merge appends to a list of chunks, no byte is copied.
 *
 * Reads batches, emits merged ones in order of arrival within their key; keys do not wait for each other.
 * **Full**: while what is held (gathering, and waiting for what comes next) exceeds `max_items` or `max_bytes`, senders are refused with
 * a hint. **Fails**: nothing here can. **Closes**: `drain` sends what is held and ends when the next holder has it; what the end of the
 * scope still finds is dropped (`shutdown`).
 */
class BatchHolder implements Holder {
  readonly whenFull = "refuse"
  readonly waitForResult = false
  private readonly sizeTriggers: Counter
  private readonly timeoutTriggers: Counter
  private readonly sendSize: Histogram
  private readonly sendSizeBytes: Histogram
  private readonly config: Config
  private readonly context: ProcessorContext
  private readonly rows: RowCache
  private readonly room: Room
  private readonly batcher: Batcher<Batch>
  private readonly run: (effect: Effect.Effect<void>) => void
  /** What is on its way out, by key; each lane has a fiber of its own while it is not empty. */
  private readonly lanes = new Map<string, Lane>()
  private readonly idleWaiters: Array<() => void> = []
  private isDraining = false

  private constructor(config: Config, context: ProcessorContext, batcher: Batcher<Batch>, run: (effect: Effect.Effect<void>) => void) {
    this.config = config
    this.context = context
    this.rows = new RowCache(context.books, { kind: "processor", id: context.id }, context.signal)
    this.room = new Room({ items: config.max_items, sizeBytes: config.max_bytes })
    this.batcher = batcher
    this.run = run
    const { telemetry } = context
    const labels = { processor: context.id }
    this.sizeTriggers = telemetry.counter("batchSizeTrigger", labels)
    this.timeoutTriggers = telemetry.counter("batchTimeoutTrigger", labels)
    this.sendSize = telemetry.histogram("batchSendSize", labels)
    this.sendSizeBytes = telemetry.histogram("batchSendSizeBytes", labels)
  }

  static readonly make = (config: Config, context: ProcessorContext): Effect.Effect<BatchHolder, never, Scope.Scope> =>
    Effect.gen(function* () {
      // Finalizers run in reverse: first the timer stops, then the lanes, then what they left is dropped.
      yield* Effect.addFinalizer(() => Effect.sync(() => holder.dropAll()))
      const run = yield* FiberSet.makeRuntime<never, void, never>()
      const batcher = yield* Batcher.make<Batch>({
        minItems: config.send_batch_size,
        maxBytes: config.send_batch_max_bytes,
        flushMillis: config.timeout,
        onGroup: (key, elements, trigger) => holder.depart(key, elements, trigger)
      })
      const holder: BatchHolder = new BatchHolder(config, context, batcher, run)
      const hide = context.telemetry.observe("batchCardinality", { processor: context.id }, () => batcher.keys)
      yield* Effect.addFinalizer(() => Effect.sync(hide))
      return holder
    })

  reserve(items: number, sizeBytes: number): boolean {
    return this.room.reserve(items, sizeBytes)
  }

  unreserve(items: number, sizeBytes: number): void {
    this.room.unreserve(items, sizeBytes)
  }

  onRoom(callback: () => void): void {
    this.room.onRoom(callback)
  }

  row(batch: Batch): Row {
    return this.rows.of(batch)
  }

  push(batch: Batch): void {
    this.room.enterReserved(batch.items, batch.sizeBytes)
    const key = this.keyOf(batch)
    const limit = this.config.metadata_cardinality_limit
    if (this.isDraining) this.depart(key, [batch], "drain")
    else if (limit > 0 && this.batcher.keys >= limit && !this.batcher.has(key)) this.depart(key, [batch], "size")
    else this.batcher.push(key, batch)
  }

  readonly drain: Effect.Effect<void> = Effect.suspend(() => {
    this.isDraining = true
    this.batcher.drain()
    if (this.lanes.size === 0) return Effect.void
    return Effect.callback<void>((resume) => {
      this.idleWaiters.push(() => resume(Effect.void))
    })
  })

  private keyOf(batch: Batch): string {
    const { metadata_keys } = this.config
    if (metadata_keys.length === 0) return batch.tenant
    return JSON.stringify([batch.tenant, ...metadata_keys.map((name) => batch.origin.metadata[name.toLowerCase()])])
  }

  private depart(key: string, elements: ReadonlyArray<Batch>, trigger: Trigger): void {
    if (trigger === "size") this.sizeTriggers.total++
    else if (trigger === "timeout") this.timeoutTriggers.total++
    let lane = this.lanes.get(key)
    if (lane === undefined) {
      this.lanes.set(key, (lane = new Lane()))
      this.run(this.send(key, lane))
    }
    lane.groups.pushLast(elements)
  }

  /** Merges the first group of a lane, or cuts a bounded part of it more; then its departures are ready. */
  private merge(lane: Lane): void {
    const elements = lane.groups.first()!
    lane.cutting ??= this.cut(elements)
    const step = lane.cutting.next()
    if (step.done !== true) return
    lane.cutting = undefined
    lane.groups.takeFirst()
    const batches = merge(elements, this.metadataOf(elements[0]!), step.value)
    for (const [i, batch] of batches.entries()) {
      this.sendSize.observe(batch.items)
      this.sendSizeBytes.observe(batch.sizeBytes)
      lane.departures.pushLast({ batch, frees: i === batches.length - 1 ? elements : [] })
    }
  }

  /** In parts of at most `send_batch_max_size` items. Bytes that do not read as OTLP, which intake keeps out, stay whole. */
  private *cut(elements: ReadonlyArray<Batch>): Cutting {
    const { send_batch_max_size } = this.config
    const whole = concatenated(elements)
    if (send_batch_max_size === 0 || whole.items <= send_batch_max_size) return [whole]
    const parts = yield* cutting(this.context.signal, whole.chunks, { maxItems: send_batch_max_size, maxBytes: 0 })
    return parts instanceof Malformed ? [whole] : parts
  }

  /** Senders that were merged agree in the chosen keys, and in nothing else that could be told of all of them. */
  private metadataOf(batch: Batch): ClientMetadata {
    const { metadata_keys } = this.config
    if (metadata_keys.length === 0) return noMetadata
    const { metadata } = batch.origin
    const names = metadata_keys.map((name) => name.toLowerCase()).filter((name) => metadata[name] !== undefined)
    return Object.fromEntries(names.map((name) => [name, metadata[name]!]))
  }

  /** Sends until the lane is empty, a bounded piece a turn: whoever pushed should not pay for what comes next. */
  private send(key: string, lane: Lane): Effect.Effect<void> {
    // From the moment it leaves the lane the outlet answers for a batch, interrupted or not.
    const one = Effect.uninterruptible(
      Effect.suspend(() => {
        if (lane.departures.size === 0) {
          if (lane.groups.size === 0) return Effect.succeed(false)
          this.merge(lane)
        }
        const departure = lane.departures.takeFirst()
        if (departure === undefined) return Effect.succeed(true)
        return Effect.map(this.context.outlet.emit(departure.batch), () => {
          for (const element of departure.frees) this.room.leave(element.items, element.sizeBytes)
          return true
        })
      })
    )
    const all: Effect.Effect<void> = Effect.flatMap(Effect.andThen(turns.pause, one), (more) =>
      more ? all : Effect.sync(() => this.leaveLane(key))
    )
    return all
  }

  private leaveLane(key: string): void {
    this.lanes.delete(key)
    if (this.lanes.size === 0) for (const resume of this.idleWaiters.splice(0)) resume()
  }

  private dropAll(): void {
    this.batcher.drain()
    for (const { departures, groups } of this.lanes.values()) {
      for (let departure = departures.takeFirst(); departure !== undefined; departure = departures.takeFirst()) {
        const { batch } = departure
        batch.ack.open(1)
        this.drop(batch)
      }
      for (let elements = groups.takeFirst(); elements !== undefined; elements = groups.takeFirst()) elements.forEach(this.drop)
    }
    this.room.close()
  }

  private readonly drop = (batch: Batch): void => {
    this.rows.of(batch).drop("shutdown", batch.items)
    batch.lease.release()
    batch.ack.end(0, batch.items, 0)
  }
}

/** The `batch` processor of the collector, bounded. */
export const batch = processor<Config>({
  type: "batch",
  description: "Merges small requests into larger ones, by size and time.",
  signals,
  config: Config,
  make: (config, context) =>
    Effect.gen(function* () {
      if (config.send_batch_max_size > 0 && config.send_batch_max_size < config.send_batch_size) {
        return yield* new ComponentError({
          component: context.id,
          path: ["send_batch_max_size"],
          message: `${config.send_batch_max_size} is less than send_batch_size (${config.send_batch_size}); expected 0 or at least that`
        })
      }
      const holder = yield* BatchHolder.make(config, context)
      return { _tag: "Holding", holder, drain: holder.drain }
    })
})
