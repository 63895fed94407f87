import type { Volume } from "./Observation.ts"

/** What an agent's books say of one subject, or of everything, over a stretch of time. All of it adds up over intervals and agents. */
export interface Totals {
  /** What arrived at the receivers. */
  readonly received: Volume
  /** What exporters have delivered. */
  readonly delivered: Volume
  /** Items that were dropped for a reason nobody wanted: anything but `sampled`, `filtered` and `merged`. */
  readonly lost: number
}

/** Reasons of drops that a processor was configured to make. */
export const wantedDrops: ReadonlySet<string> = new Set(["sampled", "filtered", "merged"])

export const noVolume: Volume = { items: 0, bytes: 0, errors: 0, slow: 0 }
export const noTotals: Totals = { received: noVolume, delivered: noVolume, lost: 0 }

export const addVolumes = (a: Volume, b: Volume): Volume => ({
  items: a.items + b.items,
  bytes: a.bytes + b.bytes,
  errors: a.errors + b.errors,
  slow: a.slow + b.slow
})

export const addTotals = (a: Totals, b: Totals): Totals => ({
  received: addVolumes(a.received, b.received),
  delivered: addVolumes(a.delivered, b.delivered),
  lost: a.lost + b.lost
})

/**
 * The metrics that goals and guardrails are written for; all of them look at what settles, but those that begin with `received`.
 *
 * - `received.*`, `delivered.*`, `lost.items`: per second;
 * - `error_ratio`: errors among the delivered items;
 * - `retention.*`: delivered / received, of items, of errors, of slow root spans;
 * - `lost_ratio`: lost items among those that were either lost or delivered.
 */
export const metricNames = [
  "received.items",
  "received.bytes",
  "received.errors",
  "delivered.items",
  "delivered.bytes",
  "delivered.errors",
  "delivered.slow",
  "lost.items",
  "error_ratio",
  "retention.items",
  "retention.errors",
  "retention.slow",
  "lost_ratio"
] as const
export type MetricName = (typeof metricNames)[number]

/** A metric's value; `undefined` where nothing can be said: no time was covered, or nothing came that a ratio could be of. */
export const valueOf = (metric: MetricName, { received, delivered, lost }: Totals, seconds: number): number | undefined => {
  const rate = (sum: number) => (seconds > 0 ? sum / seconds : undefined)
  const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : undefined)
  switch (metric) {
    case "received.items":
      return rate(received.items)
    case "received.bytes":
      return rate(received.bytes)
    case "received.errors":
      return rate(received.errors)
    case "delivered.items":
      return rate(delivered.items)
    case "delivered.bytes":
      return rate(delivered.bytes)
    case "delivered.errors":
      return rate(delivered.errors)
    case "delivered.slow":
      return rate(delivered.slow)
    case "lost.items":
      return rate(lost)
    case "error_ratio":
      return ratio(delivered.errors, delivered.items)
    case "retention.items":
      return ratio(delivered.items, received.items)
    case "retention.errors":
      return ratio(delivered.errors, received.errors)
    case "retention.slow":
      return ratio(delivered.slow, received.slow)
    case "lost_ratio":
      return ratio(lost, lost + delivered.items)
  }
}
