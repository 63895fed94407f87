import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

const beatMillis = 5

/**
 * Time as this process lives it: a beat every 5 ms, and one that comes late counts as 5 ms all the same. Where the machine has no time for
 * the process this time stands still, so a limit in it says what a component did, never how busy the machine was.
 */
export class Pulse {
  private beats = 0
  private lastAt = performance.now()
  private stallMillis = 0
  private readonly timer: NodeJS.Timeout

  private constructor() {
    this.timer = setInterval(() => {
      const now = performance.now()
      this.beats++
      this.stallMillis = Math.max(this.stallMillis, now - this.lastAt)
      this.lastAt = now
    }, beatMillis)
  }

  /** Beats until the scope closes. */
  static readonly make: Effect.Effect<Pulse, never, Scope.Scope> = Effect.acquireRelease(
    Effect.sync(() => new Pulse()),
    (pulse) => Effect.sync(() => clearInterval(pulse.timer))
  )

  /** Lived since the start, in milliseconds; never more than by the clock. */
  get millis(): number {
    return this.beats * beatMillis
  }

  /** For how long it stood still at most: what has a limit by the clock shorter than this may have met it without being at fault. */
  get longestStallMillis(): number {
    return Math.max(this.stallMillis, performance.now() - this.lastAt)
  }

  /** Waits for a fact; `false` if it does not come true. */
  comesTrue(fact: () => boolean, withinMillis: number): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      const until = this.millis + withinMillis
      const look: Effect.Effect<boolean> = Effect.suspend(() => {
        if (fact()) return Effect.succeed(true)
        return this.millis > until ? Effect.succeed(false) : Effect.andThen(Effect.sleep(beatMillis), look)
      })
      return look
    })
  }

  /** Lets something end, which perhaps never does and cannot be interrupted; it is told to stop, and `false`, if it goes on for longer. */
  endsWithin(effect: Effect.Effect<unknown>, withinMillis: number): Effect.Effect<boolean> {
    return Effect.flatMap(Effect.forkDetach(effect), (fiber) =>
      Effect.map(
        this.comesTrue(() => fiber.pollUnsafe() !== undefined, withinMillis),
        (ended) => {
          if (!ended) fiber.interruptUnsafe()
          return ended
        }
      )
    )
  }
}
