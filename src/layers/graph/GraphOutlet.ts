import * as Effect from "effect/Effect"
import type { Batch } from "../../domain/Batch.ts"
import { type Holder, Passage } from "../../domain/Passage.ts"
import { Refusal } from "../../domain/Refusal.ts"
import type { Outlet } from "./Component.ts"
import type { Consumer } from "./Consumer.ts"
import type { RowCache } from "./RowCache.ts"

/**
 * The edge from a component that holds batches (`batch`, an effectful processor) onward: one mutable pointer, switched by a swap.
 *
 * What it is given was answered long ago, so full means wait, whatever the next queue does before an answer. Fails: a processor on the
 * way that turns the batch away for good drops it (`processor_error`); one that says when to come again is asked again then. An
 * interruption (the drain's deadline) drops the batch (`shutdown`).
 */
export class GraphOutlet implements Outlet {
  /** Where batches go. Set by the commit of a swap, and by nothing else. */
  next: Consumer
  private readonly rows: RowCache

  constructor(rows: RowCache, next: Consumer) {
    this.rows = rows
    this.next = next
  }

  /** Always tries at least once; only the waiting can be interrupted. */
  emit(batch: Batch): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.suspend(() => {
        const full = this.attempt(batch)
        if (full === undefined) return Effect.void
        return Effect.interruptible(waitFor(full)).pipe(
          Effect.onInterrupt(() => Effect.sync(() => this.giveUp(batch))),
          Effect.andThen(this.emit(batch))
        )
      })
    )
  }

  private giveUp(batch: Batch): void {
    this.rows.of(batch).drop("shutdown", batch.items)
    batch.lease.release()
    batch.ack.open(1)
    batch.ack.end(0, batch.items, 0)
  }

  private attempt(batch: Batch): Holder | Refusal | undefined {
    const passage = new Passage(batch.ack, true)
    passage.handed(this.rows.of(batch), batch.items)
    batch.lease.retain()
    this.next.consume(batch, passage)
    const outcome = passage.commit()
    if (outcome === undefined) batch.lease.release()
    else passage.abandon()
    return outcome
  }
}

const waitFor = (full: Holder | Refusal): Effect.Effect<void> =>
  full instanceof Refusal
    ? Effect.sleep(full.retryAfterMillis ?? 0)
    : Effect.callback<void>((resume) => {
        full.onRoom(() => resume(Effect.void))
      })
