import type { Batch } from "../../domain/Batch.ts"
import type { Passage } from "../../domain/Passage.ts"

/** The synchronous way onward: takes a batch and notes on the passage where its pieces go. It never waits and never throws. */
export interface Consumer {
  readonly consume: (batch: Batch, passage: Passage) => void
}
