import * as Effect from "effect/Effect"
import { Ring } from "./Ring.ts"

export interface TurnsOptions {
  /** Once pieces have taken this long, in milliseconds, the others wait for the next turn. */
  readonly budgetMillis: number
  /** Milliseconds. */
  readonly now: () => number
  /** Calls back in the next turn of the event loop. */
  readonly defer: (callback: () => void) => void
}

/**
 * Long work in short pieces, between which everybody else has a turn of the event loop. All long work of the process queues here, so that
 * ten large requests take no longer a turn than one: first come, first served, as many pieces a turn as a few milliseconds hold.
 *
 * A piece bounds its own work (fields, bytes, items: some milliseconds); the clock only ends a turn early.
 * Full: it has no bound of its own; each request or export that is worked on has one piece here. Fails: a piece that throws takes nothing
 * with it but itself. Closes: nothing to do.
 */
export class Turns {
  private readonly options: TurnsOptions
  private readonly waiting = new Ring<() => void>()
  private isRunning = false

  constructor(options: TurnsOptions) {
    this.options = options
  }

  /** Runs `piece` in a later turn, after what has come before. */
  later(piece: () => void): void {
    this.waiting.pushLast(piece)
    if (this.isRunning) return
    this.isRunning = true
    this.options.defer(this.turn)
  }

  /** The fiber goes on in a later turn; what it does until its next pause is one piece. */
  readonly pause: Effect.Effect<void> = Effect.callback<void>((resume) => this.later(() => resume(Effect.void)))

  private readonly turn = (): void => {
    const { budgetMillis, defer, now } = this.options
    const end = now() + budgetMillis
    try {
      for (let piece = this.waiting.takeFirst(); piece !== undefined; piece = now() < end ? this.waiting.takeFirst() : undefined) piece()
    } finally {
      if (this.waiting.size > 0) defer(this.turn)
      else this.isRunning = false
    }
  }
}

/** Those of the process, which has one event loop. */
export const turns = new Turns({ budgetMillis: 5, now: () => performance.now(), defer: setImmediate })
