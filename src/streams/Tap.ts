import * as Effect from "effect/Effect"

/**
 * Observation on the side: the path calls `observe`, which costs an array push and never waits; an observer reads what has gathered.
 *
 * **Full**: the observation is lost and counted; the path is never slowed down. **Fails**: an observer that fails or hangs loses what
 * it was given and what comes meanwhile; the path does not notice. **Closes**: the observer's fiber is interrupted, `observe` then
 * fills up and counts.
 */
export class Tap<A> {
  private readonly capacity: number
  private seen: Array<A> = []
  private lostCount = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Observations that found no room, since the start. */
  get lost(): number {
    return this.lostCount
  }

  observe(observation: A): void {
    if (this.seen.length < this.capacity) this.seen.push(observation)
    else this.lostCount++
  }

  /** What has gathered since the last call. */
  takeAll(): ReadonlyArray<A> {
    const { seen } = this
    this.seen = []
    return seen
  }

  /** Gives what has gathered to an observer, every `everyMillis`. A failure or defect of the observer is logged. */
  run<E, R>(everyMillis: number, observer: (seen: ReadonlyArray<A>) => Effect.Effect<void, E, R>): Effect.Effect<never, never, R> {
    const round = Effect.suspend(() => {
      const seen = this.takeAll()
      return seen.length === 0 ? Effect.void : observer(seen)
    })
    return round.pipe(
      Effect.catch((error) => Effect.logWarning("an observer failed", error)),
      Effect.catchDefect((defect) => Effect.logError("an observer died", defect)),
      Effect.andThen(Effect.sleep(everyMillis)),
      Effect.forever
    )
  }
}
