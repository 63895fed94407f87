import type { Batch } from "../../domain/Batch.ts"
import type { Holder, Passage } from "../../domain/Passage.ts"
import type { Refusal } from "../../domain/Refusal.ts"

/** The synchronous way onward. It never waits and never throws. */
export interface Consumer {
  /** Takes a batch (and its hold on the memory) and notes on the passage where its pieces go. */
  readonly consume: (batch: Batch, passage: Passage) => void
  /** Why a body of `announced` bytes (0 if unknown) would be turned away now, whatever is in it: a cheap look before it is read. */
  readonly refusal: (announced: number) => Refusal | undefined
  /** The holder that has no room for anything now and makes the sender come again: a look before processors work in vain. */
  readonly full: () => Holder | undefined
}
