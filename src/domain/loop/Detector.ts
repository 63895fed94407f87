/** One value of a series: when its second began, in milliseconds since the epoch, and the value in the metric's unit. */
export type Point = readonly [atUnixMillis: number, value: number]

/** What a detector thinks of a series at its latest point. */
export interface Judgement {
  readonly isAlarming: boolean
  /** How sure and how bad, in [0, 1]; 0 where nothing is wrong. */
  readonly score: number
  /** The value that it would have expected, if it knows. */
  readonly expected: number | undefined
}

/**
 * A detector of one series, as a pure step from point to point: the same points give the same judgements. The state is plain data (JSON),
 * so that it can be kept. Points come in order; seconds without a value are left out.
 */
export interface Detecting<State> {
  readonly initial: State
  readonly step: (state: State, point: Point) => readonly [State, Judgement]
}
