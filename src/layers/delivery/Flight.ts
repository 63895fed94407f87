import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import type { Lease } from "../../domain/Lease.ts"
import { Refusal } from "../../domain/Refusal.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import { ExportError } from "../../streams/ExportError.ts"
import type { Exported, ExportRequest, Push } from "../graph/Component.ts"
import { backoffMillis, isExhausted } from "../../streams/Backoff.ts"
import type { ExportLog } from "./ExportLog.ts"
import type { ExportQueue } from "./ExportQueue.ts"
import type { Held } from "./Held.ts"
import { cutHeld, halves } from "./Parts.ts"
import { judge, refusalOf, refusalOfRejected } from "./Verdict.ts"

/** What a flight shares with the others of its exporter. */
export interface FlightContext {
  readonly signal: Signal
  readonly queue: ExportQueue
  readonly push: Push
  readonly settings: ExporterSettings
  readonly log: ExportLog
  /** The senders are being replaced: what has not been sent by now goes back. */
  readonly isClosing: () => boolean
  /** An attempt begins (1) or ends (-1). */
  readonly onAttempt: (change: 1 | -1) => void
}

/**
 * One run of batches on its way to the backend: merged, sent, sent again, taken apart where the backend objects to a part of it, until
 * every batch is settled or back in the queue.
 *
 * Fails: never; outcomes are entered into the books. Closes: a wait for the next attempt ends at once (`stopWaiting`), and what is not
 * settled goes back to the head of the queue, in order; so it does on an interruption. An attempt that does not heed the interruption
 * can be written off: its batches are settled, and their memory is freed when it ends.
 */
export class Flight {
  /** Groups still to be sent, the next one last. */
  private readonly groups: Array<ReadonlyArray<Held>>
  private readonly context: FlightContext
  private failures = 0
  private endWait: (() => void) | undefined = undefined
  private isWaitAsked = false
  /** Memory of batches that were written off while the transport may still read it. */
  private readonly leases: Array<Lease> = []

  constructor(run: ReadonlyArray<Held>, context: FlightContext) {
    this.groups = [run]
    this.context = context
  }

  /** Ends a wait between two attempts, except, if `politely`, one that the backend has asked for. */
  stopWaiting(politely: boolean): void {
    if (!(politely && this.isWaitAsked)) this.endWait?.()
  }

  /** Ends all batches as dropped (`shutdown`) though their attempt goes on. */
  writeOff(): void {
    for (const held of this.groups.splice(0).reverse().flat()) {
      const { lease } = held.batch
      lease.retain()
      this.leases.push(lease)
      this.context.queue.drop(held)
    }
  }

  readonly fly: Effect.Effect<void> = Effect.suspend(() => this.next()).pipe(
    Effect.onInterrupt(() => Effect.sync(() => this.putBack())),
    Effect.ensuring(
      Effect.sync(() => {
        for (const lease of this.leases) lease.release()
      })
    )
  )

  private next(): Effect.Effect<void> {
    const group = this.skipCancelled()
    if (group === undefined) return Effect.void
    if (this.context.isClosing()) return Effect.sync(() => this.putBack())
    return this.attempt(group).pipe(
      Effect.flatMap((exit) => {
        if (this.groups.length === 0) return Effect.void
        if (!Exit.isSuccess(exit)) return this.fail(group, errorOf(exit.cause))
        this.succeed(group, exit.value)
        return Effect.void
      }),
      Effect.andThen(Effect.suspend(() => this.next()))
    )
  }

  /** The next group, without batches that nobody waits for any more. */
  private skipCancelled(): ReadonlyArray<Held> | undefined {
    for (;;) {
      const group = this.groups.at(-1)
      if (group === undefined || !group.some((held) => held.isCancelled)) return group
      this.settle(group, (held) => (held.isCancelled ? held.giveBack(Refusal.deadline) : undefined))
    }
  }

