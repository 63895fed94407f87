import * as Effect from "effect/Effect"

const windowMillis = 10_000

/** Says in the log what peers do wrong: of each kind at most one line in ten seconds, with how many it stands for. */
export class OpampServerLog {
  private readonly fork: (effect: Effect.Effect<void>) => unknown
  private readonly said = new Map<string, { atMillis: number; unsaid: number }>()

  private constructor(fork: OpampServerLog["fork"]) {
    this.fork = fork
  }

  static readonly make: Effect.Effect<OpampServerLog> = Effect.map(
    Effect.context<never>(),
    (context) => new OpampServerLog(Effect.runForkWith(context))
  )

  /** `kind` is one of few; `detail` is of this time. */
  say(kind: string, detail: string): void {
    const nowMillis = performance.now()
    const last = this.said.get(kind)
    if (last !== undefined && nowMillis - last.atMillis < windowMillis) {
      last.unsaid++
      return
    }
    this.said.set(kind, { atMillis: nowMillis, unsaid: 0 })
    const times = last === undefined || last.unsaid === 0 ? "" : ` (and ${last.unsaid} times more before)`
    this.fork(Effect.logWarning(`opamp: ${kind}: ${detail}${times}`))
  }
}
