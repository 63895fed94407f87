import { Batch, type BatchOrigin } from "../../domain/Batch.ts"
import type { Holder, Passage } from "../../domain/Passage.ts"
import type { Refusal } from "../../domain/Refusal.ts"
import type { Consumer } from "./Consumer.ts"
import type { RowCache } from "./RowCache.ts"

/**
 * Reads a batch, hands the same bytes to every branch; nothing is copied, the memory gets one more holder a branch. The first branch gets
 * the batch, the others are marked as its copies, so that an item that has two destinations is not counted as two that were delivered.
 *
 * Full: one full branch refuses the request for all of them, since a request that is half accepted would come again as duplicates.
 * Fails, closes: holds nothing, so there is nothing to lose.
 */
export class FanOut implements Consumer {
  private readonly branches: ReadonlyArray<Consumer>
  private readonly rows: RowCache
  /** Of the last batch, since the slices of a request share theirs. */
  private origin: BatchOrigin | undefined = undefined
  private copied: BatchOrigin | undefined = undefined

  constructor(branches: ReadonlyArray<Consumer>, rows: RowCache) {
    this.branches = branches
    this.rows = rows
  }

  consume(batch: Batch, passage: Passage): void {
    const { branches } = this
    const row = this.rows.of(batch)
    passage.passed(row, batch.items)
    passage.created(row, batch.items * (branches.length - 1))
    // Every branch gets its hold before the first one may let go of its own.
    batch.lease.retain(branches.length - 1)
    const copy = this.copyOf(batch)
    for (let i = 0; i < branches.length; i++) branches[i]!.consume(i === 0 ? batch : copy, passage)
  }

  private copyOf({ origin, chunks, items, sizeBytes, lease, ack }: Batch): Batch {
    if (this.copied === undefined || origin !== this.origin) {
      this.origin = origin
      this.copied = { ...origin, isCopy: true }
    }
    return new Batch(this.copied, chunks, items, sizeBytes, lease, ack)
  }

  refusal(announced: number): Refusal | undefined {
    for (const branch of this.branches) {
      const refusal = branch.refusal(announced)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  full(): Holder | undefined {
    for (const branch of this.branches) {
      const full = branch.full()
      if (full !== undefined) return full
    }
    return undefined
  }
}