  private attempt(group: ReadonlyArray<Held>): Effect.Effect<Exit.Exit<Exported, ExportError>> {
    const { settings, push, onAttempt, signal } = this.context
    const sent = push(merge(signal, group))
    const timed =
      settings.timeout === 0
        ? sent
        : Effect.timeoutOrElse(sent, { duration: settings.timeout, orElse: () => Effect.fail(noAnswer(settings.timeout)) })
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      for (const held of group) held.firstSentAt ??= now
      onAttempt(1)
      return Effect.onExit(Effect.exit(timed), () => Effect.sync(() => onAttempt(-1)))
    })
  }

  /** Rejected items that the backend does not name are charged to the batches in order, so that the sums stay exact. */
  private succeed(group: ReadonlyArray<Held>, { rejected, message = "rejected by the backend" }: Exported): void {
    const refusal = rejected > 0 ? refusalOfRejected(message) : undefined
    let unassigned = rejected
    const lost = this.settle(group, (held) => {
      const share = Math.min(unassigned, held.items)
      unassigned -= share
      held.deliver(share, refusal)
      return share
    })
    this.context.log.dropped(lost, "partial_success", message)
  }

  private fail(group: ReadonlyArray<Held>, error: ExportError): Effect.Effect<void> {
    this.context.queue.failedAttempts++
    const verdict = judge(error, group)
    switch (verdict._tag) {
      case "retry":
        return this.retry(group, error)
      case "isolate":
        return this.isolate(group, error)
      case "end":
        return this.end(group, verdict.reason, error)
    }
  }

  /** Two halves go on instead: of the batches, or of the items of one that is too large alone. */
  private isolate(group: ReadonlyArray<Held>, error: ExportError): Effect.Effect<void> {
    if (group.length > 1) {
      const [first, second] = halves(group)
      this.groups.pop()
      this.groups.push(second, first)
      return Effect.void
    }
    const [whole] = group as [Held]
    const pieces = cutHeld(whole, { maxItems: Math.ceil(whole.items / 2), maxBytes: 0 })
    if (pieces === undefined) return this.end(group, "too_large", error)
    this.context.queue.exchange(whole, pieces)
    this.groups.pop()
    for (const piece of pieces.toReversed()) this.groups.push([piece])
    return Effect.void
  }

  private end(group: ReadonlyArray<Held>, reason: DropReason, error: ExportError): Effect.Effect<void> {
    return Effect.sync(() => {
      const refusal = refusalOf(error)
      const items = itemsOf(group)
      const lost = this.settle(group, (held) => held.fail(reason, refusal))
      this.context.log.dropped(lost, reason, error.message)
      this.context.log.rejected(items - lost, error.message)
    })
  }

  private retry(group: ReadonlyArray<Held>, error: ExportError): Effect.Effect<void> {
    const { retry_on_failure: settings } = this.context.settings
    const isAsked = error.retryAfterMillis !== undefined
    this.failures++
    return Effect.flatMap(Effect.zip(Random.next, Clock.currentTimeMillis), ([random, now]) => {
      const waitMillis = backoffMillis(settings, this.failures, random, error.retryAfterMillis)
      const nextAt = performance.now() + waitMillis
      const refusal = refusalOf(error)
      const items = itemsOf(group)
      const lost = this.settle(group, (held) => {
        // A sender that is still there is told at once when to come again, or is answered before it gives up.
        if (held.isReturnable && (isAsked || held.batch.origin.deadline < nextAt)) return held.giveBack(refusal)
        return isExhausted(settings, now - held.firstSentAt!, waitMillis) ? held.fail("retry_exhausted", refusal) : undefined
      })
      const isOver = this.failures === 0
      const kept = isOver ? 0 : itemsOf(this.groups.at(-1)!)
      const { log } = this.context
      log.dropped(lost, "retry_exhausted", error.message)
      log.rejected(items - lost - kept, error.message)
      if (isOver) return Effect.void
      log.retrying(error.message, waitMillis)
      return this.wait(waitMillis, isAsked)
    })
  }

  private wait(millis: number, isAsked: boolean): Effect.Effect<void> {
    const ended = Effect.callback<void>((resume) => {
      if (this.context.isClosing()) return resume(Effect.void)
      this.isWaitAsked = isAsked
      this.endWait = () => resume(Effect.void)
      return Effect.sync(() => {
        this.endWait = undefined
      })
    })
    return Effect.timeoutOrElse(ended, { duration: millis, orElse: () => Effect.void })
  }

  /**
   * Settles what `how` settles: it gives the items lost, or `undefined` for a batch that stays to be sent. The first group becomes what
   * stays, or ends. Gives the sum of what was lost.
   */
  private settle(group: ReadonlyArray<Held>, how: (held: Held) => number | undefined): number {
    const kept: Array<Held> = []
    let lost = 0
    for (const held of group) {
      const items = how(held)
      if (items === undefined) kept.push(held)
      else {
        lost += items
        this.context.queue.release(held)
      }
    }
    this.groups.pop()
    if (kept.length > 0) this.groups.push(kept)
    else this.failures = 0
    return lost
  }

  private putBack(): void {
    const { groups } = this
    this.context.queue.putBack(groups.splice(0).reverse().flat())
  }
}

const itemsOf = (group: ReadonlyArray<Held>): number => group.reduce((sum, held) => sum + held.items, 0)

const merge = (signal: Signal, group: ReadonlyArray<Held>): ExportRequest => {
  const { tenant, metadata } = group[0]!.batch.origin
  if (group.length === 1) {
    const { chunks, items, sizeBytes } = group[0]!.batch
    return { signal, tenant, metadata, chunks, items, sizeBytes }
  }
  const chunks: Array<Uint8Array> = []
  let items = 0
  let sizeBytes = 0
  for (const { batch } of group) {
    for (const chunk of batch.chunks) chunks.push(chunk)
    items += batch.items
    sizeBytes += batch.sizeBytes
  }
  return { signal, tenant, metadata, chunks, items, sizeBytes }
}

const noAnswer = (timeoutMillis: number): ExportError =>
  new ExportError({ retryable: true, code: GrpcCode.DEADLINE_EXCEEDED, message: `no answer from the backend within ${timeoutMillis} ms` })

/** A defect of an exporter is no reason to lose its neighbours' data or to stop sending: it counts as a permanent failure. */
const errorOf = (cause: Cause.Cause<ExportError>): ExportError => {
  const error = Cause.findErrorOption(cause)
  if (Option.isSome(error)) return error.value
  return new ExportError({ retryable: false, code: GrpcCode.INTERNAL, message: Cause.pretty(cause) })
}
