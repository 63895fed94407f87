import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { DropReason } from "../../domain/DropReason.ts"

const intervalMillis = 10_000

/** Says in the log that an exporter loses items and why: at once, then at most one line in ten seconds with the sum since the last one. */
export class DropLog {
  private readonly exporter: string
  private lastAt = -Infinity
  private items = 0

  constructor(exporter: string) {
    this.exporter = exporter
  }

  note(items: number, reason: DropReason, message: string): Effect.Effect<void> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      this.items += items
      if (now - this.lastAt < intervalMillis) return Effect.void
      this.lastAt = now
      const lost = this.items
      this.items = 0
      return Effect.logError(`exporter ${this.exporter}: ${lost} items dropped (${reason}): ${message}`)
    })
  }
}
