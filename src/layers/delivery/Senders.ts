import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Signal } from "../../domain/Signal.ts"
import type { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import type { Push } from "../graph/Component.ts"
import { ExportLog } from "./ExportLog.ts"
import type { ExportQueue, QueueConsumer, RequestLimits } from "./ExportQueue.ts"
import { Flight, type FlightContext } from "./Flight.ts"
import type { Held } from "./Held.ts"
import { cutHeld } from "./Parts.ts"

interface SendLimits extends RequestLimits {
  /** A batch with more items than this is cut; 0 is no limit. One with more than `maxBytes` always is. */
  readonly cutItems: number
}

/** Natural batching merges up to the collector's batch size, and stays below gRPC's default message limit of 4 MiB. */
const naturalLimits: SendLimits = { maxItems: 8192, maxBytes: 3_900_000, cutItems: 0 }

/**
 * Requests of so much are begun in one turn of the event loop, or one that has more: each is copied, or encoded, before its first wait.
 */
const itemsPerTurn = 8192
const bytesPerTurn = 1 << 20

/** With a request under way that does not end, another one goes out for what has waited this long. */
const patienceMillis = 100

/**
 * Attempts under way get this long to end when their senders are replaced, or their own time limit if that is shorter; then they are
 * stopped, and their batches go the new way soon, at the risk that a slow backend gets some twice.
 */
const graceMillis = 5000

/** Attempts that were stopped get this long to let go before the scope ends without them. */
const abortMillis = 3000

/**
 * The senders of one exporter and signal: up to `num_consumers` requests at once.
 *
 * Batching is natural: at the end of the turn a sender takes what is waiting; a further one starts only when what waits fills a
 * request (or cannot grow, or has waited 100 ms). Waiting for more happens only where `sending_queue.batch` asks for it.
 * Fails: never; see `Flight`. Closes: takes nothing more, lets attempts end within a short grace, stops the others, and puts back what
 * they did not settle; the queue stays, for the senders that come next, and can still write off what does not stop.
 */
export class Senders implements QueueConsumer {
  private readonly queue: ExportQueue
  private readonly settings: ExporterSettings
  private readonly limits: SendLimits
  private readonly context: FlightContext
  private readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  private readonly flights = new Map<Flight, Fiber.Fiber<void>>()
  /** Flights with an attempt under way, that do not wait for the next one. */
  private attempts = 0
  private isTurnPending = false
  private flushTimer: NodeJS.Timeout | undefined = undefined
  private isClosing = false
  private onAllLanded: (() => void) | undefined = undefined

  private constructor(options: SendersOptions, log: ExportLog, fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>) {
    const { signal, queue, push, settings } = options
    this.queue = queue
    this.settings = settings
    this.limits = limitsOf(settings)
    this.fork = fork
    this.context = {
      signal,
      queue,
      push,
      settings,
      log,
      isClosing: () => this.isClosing,
      onAttempt: (change) => {
        this.attempts += change
        if (change < 0) this.wake()
      }
    }
  }

  /** Senders that stand, but send nothing before `activate`. When the scope closes, they finish or put back what they have taken. */
  static make(options: SendersOptions): Effect.Effect<Senders, never, Scope.Scope> {
    return Effect.flatMap(ExportLog.make(options.id, options.signal), (log) =>
      Effect.acquireRelease(
        Effect.map(Effect.context(), (context) => new Senders(options, log, Effect.runForkWith(context))),
        (senders) => senders.close
      )
    )
  }

  /** Takes the queue over, with its new limits. Cannot fail. */
  activate(): void {
    this.queue.configure(this.settings.sending_queue)
    this.queue.attach(this)
  }

  wake(): void {
    if (this.isTurnPending || !this.isAttached || !this.canStart()) return
    this.isTurnPending = true
    setImmediate(() => this.turn())
  }

  hurry(): void {
    for (const flight of this.flights.keys()) flight.stopWaiting(true)
  }

  abort(): void {
    for (const fiber of this.flights.values()) fiber.interruptUnsafe()
  }

  lost(items: number): void {
    this.context.log.dropped(items, "shutdown", "not delivered before the stop")
  }

  writeOff(): void {
    for (const flight of this.flights.keys()) flight.writeOff()
  }

  private get isAttached(): boolean {
    return !this.isClosing && this.queue.isAttached(this)
  }

  private turn(): void {
    this.isTurnPending = false
    let items = 0
    let sizeBytes = 0
    while (items < itemsPerTurn && sizeBytes < bytesPerTurn && this.isAttached && this.canStart()) {
      const run = this.take()
      for (const held of run) {
        items += held.items
        sizeBytes += held.sizeBytes
      }
      this.start(new Flight(run, this.context))
    }
    this.wake()
  }

  /** The next run; a batch that is too large for one request is cut first, and its other pieces wait at the head. */
  private take(): ReadonlyArray<Held> {
    const { queue, limits } = this
    const run = queue.takeRun(limits)
    const [first] = run as [Held]
    if (first.sizeBytes <= limits.maxBytes && (limits.cutItems === 0 || first.items <= limits.cutItems)) return run
    const pieces = cutHeld(first, { maxItems: limits.cutItems, maxBytes: limits.maxBytes })
    if (pieces === undefined) return run
    queue.substitute(first, pieces)
    return queue.takeRun(limits)
  }

  private canStart(): boolean {
    const { queue } = this
    if (queue.waitingBatches === 0 || this.flights.size >= this.settings.sending_queue.num_consumers) return false
    if (queue.isRunComplete(this.limits)) return true
    if (this.settings.sending_queue.batch !== undefined) return this.isDue(this.settings.sending_queue.batch)
    return this.attempts === 0 || performance.now() - queue.headSince >= patienceMillis
  }

  private isDue(batch: NonNullable<ExporterSettings["sending_queue"]["batch"]>): boolean {
    const { queue } = this
    if (queue.isDraining || (batch.sizer === "items" ? queue.waitingItems : queue.waitingBytes) >= batch.min_size) return true
    const left = queue.headSince + batch.flush_timeout - performance.now()
    if (left <= 0) return true
    this.flushTimer ??= setTimeout(() => {
      this.flushTimer = undefined
      this.wake()
    }, left)
    return false
  }

  private start(flight: Flight): void {
    this.queue.inFlight++
    const fiber = this.fork(flight.fly)
    this.flights.set(flight, fiber)
    fiber.addObserver(() => {
      this.queue.inFlight--
      this.flights.delete(flight)
      if (this.flights.size === 0) this.onAllLanded?.()
      this.leave()
      this.wake()
    })
  }

  /** Until the last flight has ended the queue may have to stop it. */
  private leave(): void {
    if (this.isClosing && this.flights.size === 0) this.queue.detach(this)
  }

  private readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.isClosing = true
    clearTimeout(this.flushTimer)
    for (const flight of this.flights.keys()) flight.stopWaiting(false)
    this.leave()
    // The drain has stopped everything, and has written off what did not stop.
    if (this.queue.isClosed) return Effect.void
    const { timeout } = this.settings
    return this.landed(timeout === 0 ? graceMillis : Math.min(timeout, graceMillis)).pipe(
      Effect.andThen(Effect.sync(() => this.abort())),
      Effect.andThen(this.landed(abortMillis))
    )
  })

  private landed(withinMillis: number): Effect.Effect<void> {
    const landed = Effect.callback<void>((resume) => {
      if (this.flights.size === 0) return resume(Effect.void)
      this.onAllLanded = () => resume(Effect.void)
    })
    return Effect.timeoutOption(landed, withinMillis).pipe(Effect.asVoid)
  }
}

export interface SendersOptions {
  /** The exporter's name in the configuration. */
  readonly id: string
  readonly signal: Signal
  readonly queue: ExportQueue
  readonly push: Push
  readonly settings: ExporterSettings
}

const limitsOf = ({ sending_queue: { batch } }: ExporterSettings): SendLimits => {
  if (batch === undefined || batch.max_size === 0) return naturalLimits
  return batch.sizer === "items"
    ? { ...naturalLimits, maxItems: batch.max_size, cutItems: batch.max_size }
    : { ...naturalLimits, maxBytes: Math.min(batch.max_size, naturalLimits.maxBytes) }
}
