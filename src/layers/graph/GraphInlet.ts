import type { Ack } from "../../domain/Ack.ts"
import type { Batch } from "../../domain/Batch.ts"
import type { Books, Component, Row } from "../../domain/Books.ts"
import { type Holder, Passage } from "../../domain/Passage.ts"
import { Refusal } from "../../domain/Refusal.ts"
import type { Inlet } from "./Component.ts"
import type { Consumer } from "./Consumer.ts"
import { RowCache } from "./RowCache.ts"

/**
 * The edge from a receiver into the graph: one mutable pointer, switched between two requests by a swap.
 *
 * Reads whole requests and hands them on, all of it or nothing. Full: the sender is refused with a hint, or, where the full queue has
 * `block_on_overflow`, waits; a request that waited is run again from its own bytes, so that it meets the graph of that moment.
 */
export class GraphInlet implements Inlet {
  /** Where requests go. Set by the commit of a swap, and by nothing else. */
  next: Consumer
  private readonly books: Books
  /** By receiver and transport: a few objects, which receivers keep. */
  private readonly rows = new Map<Component, RowCache>()

  constructor(books: Books, next: Consumer) {
    this.books = books
    this.next = next
  }

  refusal(): Refusal | undefined {
    return this.next.refusal()
  }

  submit(batches: ReadonlyArray<Batch>, ack: Ack, component: Component): void {
    for (const batch of batches) this.row(component, batch).accepted += batch.items
    this.attempt(batches, ack, component)
  }

  private attempt(batches: ReadonlyArray<Batch>, ack: Ack, component: Component): void {
    if (ack.cancelled) return this.refuse(batches, ack, component, Refusal.deadline)
    const full = this.next.full()
    if (full !== undefined) return this.refuseFull(batches, ack, component, full)
    const passage = new Passage(ack)
    for (const batch of batches) {
      passage.handed(this.row(component, batch), batch.items)
      // The request keeps its own hold, so that it can be run again.
      batch.lease.retain()
      this.next.consume(batch, passage)
    }
    const outcome = passage.commit()
    if (outcome === undefined) {
      for (const batch of batches) batch.lease.release()
      return
    }
    passage.abandon()
    if (outcome instanceof Refusal) this.refuse(batches, ack, component, outcome)
    else if (outcome.whenFull === "refuse") this.refuseFull(batches, ack, component, outcome)
    else outcome.onRoom(() => this.attempt(batches, ack, component))
  }

  private row(component: Component, batch: Batch): Row {
    let rows = this.rows.get(component)
    if (rows === undefined) this.rows.set(component, (rows = new RowCache(this.books, component, batch.signal)))
    return rows.of(batch)
  }

  /** `full` counts what it would have been given, so that a queue that overflows shows it. */
  private refuseFull(batches: ReadonlyArray<Batch>, ack: Ack, component: Component, full: Holder): void {
    for (const batch of batches) full.row(batch).refuse(Refusal.queueFull.reason, batch.items)
    this.refuse(batches, ack, component, Refusal.queueFull)
  }

  private refuse(batches: ReadonlyArray<Batch>, ack: Ack, component: Component, refusal: Refusal): void {
    for (const batch of batches) {
      const row = this.row(component, batch)
      row.returned += batch.items
      row.refuse(refusal.reason, batch.items)
      batch.lease.release()
    }
    ack.refused(refusal)
  }
}
