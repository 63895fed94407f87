import type { Books, Row } from "../../domain/Books.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import { anyService, type Tallies } from "../../domain/observe/Tallies.ts"

/**
 * What processors and connectors drop, out of the books: tenant by tenant, since they drop items whose services nobody has looked at.
 * Exporters' drops are looked at batch by batch (`Observer.dropped`).
 */
export class BookDrops {
  private readonly books: Books
  private readonly before = new Map<Row, Map<DropReason, number>>()

  /** From now on. */
  constructor(books: Books) {
    this.books = books
    for (const row of books.rows()) this.before.set(row, new Map(row.dropped))
  }

  /** Counts what was dropped since the last call. */
  count(tallies: Tallies): void {
    for (const row of this.books.rows()) {
      if (row.component.kind === "exporter" || row.droppedItems === 0) continue
      let before = this.before.get(row)
      if (before === undefined) this.before.set(row, (before = new Map()))
      for (const [reason, items] of row.dropped) {
        const more = items - (before.get(reason) ?? 0)
        if (more === 0) continue
        before.set(reason, items)
        tallies.of(row.signal, row.tenant, anyService).drop(reason, more)
      }
    }
  }
}
