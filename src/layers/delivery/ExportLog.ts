import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { DropReason } from "../../domain/DropReason.ts"
import type { Signal } from "../../domain/Signal.ts"

const windowMillis = 10_000

/**
 * Says in the log what fails at one exporter, in the collector's words since people alert on them. Of each kind at most one line in ten
 * seconds: the first at once, then the sum of what came in a window when it ends. Closes: says what is left.
 *
 * Nothing runs per request: while a window is open there is one fiber for it.
 */
export class ExportLog {
  private readonly retries: Line
  private readonly rejects: Line
  private readonly drops: Line

  private constructor(labels: Labels, fork: Fork) {
    this.retries = new Line(fork, (counts, details) =>
      Effect.logWarning("Exporting failed. Will retry the request after interval.").pipe(
        Effect.annotateLogs({ ...labels, ...details, failures: counts.get("failures")! })
      )
    )
    this.rejects = new Line(fork, (counts, details) =>
      Effect.logError("Exporting failed. Rejecting data.").pipe(
        Effect.annotateLogs({ ...labels, ...details, rejected_items: counts.get("rejected")! })
      )
    )
    this.drops = new Line(fork, (counts, details) =>
      Effect.logError("Exporting failed. Dropping data.").pipe(
        Effect.annotateLogs({
          ...labels,
          ...details,
          dropped_items: [...counts.values()].reduce((sum, items) => sum + items, 0),
          reasons: [...counts].map(([reason, items]) => `${reason}:${items}`).join(",")
        })
      )
    )
  }

  static make(exporter: string, signal: Signal): Effect.Effect<ExportLog, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.map(Effect.context(), (context) => new ExportLog({ exporter, signal }, Effect.runForkWith(context))),
      (log) => Effect.andThen(log.retries.close, Effect.andThen(log.rejects.close, log.drops.close))
    )
  }

  /** An attempt failed, and another one follows in `intervalMillis`. */
  retrying(error: string, intervalMillis: number): void {
    this.retries.add("failures", 1, { error, interval: `${(intervalMillis / 1000).toFixed(3)}s` })
  }

  /** Items were given back to senders that still waited. */
  rejected(items: number, error: string): void {
    if (items > 0) this.rejects.add("rejected", items, { error })
  }

  /** Items were lost. */
  dropped(items: number, reason: DropReason, error: string): void {
    if (items > 0) this.drops.add(reason, items, { error })
  }
}

type Labels = { readonly exporter: string; readonly signal: Signal }
type Details = { readonly [name: string]: string }
type Fork = (effect: Effect.Effect<void>) => Fiber.Fiber<void>

/** One kind of line: counts since the last one, and the details of the last event. */
class Line {
  private readonly fork: Fork
  private readonly write: (counts: ReadonlyMap<string, number>, details: Details) => Effect.Effect<void>
  private counts = new Map<string, number>()
  private details: Details = {}
  private window: Fiber.Fiber<void> | undefined = undefined
  private isClosed = false

  constructor(fork: Fork, write: Line["write"]) {
    this.fork = fork
    this.write = write
  }

  add(key: string, count: number, details: Details): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + count)
    this.details = details
    if (this.isClosed) this.fork(this.flush)
    else this.window ??= this.fork(this.open)
  }

  private readonly flush: Effect.Effect<void> = Effect.suspend(() => {
    if (this.counts.size === 0) return Effect.void
    const { counts } = this
    this.counts = new Map()
    return this.write(counts, this.details)
  })

  /** Writes, and again after each window in which something came. */
  private readonly open: Effect.Effect<void> = Effect.suspend(() => {
    if (this.counts.size === 0) {
      this.window = undefined
      return Effect.void
    }
    return this.flush.pipe(Effect.andThen(Effect.sleep(windowMillis)), Effect.andThen(Effect.suspend(() => this.open)))
  })

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.isClosed = true
    const ended = this.window === undefined ? Effect.void : Fiber.interrupt(this.window)
    return Effect.andThen(ended, this.flush)
  })
}
