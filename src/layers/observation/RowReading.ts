import type { Row } from "../../domain/Books.ts"
import type { Flow } from "../../domain/loop/ComponentReport.ts"

/** One account, and what of it has been told. */
export class RowReading {
  private readonly row: Row
  private accepted = 0
  private created = 0
  private restored = 0
  private delivered = 0
  private returned = 0
  private dropped = 0
  private refused = 0
  private readonly reasons = { dropped: new Map<string, number>(), refused: new Map<string, number>() }

  /** Of which nothing has been told. */
  constructor(row: Row) {
    this.row = row
  }

  get hasNews(): boolean {
    const { row } = this
    return (
      row.accepted !== this.accepted ||
      row.created !== this.created ||
      row.delivered !== this.delivered ||
      row.droppedItems !== this.dropped ||
      row.returned !== this.returned ||
      row.restored !== this.restored ||
      row.held > 0 ||
      (row.refused.size > 0 && sumOf(row.refused) !== this.refused)
    )
  }

  /** What happened since the last time. */
  take(tenant: string): Flow {
    const { row } = this
    const flow: Flow = {
      component: row.component,
      tenant,
      signal: row.signal,
      accepted: row.accepted - this.accepted,
      created: row.created - this.created,
      restored: row.restored - this.restored,
      delivered: row.delivered - this.delivered,
      returned: row.returned - this.returned,
      held: Math.max(0, row.held),
      dropped: row.droppedItems === this.dropped ? {} : increases(row.dropped, this.reasons.dropped),
      refused: row.refused.size === 0 ? {} : increases(row.refused, this.reasons.refused)
    }
    this.accepted = row.accepted
    this.created = row.created
    this.restored = row.restored
    this.delivered = row.delivered
    this.returned = row.returned
    this.dropped = row.droppedItems
    this.refused = sumOf(row.refused)
    return flow
  }
}

const sumOf = (counts: ReadonlyMap<string, number>): number => {
  let sum = 0
  for (const count of counts.values()) sum += count
  return sum
}

const increases = (now: ReadonlyMap<string, number>, before: Map<string, number>): { readonly [reason: string]: number } => {
  const more: { [reason: string]: number } = {}
  for (const [reason, items] of now) {
    const increase = items - (before.get(reason) ?? 0)
    if (increase === 0) continue
    more[reason] = increase
    before.set(reason, items)
  }
  return more
}
