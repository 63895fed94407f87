import { overflowTenant } from "../../domain/Books.ts"

/** Tenants that were not asked for within so many ages make room for others. */
const mostIdle = 60

/** Which tenants are told of by name: the first `capacity` that have something to say; the others share `_other`. */
export class TenantLabels {
  private readonly capacity: number
  private readonly idle = new Map<string, number>()

  constructor(capacity: number) {
    this.capacity = capacity
  }

  label(tenant: string): string {
    if (!this.idle.has(tenant) && (this.idle.size >= this.capacity || tenant === overflowTenant)) return overflowTenant
    this.idle.set(tenant, 0)
    return tenant
  }

  /** Once an interval, after its labels. */
  age(): void {
    for (const [tenant, ages] of this.idle) {
      if (ages >= mostIdle) this.idle.delete(tenant)
      else this.idle.set(tenant, ages + 1)
    }
  }
}
