import { HealthySpanSampler } from "./HealthySpanSampler.ts"
import { Level } from "./Level.ts"

/** The last level keeps every 64th healthy trace. */
export const maxLevel = 7

const firstPaceMillis = 250
const longestPaceMillis = 10_000

/**
 * What the agent gives up, from what it meets: at level 0 nothing, at level 1 logs below WARN, from level 2 on healthy spans too, half as
 * many with every level. A backend that refuses also gets fewer requests; a queue that fills by itself would only be worse off for that.
 */
export class Pressure {
  private readonly shedding = new Level(maxLevel)
  private readonly refusing = new Level(maxLevel)
  private readonly samplers = Array.from({ length: maxLevel - 1 }, (_, i) => new HealthySpanSampler(2 ** -(i + 1)))

  /** The backend has refused or failed, and is asked again at `untilMillis`. */
  onRefusal(nowMillis: number, untilMillis: number): void {
    this.shedding.raise(nowMillis, untilMillis)
    this.refusing.raise(nowMillis, untilMillis)
  }

  /** The application makes more than can be sent. */
  onFilling(nowMillis: number): void {
    this.shedding.raise(nowMillis)
  }

  keepsLowLogs(nowMillis: number): boolean {
    return this.shedding.at(nowMillis) === 0
  }

  /** `undefined`: all healthy spans stay. */
  healthySpans(nowMillis: number): HealthySpanSampler | undefined {
    const level = this.shedding.at(nowMillis)
    return level < 2 ? undefined : this.samplers[level - 2]
  }

  /** The wait between two requests that both succeed. */
  paceMillis(nowMillis: number): number {
    const level = this.refusing.at(nowMillis)
    return level === 0 ? 0 : Math.min(firstPaceMillis * 2 ** (level - 1), longestPaceMillis)
  }
}
