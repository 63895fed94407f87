import type { Batch } from "../../domain/Batch.ts"
import type { Books, Component, Row } from "../../domain/Books.ts"
import type { Signal } from "../../domain/Signal.ts"

/** The account of one component and signal for the tenant of a batch; the last one is remembered, since neighbours mostly share it. */
export class RowCache {
  private readonly books: Books
  private readonly component: Component
  private readonly signal: Signal
  private tenant: string | undefined = undefined
  private last: Row | undefined = undefined

  constructor(books: Books, component: Component, signal: Signal) {
    this.books = books
    this.component = component
    this.signal = signal
  }

  of(batch: Batch): Row {
    if (this.last === undefined || this.tenant !== batch.tenant) {
      this.last = this.books.row(this.component, batch.tenant, this.signal)
      this.tenant = batch.tenant
    }
    return this.last
  }
}
