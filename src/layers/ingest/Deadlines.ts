/** Something that ends by itself when its time has come. */
export interface Expiring {
  /** `performance.now()` milliseconds; `Infinity` never. */
  readonly deadline: number
  /** Called once, when the deadline has passed; the entry has been removed. */
  expire(now: number): void
}

const sweepMillis = 100

/**
 * Deadlines of everything that a receiver waits for: one swept set instead of a timer each. An entry expires at most 100 ms late.
 * The timer runs only while there is something to wait for, and keeps no process alive.
 */
export class Deadlines {
  private readonly entries = new Set<Expiring>()
  private timer: NodeJS.Timeout | undefined = undefined

  add(entry: Expiring): void {
    this.entries.add(entry)
    this.timer ??= setInterval(() => this.sweep(performance.now()), sweepMillis).unref()
  }

  delete(entry: Expiring): void {
    this.entries.delete(entry)
  }

  private sweep(now: number): void {
    for (const entry of this.entries) {
      if (entry.deadline > now) continue
      this.entries.delete(entry)
      entry.expire(now)
    }
    if (this.entries.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}

/** Of the process: receivers come and go, what their clients wait for does not. */
export const deadlines = new Deadlines()
