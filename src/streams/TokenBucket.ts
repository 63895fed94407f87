import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/**
 * A rate limit that allows bursts: `capacity` tokens at most, refilled at `perSecond`. A plain class; time is passed in.
 *
 * **Full** (no tokens): `tryTake` says no, `take` waits its turn. More tokens than the capacity are given to whoever finds the bucket
 * full, which then owes the rest: a large request is slowed down, not locked out.
 * **Fails**: nothing here can; a clock that goes back adds nothing. **Closes**: a waiter that is interrupted gives its tokens back.
 */
export class TokenBucket {
  private capacity: number
  private perSecond: number
  private tokens: number
  private refilledMillis: number

  constructor(options: { readonly capacity: number; readonly perSecond: number; readonly nowMillis: number }) {
    this.capacity = this.tokens = options.capacity
    this.perSecond = options.perSecond
    this.refilledMillis = options.nowMillis
  }

  /** Takes `n` tokens if they are there. */
  tryTake(n: number, nowMillis: number): boolean {
    this.refill(nowMillis)
    if (this.tokens < Math.min(n, this.capacity)) return false
    this.tokens -= n
    return true
  }

  /** Takes `n` tokens now and says how long to wait until they may be used; those who come later wait behind. */
  reserve(n: number, nowMillis: number): number {
    this.refill(nowMillis)
    const missing = Math.min(n, this.capacity) - this.tokens
    this.tokens -= n
    return missing <= 0 ? 0 : (missing / this.perSecond) * 1000
  }

  /** Returns tokens that were taken and not used. */
  giveBack(n: number): void {
    this.tokens = Math.min(this.capacity, this.tokens + n)
  }

  /** Another rate from now on; tokens above a smaller capacity are lost. */
  setRate(options: { readonly capacity: number; readonly perSecond: number; readonly nowMillis: number }): void {
    this.refill(options.nowMillis)
    this.capacity = options.capacity
    this.perSecond = options.perSecond
    this.tokens = Math.min(this.tokens, this.capacity)
  }

  /** Waits until `n` tokens are there, first come first served. */
  take(n: number): Effect.Effect<void> {
    return Effect.flatMap(Clock.currentTimeMillis, (nowMillis) => {
      const waitMillis = this.reserve(n, nowMillis)
      if (waitMillis === 0) return Effect.void
      return Effect.onInterrupt(Effect.sleep(waitMillis), () => Effect.sync(() => this.giveBack(n)))
    })
  }

  private refill(nowMillis: number): void {
    if (nowMillis <= this.refilledMillis) return
    this.tokens = Math.min(this.capacity, this.tokens + ((nowMillis - this.refilledMillis) / 1000) * this.perSecond)
    this.refilledMillis = nowMillis
  }
}
