/** Rises at most one step in this time, so that a burst of signs is one sign. */
const raiseMillis = 250

/** Falls one step after this time without a sign. */
const recoverMillis = 10_000

/**
 * A level from 0 to `maxLevel` that rises fast with signs of trouble and falls slowly without them. Plain arithmetic; times are
 * milliseconds of one monotonic clock.
 */
export class Level {
  private readonly max: number
  private current = 0
  private raisedMillis = Number.NEGATIVE_INFINITY
  private quietSinceMillis = 0

  constructor(max: number) {
    this.max = max
  }

  /** A sign of trouble. Until `untilMillis` silence is no sign of recovery. */
  raise(nowMillis: number, untilMillis = nowMillis): void {
    const level = this.at(nowMillis)
    this.quietSinceMillis = Math.max(this.quietSinceMillis, nowMillis, untilMillis)
    if (nowMillis - this.raisedMillis < raiseMillis) return
    this.raisedMillis = nowMillis
    this.current = Math.min(this.max, level + 1)
  }

  at(nowMillis: number): number {
    if (this.current === 0) return 0
    const steps = Math.floor((nowMillis - this.quietSinceMillis) / recoverMillis)
    if (steps > 0) {
      this.current = Math.max(0, this.current - steps)
      this.quietSinceMillis += steps * recoverMillis
    }
    return this.current
  }
}
