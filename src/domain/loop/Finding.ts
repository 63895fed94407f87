import type { Subject } from "./Observation.ts"

/** What a detector has found, from the moment it opens until it is closed. The same input gives the same findings. */
export interface Finding {
  /** `<detector>/<kind>/<tenant>/<service>/<signal>@<since>`: an ended finding that comes back is a new one. */
  readonly id: string
  /** The detector's name in the configuration (`baseline/volume`). */
  readonly detector: string
  /** What is wrong, in one word of the detector's configuration (`volume`, `error_ratio`, `latency`). */
  readonly kind: string
  readonly subject: Subject
  /** How sure and how bad, in [0, 1]. */
  readonly score: number
  /** When it began, in milliseconds since the epoch. */
  readonly since: number
  /** When it ended; `undefined` while it lasts. */
  readonly until: number | undefined
  /** The last value, in the metric's unit, and what was expected instead, where the detector knows. */
  readonly value: number
  readonly expected: number | undefined
  /** The series that it stands on: time in milliseconds since the epoch and value, oldest first; bounded. */
  readonly evidence: ReadonlyArray<readonly [number, number]>
}

export type FindingEvent =
  | { readonly _tag: "FindingOpened"; readonly finding: Finding }
  | { readonly _tag: "FindingChanged"; readonly finding: Finding }
  | { readonly _tag: "FindingClosed"; readonly finding: Finding }
