import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { JoinedAck } from "../../domain/Ack.ts"
import { Batch } from "../../domain/Batch.ts"
import type { Books, Row } from "../../domain/Books.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import type { Holder } from "../../domain/Passage.ts"
import { Refusal } from "../../domain/Refusal.ts"
import type { Signal } from "../../domain/Signal.ts"
import { BoundedQueue } from "../../streams/BoundedQueue.ts"
import type { Outlet, Processing } from "./Component.ts"
import { RowCache } from "./RowCache.ts"

const limits = { requests: 256, sizeBytes: 16 * 1024 * 1024 }

/**
 * A processor that needs time, made into one that holds: a bounded queue in front of `concurrency` fibers.
 *
 * Full: the sender is refused with a hint. Fails: a refusal that says when to come again is obeyed, any other (and a defect) drops the
 * batch (`processor_error`). Closes: `drain` ends when every batch has been sent on.
 */
export const makeEffectful = (
  processing: Extract<Processing, { _tag: "Effectful" }>,
  context: { readonly id: string; readonly books: Books; readonly signal: Signal; readonly outlet: Outlet }
): Effect.Effect<Extract<Processing, { _tag: "Holding" }>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const rows = new RowCache(context.books, { kind: "processor", id: context.id }, context.signal)
    const queue = new BoundedQueue<Batch>({ limits, whenFull: "refuse" })
    const drained = Latch.makeUnsafe(false)
    const holder: Holder = {
      reserve: (items, sizeBytes) => queue.reserve(items, sizeBytes),
      unreserve: (items, sizeBytes) => queue.unreserve(items, sizeBytes),
      push: (batch) => queue.push(batch),
      row: (batch) => rows.of(batch),
      whenFull: "refuse",
      onRoom: (callback) => queue.onRoom(callback),
      waitForResult: false
    }
    const one = (batch: Batch): Effect.Effect<void> =>
      Effect.uninterruptible(
        Effect.interruptible(run(processing, batch)).pipe(
          Effect.onInterrupt(() => Effect.sync(() => end(batch, rows.of(batch), "shutdown"))),
          Effect.flatMap((result) => {
            const row = rows.of(batch)
            if (result instanceof Refusal) return Effect.sync(() => end(batch, row, "processor_error"))
            return passOn(batch, result, row, processing.drops ?? "filtered", context.outlet)
          })
        )
      )
    let working = processing.concurrency
    const worker = Effect.forever(Effect.flatMap(queue.takeEffect, one)).pipe(
      Effect.ignore,
      Effect.andThen(Effect.suspend(() => (--working === 0 ? drained.open : Effect.void)))
    )
    for (let i = 0; i < processing.concurrency; i++) yield* Effect.forkScoped(worker)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        queue.close()
        for (let batch = queue.take(); batch !== undefined; batch = queue.take()) end(batch, rows.of(batch), "shutdown")
      })
    )
    const drain = Effect.andThen(
      Effect.sync(() => queue.close()),
      drained.await
    )
    return { _tag: "Holding", holder, drain }
  })

/** Runs the processor on a batch until it has an answer that is final. */
const run = (processing: Extract<Processing, { _tag: "Effectful" }>, batch: Batch): Effect.Effect<Batch | Refusal> =>
  Effect.suspend(() => processing.process(batch)).pipe(
    Effect.catchDefect((defect) => Effect.fail(new Refusal("processor_error", GrpcCode.INTERNAL, String(defect), undefined))),
    Effect.result,
    Effect.flatMap((result) => {
      if (Result.isSuccess(result)) return Effect.succeed(result.success)
      const refusal = result.failure
      if (refusal.retryAfterMillis === undefined) return Effect.succeed(refusal)
      return Effect.andThen(Effect.sleep(refusal.retryAfterMillis), run(processing, batch))
    })
  )

const end = (batch: Batch, row: Row, reason: "processor_error" | "shutdown"): void => {
  row.drop(reason, batch.items)
  batch.lease.release()
  batch.ack.end(0, batch.items, 0)
}

const passOn = (batch: Batch, result: Batch, row: Row, drops: DropReason, outlet: Outlet): Effect.Effect<void> =>
  Effect.suspend(() => {
    const lost = batch.items - result.items
    if (lost > 0) row.drop(drops, lost)
    else row.created -= lost
    if (result.items === 0) {
      result.lease.release()
      batch.ack.end(0, batch.items, 0)
      return Effect.void
    }
    // A part of the sender's acknowledgement ends when this one, which may be split again on its way, has settled.
    const ack = new JoinedAck([{ ack: batch.ack, items: batch.items }])
    ack.dropped = Math.max(0, lost)
    return outlet.emit(new Batch(result.origin, result.chunks, result.items, result.sizeBytes, result.lease, ack))
  })
