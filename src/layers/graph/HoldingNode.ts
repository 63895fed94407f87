import type { Batch } from "../../domain/Batch.ts"
import type { Holder, Passage } from "../../domain/Passage.ts"
import type { Refusal } from "../../domain/Refusal.ts"
import type { Consumer } from "./Consumer.ts"

/**
 * The end of a synchronous way: a bounded place that takes the batch (an exporter's queue, a batch processor, the queue before an
 * effectful processor). What happens when it is full, fails or closes is the holder's own affair.
 */
export class HoldingNode implements Consumer {
  private readonly holder: Holder

  constructor(holder: Holder) {
    this.holder = holder
  }

  consume(batch: Batch, passage: Passage): void {
    passage.hold(this.holder, batch)
  }

  /** Room is asked for when the items are known, so that what is refused can be counted. */
  refusal(): Refusal | undefined {
    return undefined
  }

  full(): Holder | undefined {
    const { holder } = this
    if (holder.whenFull === "wait") return undefined
    if (!holder.reserve(1, 1)) return holder
    holder.unreserve(1, 1)
    return undefined
  }
}
