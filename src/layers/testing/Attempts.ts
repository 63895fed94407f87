import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Push } from "../graph/Component.ts"
import type { Pulse } from "./Pulse.ts"

/** What can be seen of an exporter's attempts from outside. */
export class Attempts {
  /** Under way now. */
  open = 0
  /** Ended without success: refused by the backend, or stopped since their time was over. */
  unsuccessful = 0
  /** Stopped since their time was over; the backend may have taken what they sent all the same. */
  stopped = 0
  /** The longest one, in milliseconds of the pulse. */
  longestMillis = 0
  /** Attempts that said that more was rejected than they had sent. */
  absurd = 0
  private readonly pulse: Pulse

  constructor(pulse: Pulse) {
    this.pulse = pulse
  }

  watch(push: Push): Push {
    return (request) =>
      Effect.suspend(() => {
        const startedAt = this.pulse.millis
        this.open++
        return Effect.onExit(push(request), (exit) =>
          Effect.sync(() => {
            this.open--
            this.longestMillis = Math.max(this.longestMillis, this.pulse.millis - startedAt)
            if (Exit.hasInterrupts(exit)) this.stopped++
            if (!Exit.isSuccess(exit)) this.unsuccessful++
            else if (exit.value.rejected < 0 || exit.value.rejected > request.items) this.absurd++
          })
        )
      })
  }
}
