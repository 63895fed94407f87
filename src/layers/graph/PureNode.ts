import type { Batch } from "../../domain/Batch.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import type { Holder, Passage } from "../../domain/Passage.ts"
import { Refusal } from "../../domain/Refusal.ts"
import type { Processing } from "./Component.ts"
import type { Consumer } from "./Consumer.ts"
import type { RowCache } from "./RowCache.ts"

/**
 * A processor that is a function: called in place, one call after the other, without a queue between neighbours.
 *
 * Full: never, it holds nothing. Fails: before the answer the request is refused, after it the batch is dropped (`processor_error`),
 * or tried again where the refusal says when. A function that throws has failed. Closes: nothing to do.
 */
export class PureNode implements Consumer {
  private readonly processing: Extract<Processing, { _tag: "Pure" }>
  private readonly drops: DropReason
  private readonly rows: RowCache
  private readonly next: Consumer

  constructor(processing: Extract<Processing, { _tag: "Pure" }>, rows: RowCache, next: Consumer) {
    this.processing = processing
    this.drops = processing.drops ?? "filtered"
    this.rows = rows
    this.next = next
  }

  consume(batch: Batch, passage: Passage): void {
    const row = this.rows.of(batch)
    const { items } = batch
    const result = this.run(batch)
    if (result instanceof Refusal) {
      batch.lease.release()
      passage.turnedAway(row, items, result)
      return
    }
    const lost = items - result.items
    if (lost > 0) passage.dropped(row, lost, this.drops)
    else if (lost < 0) passage.created(row, -lost)
    passage.passed(row, Math.min(items, result.items))
    if (result.items > 0) this.next.consume(result, passage)
    else result.lease.release()
  }

  private run(batch: Batch): Batch | Refusal {
    try {
      return this.processing.process(batch)
    } catch (error) {
      return new Refusal("processor_error", GrpcCode.INTERNAL, `processor failed: ${String(error)}`, undefined)
    }
  }

  refusal(announced: number): Refusal | undefined {
    return this.processing.admission?.(announced) ?? this.next.refusal(announced)
  }

  full(): Holder | undefined {
    return this.next.full()
  }
}
