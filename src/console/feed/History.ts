import { wantedDrops } from "../../domain/loop/Metric.ts"
import type { OverviewView, Rates } from "./Answers.ts"

/** Seconds that are remembered. */
export const historySeconds = 120
/** Tenants and signals that are remembered; the others have numbers only. */
const maxKeys = 200

/** Items per second. */
export interface Flow {
  readonly received: number
  readonly delivered: number
  /** Dropped as configured: sampled, filtered, merged. */
  readonly wanted: number
  /** Dropped for any other reason. */
  readonly lost: number
}

export const flowOf = ({ received, delivered, dropped }: Rates): Flow => {
  let [wanted, lost] = [0, 0]
  for (const [reason, items] of Object.entries(dropped)) {
    if (wantedDrops.has(reason)) wanted += items
    else lost += items
  }
  return { received: received.items, delivered: delivered.items, wanted, lost }
}

export const noFlow: Flow = { received: 0, delivered: 0, wanted: 0, lost: 0 }

export const addFlows = (a: Flow, b: Flow): Flow => ({
  received: a.received + b.received,
  delivered: a.delivered + b.delivered,
  wanted: a.wanted + b.wanted,
  lost: a.lost + b.lost
})

export const keyOf = ({ signal, tenant }: Pick<Rates, "signal" | "tenant">): string => `${signal} ${tenant}`

/** The last two minutes, second by second, as this page has seen them. Bounded in time and in keys. */
export class History {
  private readonly totals: Array<Flow> = []
  private readonly received = new Map<string, Array<number>>()

  add({ rates }: OverviewView): void {
    push(this.totals, rates.map(flowOf).reduce(addFlows, noFlow))
    const seen = new Set<string>()
    for (const rate of rates) {
      const key = keyOf(rate)
      seen.add(key)
      const series = this.received.get(key)
      if (series !== undefined) push(series, rate.received.items)
      else if (this.received.size < maxKeys) this.received.set(key, [rate.received.items])
    }
    for (const [key, series] of this.received) {
      if (seen.has(key)) continue
      push(series, 0)
      if (series.every((value) => value === 0)) this.received.delete(key)
    }
  }

  /** Oldest first. */
  total(): ReadonlyArray<Flow> {
    return this.totals
  }

  /** What came of one tenant and signal; empty where it is not remembered. */
  of(key: string): ReadonlyArray<number> {
    return this.received.get(key) ?? []
  }
}

const push = <A>(series: Array<A>, value: A): void => {
  series.push(value)
  if (series.length > historySeconds) series.shift()
}
