import type { Batch } from "../../domain/Batch.ts"
import type { Holder, Passage } from "../../domain/Passage.ts"
import type { Refusal } from "../../domain/Refusal.ts"
import type { Consumer } from "./Consumer.ts"
import type { RowCache } from "./RowCache.ts"

/**
 * Reads a batch, hands the same bytes to every branch; nothing is copied, the memory gets one more holder a branch.
 *
 * Full: one full branch refuses the request for all of them, since a request that is half accepted would come again as duplicates.
 * Fails, closes: holds nothing, so there is nothing to lose.
 */
export class FanOut implements Consumer {
  private readonly branches: ReadonlyArray<Consumer>
  private readonly rows: RowCache

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
    for (let i = 0; i < branches.length; i++) branches[i]!.consume(batch, passage)
  }

  refusal(): Refusal | undefined {
    for (const branch of this.branches) {
      const refusal = branch.refusal()
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
