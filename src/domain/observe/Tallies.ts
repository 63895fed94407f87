import { defaultTenant } from "../Batch.ts"
import type { Figures } from "../loop/Figures.ts"
import type { Subject } from "../loop/Observation.ts"
import type { Signal } from "../Signal.ts"
import { Tally } from "./Tally.ts"

/** Subjects above the limit are counted together, of each signal. */
export const otherSubject = "_other"
/** Where an item is not known to be of one service. */
export const anyService = "*"
export const unknownService = "unknown_service"

/** Subjects without anything for this many takes make room for others. */
const mostIdle = 60

/** The counters of all subjects, at most `capacity` and one more for each signal. */
export class Tallies {
  private readonly capacity: number
  private readonly bySignal: { readonly [S in Signal]: Map<string, Map<string, Tally>> } = {
    traces: new Map(),
    metrics: new Map(),
    logs: new Map()
  }
  private readonly others = new Map<Signal, Tally>()
  private count = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  of(signal: Signal, tenant: string = defaultTenant, service: string = unknownService): Tally {
    const tenants = this.bySignal[signal]
    const services = tenants.get(tenant)
    const known = services?.get(service)
    if (known !== undefined) return known
    if (this.count >= this.capacity) return this.other(signal)
    this.count++
    const tally = new Tally({ tenant, service, signal })
    if (services === undefined) tenants.set(tenant, new Map([[service, tally]]))
    else services.set(service, tally)
    return tally
  }

  private other(signal: Signal): Tally {
    let other = this.others.get(signal)
    if (other === undefined) {
      this.others.set(signal, (other = new Tally({ tenant: otherSubject, service: otherSubject, signal })))
    }
    return other
  }

  /** What was counted since the last call, subject by subject. */
  take(): ReadonlyArray<{ readonly subject: Subject; readonly figures: Figures }> {
    const taken: Array<{ readonly subject: Subject; readonly figures: Figures }> = []
    const add = (tally: Tally): void => {
      const figures = tally.take()
      if (figures !== undefined) taken.push({ subject: tally.subject, figures })
    }
    for (const tenants of Object.values(this.bySignal)) {
      for (const [tenant, services] of tenants) {
        for (const [service, tally] of services) {
          add(tally)
          if (tally.idle < mostIdle) continue
          services.delete(service)
          this.count--
        }
        if (services.size === 0) tenants.delete(tenant)
      }
    }
    for (const other of this.others.values()) add(other)
    return taken
  }
}
