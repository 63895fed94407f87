import type { Figures } from "../../domain/loop/Figures.ts"
import type { Subject } from "../../domain/loop/Observation.ts"

export interface ObserverOptions {
  /** Subjects that are counted apart; the others share one. */
  readonly subjects: number
  /** Root spans that take longer are slow, in seconds. */
  readonly slowSeconds: number
  /** Spans a second that are looked at on each side; where there are more, the looks are of a part of the traces. */
  readonly looksPerSecond: number
  /** Bytes of large batches that wait to be looked at; where there are more, batches are not looked at. */
  readonly waitingBytes: number
}

export const defaultObserverOptions: ObserverOptions = {
  subjects: 1000,
  slowSeconds: 1,
  looksPerSecond: 20_000,
  waitingBytes: 64 << 20
}

/** What has been seen since the last look. */
export interface Seen {
  readonly subjects: ReadonlyArray<{ readonly subject: Subject; readonly figures: Figures }>
  /** Batches that were not looked at. */
  readonly lost: number
}
