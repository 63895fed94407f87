import type { Batch } from "../../domain/Batch.ts"
import type { Books } from "../../domain/Books.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import { turns as processTurns, type Turns } from "../../streams/Turns.ts"
import { defaultObserverOptions, type ObserverOptions, type Seen } from "./ObserverOptions.ts"
import { Watch } from "./Watch.ts"

/**
 * Observation on the side of the data path: of what arrives (`received`, when a request has been accepted, before any processor) and of
 * what settles (`delivered`, `dropped`, before the memory is let go of).
 *
 * Reads batches, and passes nothing on; `take` gives what was seen, once a second. It walks the bytes of small batches in its place (see
 * `Scanner`); large ones it holds, and looks at in later turns. Of many spans it looks at a part of the traces, so that what it costs is
 * bounded. **Full**: batches are not looked at, and counted (`lost`); data is never slowed down or lost. **Off**: it costs a test of one
 * field a batch, and knows nothing of what went before when it is turned on. **Closes**: turned off, it lets go of what it holds.
 */
export class Observer {
  private readonly options: ObserverOptions
  private readonly books: Books
  private readonly turns: Turns
  private watch: Watch | undefined = undefined
  private lostTotal = 0

  constructor(books: Books, options: Partial<ObserverOptions> = {}, turns: Turns = processTurns) {
    this.books = books
    this.options = { ...defaultObserverOptions, ...options }
    this.turns = turns
  }

  get isOn(): boolean {
    return this.watch !== undefined
  }

  /** Batches that were not looked at, since the start. */
  get lostBatches(): number {
    return this.lostTotal
  }

  turn(isOn: boolean): void {
    if (isOn === this.isOn) return
    this.watch?.close()
    this.watch = isOn ? new Watch(this.options, this.books, this.turns) : undefined
  }

  /** A request has been accepted. */
  received(batch: Batch): void {
    this.watch?.look(batch, "received")
  }

  /**
   * A backend has it, but for `rejected` items; it does not say which, so all count as delivered, and so many as dropped too. Copies that a
   * fan-out made for further destinations are not delivered again (`BatchOrigin.isCopy`).
   */
  delivered(batch: Batch, rejected: number): void {
    if (this.watch === undefined) return
    if (rejected > 0) this.watch.rejected(batch, rejected)
    if (rejected < batch.items && batch.origin.isCopy !== true) this.watch.look(batch, "delivered")
  }

  /** A destination will never have it. */
  dropped(batch: Batch, reason: DropReason): void {
    this.watch?.look(batch, reason)
  }

  take(): Seen {
    const seen = this.watch?.take() ?? { subjects: [], lost: 0 }
    this.lostTotal += seen.lost
    return seen
  }
}
