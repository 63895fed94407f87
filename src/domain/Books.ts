import type { DropReason } from "./DropReason.ts"
import type { RefusalReason } from "./Refusal.ts"
import type { Signal } from "./Signal.ts"

export type ComponentKind = "receiver" | "processor" | "exporter" | "connector" | "fanout"

/** Whose book it is. `id` is the name in the configuration (`otlp/eu`); a receiver has one book per transport. */
export interface Component {
  readonly kind: ComponentKind
  readonly id: string
  readonly transport?: "grpc" | "http"
}

/**
 * The account of one component, tenant and signal, in items. At every moment
 *
 * `accepted + created + restored = delivered + dropped + returned + held`.
 *
 * `held` is what the equation says; that it equals what queues and flights really hold is tested, not assumed. `refused` stands
 * beside the equation: it counts what was turned away without ever being accepted.
 */
export class Row {
  readonly component: Component
  readonly tenant: string
  readonly signal: Signal
  accepted = 0
  created = 0
  restored = 0
  delivered = 0
  returned = 0
  readonly dropped = new Map<DropReason, number>()
  readonly refused = new Map<RefusalReason, number>()
  /** Requests that were told no, also those whose items nobody has counted. */
  readonly refusedRequests = new Map<RefusalReason, number>()
  /** Of `refused`: items that had been handed on and came back, so that the sender was told no after all. */
  refusedLate = 0
  private droppedTotal = 0

  constructor(component: Component, tenant: string, signal: Signal) {
    this.component = component
    this.tenant = tenant
    this.signal = signal
  }

  drop(reason: DropReason, items: number): void {
    this.droppedTotal += items
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + items)
  }

  refuse(reason: RefusalReason, items: number): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + items)
    this.refusedRequests.set(reason, (this.refusedRequests.get(reason) ?? 0) + 1)
  }

  /** The sender was told no about items that are in the books of somebody further down. */
  refuseLate(reason: RefusalReason, items: number): void {
    this.refuse(reason, items)
    this.refusedLate += items
  }

  get droppedItems(): number {
    return this.droppedTotal
  }

  get held(): number {
    return this.accepted + this.created + this.restored - this.delivered - this.droppedTotal - this.returned
  }
}

/** The gateway's sums: what came in, what became of it. `delivered` counts exporters only. */
export interface Balance {
  readonly accepted: number
  readonly created: number
  readonly restored: number
  readonly delivered: number
  readonly dropped: number
  readonly returned: number
  readonly held: number
}

/** The tenants that get rows of their own; later ones share the row of `overflowTenant`, since tenants come from the network. */
export const maxTenants = 1000
export const overflowTenant = "_other"

/** Every account of one gateway. Rows live as long as the gateway, so that counters never go back. */
export class Books {
  private readonly byComponent = new Map<string, Map<string, Row>>()
  private readonly tenants = new Set<string>()

  /** The account of a component; look it up once per batch, or keep it. */
  row(component: Component, tenant: string, signal: Signal): Row {
    const key = `${component.kind}/${component.id}/${component.transport ?? ""}`
    let rows = this.byComponent.get(key)
    if (rows === undefined) this.byComponent.set(key, (rows = new Map()))
    const label = this.tenantLabel(tenant)
    const rowKey = `${signal}/${label}`
    let row = rows.get(rowKey)
    if (row === undefined) rows.set(rowKey, (row = new Row(component, label, signal)))
    return row
  }

  private tenantLabel(tenant: string): string {
    if (this.tenants.has(tenant)) return tenant
    if (this.tenants.size >= maxTenants) return overflowTenant
    this.tenants.add(tenant)
    return tenant
  }

  *rows(): Iterable<Row> {
    for (const rows of this.byComponent.values()) yield* rows.values()
  }

  /** What the whole gateway has done with what it accepted: the sum of all rows, hand-overs between components left out. */
  balance(): Balance {
    const sum = { accepted: 0, created: 0, restored: 0, delivered: 0, dropped: 0, returned: 0, held: 0 }
    for (const row of this.rows()) {
      const { kind } = row.component
      if (kind === "receiver") sum.accepted += row.accepted
      if (kind === "exporter") sum.delivered += row.delivered
      sum.created += row.created
      sum.restored += row.restored
      sum.dropped += row.droppedItems
      sum.returned += row.returned
      sum.held += row.held
    }
    return sum
  }
}
