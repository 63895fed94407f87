import { merge } from "../stats/ExponentialHistogram.ts"
import { addVolumes, noVolume } from "./Metric.ts"
import type { Observation, Volume } from "./Observation.ts"

/** The part of an observation that adds up, over intervals, agents and subjects. */
export type Figures = Pick<Observation, "received" | "delivered" | "dropped" | "durations" | "severities">

export const noFigures: Figures = { received: noVolume, delivered: noVolume, dropped: {}, durations: undefined, severities: {} }

export const addFigures = (a: Figures, b: Figures): Figures => ({
  received: addVolumes(a.received, b.received),
  delivered: addVolumes(a.delivered, b.delivered),
  dropped: addCounts(a.dropped, b.dropped),
  durations: a.durations === undefined || b.durations === undefined ? (a.durations ?? b.durations) : merge(a.durations, b.durations),
  severities: addCounts(a.severities, b.severities)
})

/** A share of everything that can be divided; the durations stay whole. */
export const scaleFigures = (figures: Figures, share: number): Figures => ({
  received: scaleVolume(figures.received, share),
  delivered: scaleVolume(figures.delivered, share),
  dropped: scaleCounts(figures.dropped, share),
  durations: figures.durations,
  severities: scaleCounts(figures.severities, share)
})

const scaleVolume = ({ items, bytes, errors, slow }: Volume, share: number): Volume => ({
  items: items * share,
  bytes: bytes * share,
  errors: errors * share,
  slow: slow * share
})

type Counts = { readonly [name: string]: number }

export const addCounts = (a: Counts, b: Counts): Counts => {
  const sum: { [name: string]: number } = { ...a }
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count
  return sum
}

const scaleCounts = (counts: Counts, share: number): Counts =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count * share]))
