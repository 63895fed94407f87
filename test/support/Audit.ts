import type { Books, Row } from "../../src/domain/Books.ts"

const nameOf = ({ component, tenant, signal }: Row): string =>
  `${component.kind} ${component.id}${component.transport === undefined ? "" : `/${component.transport}`} ${tenant} ${signal}`

const counters = (row: Row) =>
  [row.accepted, row.created, row.restored, row.delivered, row.droppedItems, row.returned] satisfies ReadonlyArray<number>

/**
 * Looks at the books again and again: at every moment every account is whole (nothing held is negative, no counter goes back, reasons
 * add up) and all hand-overs between components agree (the sums of the gateway balance).
 */
export class Audit {
  /** How often the books were looked at. */
  looks = 0
  private readonly books: Books
  private readonly before = new Map<string, ReadonlyArray<number>>()

  constructor(books: Books) {
    this.books = books
  }

  readonly look = (): void => {
    this.looks++
    for (const row of this.books.rows()) {
      const name = nameOf(row)
      const now = counters(row)
      const reasons = [...row.dropped.values()].reduce((sum, items) => sum + items, 0)
      if (reasons !== row.droppedItems) throw new Error(`${name}: ${row.droppedItems} dropped, but the reasons say ${reasons}`)
      if (row.held < 0) throw new Error(`${name}: holds ${row.held} items`)
      const before = this.before.get(name)
      if (before?.some((value, i) => now[i]! < value)) throw new Error(`${name}: a counter went back from ${before} to ${now}`)
      this.before.set(name, now)
    }
    const { accepted, created, restored, delivered, dropped, returned, held } = this.books.balance()
    if (accepted + created + restored !== delivered + dropped + returned + held) {
      throw new Error(`${accepted} + ${created} + ${restored} is not ${delivered} + ${dropped} + ${returned} + ${held}`)
    }
  }

  /** Looks every millisecond until the result is called, which fails with the first thing that was wrong. */
  watch(): () => void {
    let violation: { readonly error: unknown } | undefined
    const looking = setInterval(() => {
      try {
        this.look()
      } catch (error) {
        violation = { error }
        clearInterval(looking)
      }
    }, 1)
    return () => {
      clearInterval(looking)
      if (violation !== undefined) throw violation.error
    }
  }

  /** The sum over all rows of one component, of one tenant and signal where they are given. */
  sum(
    kind: Row["component"]["kind"],
    id: string,
    count: (row: Row) => number,
    of: { readonly tenant?: string; readonly signal?: Row["signal"] } = {}
  ): number {
    let total = 0
    for (const row of this.books.rows()) {
      if (row.component.kind !== kind || row.component.id !== id) continue
      if (of.tenant !== undefined && row.tenant !== of.tenant) continue
      if (of.signal !== undefined && row.signal !== of.signal) continue
      total += count(row)
    }
    return total
  }

  /** What is held now, by account. */
  held(): ReadonlyArray<string> {
    return [...this.books.rows()].filter((row) => row.held !== 0).map((row) => `${nameOf(row)}: ${row.held}`)
  }
}
