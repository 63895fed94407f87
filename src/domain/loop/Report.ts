import type { Observation } from "./Observation.ts"

/** What one agent saw in one interval: what is sent as one request, and counts once. */
export interface Report {
  /** Two reports with the same id are the same one, repeated. */
  readonly id: string
  /** Instance uid of the agent, as a UUID text. */
  readonly agent: string
  /** Hash of the remote configuration that was in force, in hex; empty where there is none. */
  readonly revision: string
  readonly startUnixMillis: number
  readonly endUnixMillis: number
  /** Batches that the observer did not look at because it was too slow: what it says of the interval is too little. */
  readonly lost: number
  /** All of `agent`, `revision` and interval; subjects of which nothing was seen are left out. */
  readonly observations: ReadonlyArray<Observation>
}

/** A report of an agent that sends one an interval. */
export const reportId = (agent: string, startUnixMillis: number): string => `${agent}@${startUnixMillis}`
