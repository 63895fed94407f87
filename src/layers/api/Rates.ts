import type { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import { addVolumes, noVolume, wantedDrops } from "../../domain/loop/Metric.ts"
import type { Volume } from "../../domain/loop/Observation.ts"
import type { Window } from "../../domain/loop/Evaluation.ts"
import type { Signal } from "../../domain/Signal.ts"
import { dropRates, type Rates, volumeRate } from "./view/Basics.ts"

/** What the rates are of. */
export const rateSeconds = 10
/** Agents report every second, and try again when a report is late; then a second is as complete as it gets. */
const settleMillis = 3000

/** The last ten seconds that agents have had time to report. */
export const rateWindow = (now: number): Window => {
  const to = Math.floor((now - settleMillis) / 1000) * 1000
  return { from: to - rateSeconds * 1000, to }
}

interface Sum {
  readonly tenant: string
  readonly signal: Signal
  received: Volume
  delivered: Volume
  dropped: { [reason: string]: number }
}

/** The rates of a window of all agents together, by tenant and signal. Reads the store second by second. */
export const ratesOf = (
  store: ObservationStore["Service"],
  { from, to }: Window
): { readonly rates: ReadonlyArray<Rates>; readonly agents: number } => {
  const sums = new Map<string, Sum>()
  let agents = 0
  for (let at = from; at < to; at += 1000) {
    const second = store.second(at)
    agents = Math.max(agents, second.agents)
    for (const { subject, figures } of second.subjects) {
      const key = `${subject.signal} ${subject.tenant}`
      let sum = sums.get(key)
      if (sum === undefined)
        sums.set(key, (sum = { tenant: subject.tenant, signal: subject.signal, received: noVolume, delivered: noVolume, dropped: {} }))
      sum.received = addVolumes(sum.received, figures.received)
      sum.delivered = addVolumes(sum.delivered, figures.delivered)
      for (const [reason, items] of Object.entries(figures.dropped)) sum.dropped[reason] = (sum.dropped[reason] ?? 0) + items
    }
  }
  const seconds = (to - from) / 1000
  const rates = [...sums.values()].map(({ tenant, signal, received, delivered, dropped }) => ({
    tenant,
    signal,
    received: volumeRate(received, seconds),
    delivered: volumeRate(delivered, seconds),
    dropped: dropRates(dropped, seconds)
  }))
  return { rates: rates.toSorted((a, b) => compare(a.tenant, b.tenant) || compare(a.signal, b.signal)), agents }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Items per second that were dropped for a reason nobody wanted. */
export const lostPerSecond = (rates: ReadonlyArray<Rates>): number =>
  rates.reduce(
    (sum, { dropped }) => Object.entries(dropped).reduce((lost, [reason, items]) => (wantedDrops.has(reason) ? lost : lost + items), sum),
    0
  )
