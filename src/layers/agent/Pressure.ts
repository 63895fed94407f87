import { HealthySpanSampler } from "./HealthySpanSampler.ts"

/** Levels up to which the agent gives things up; the last keeps every 64th healthy trace. */
export const maxLevel = 7

const raiseMillis = 250
const recoverMillis = 10_000
const firstPaceMillis = 250
const longestPaceMillis = 10_000

/**
 * How much the agent gives up, from what it meets: level 0 nothing, level 1 logs below WARN, from level 2 on healthy spans too, half as
 * many with every level.
 *
 * Gives up fast (a level with each sign of pressure, at most one in 250 ms) and recovers slowly (a level in 10 s without a sign).
 * Plain arithmetic; times are milliseconds of one monotonic clock.
 */
export class Pressure {
  private current = 0
  private raisedMillis = Number.NEGATIVE_INFINITY
  private quietSinceMillis = 0
  private readonly samplers = Array.from({ length: maxLevel - 1 }, (_, i) => new HealthySpanSampler(2 ** -(i + 1)))

  /** A refusal, a failure, or a queue that fills. Until `untilMillis` silence is no sign of recovery: the backend asked for it. */
  raise(nowMillis: number, untilMillis = nowMillis): void {
    const level = this.level(nowMillis)
    this.quietSinceMillis = Math.max(this.quietSinceMillis, nowMillis, untilMillis)
    if (nowMillis - this.raisedMillis < raiseMillis) return
    this.raisedMillis = nowMillis
    this.current = Math.min(maxLevel, level + 1)
  }

  level(nowMillis: number): number {
    if (this.current === 0) return 0
    const steps = Math.floor((nowMillis - this.quietSinceMillis) / recoverMillis)
    if (steps > 0) {
      this.current = Math.max(0, this.current - steps)
      this.quietSinceMillis += steps * recoverMillis
    }
    return this.current
  }

  keepsLowLogs(nowMillis: number): boolean {
    return this.level(nowMillis) === 0
  }

  /** `undefined`: all healthy spans stay. */
  healthySpans(nowMillis: number): HealthySpanSampler | undefined {
    const level = this.level(nowMillis)
    return level < 2 ? undefined : this.samplers[level - 2]
  }

  /** The wait between two requests that both succeed. */
  paceMillis(nowMillis: number): number {
    const level = this.level(nowMillis)
    return level === 0 ? 0 : Math.min(firstPaceMillis * 2 ** (level - 1), longestPaceMillis)
  }
}
