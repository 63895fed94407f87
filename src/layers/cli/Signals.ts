import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"

/** A terminal's Ctrl-C can arrive twice, from the terminal and through npm; a second one that soon is the same one. */
const echoMillis = 500

/**
 * Whoever has lost its supervisor, or its launcher, has this long to deliver what it holds. It is gone then, as the one that was killed is, and
 * its ports and its storage are free for the next start.
 */
const orphanMillis = 1000

/** What a terminal or a service manager asks of a running gateway. */
export interface Signals {
  /** Waits for SIGINT or SIGTERM and names it. A second one ends the process at once. */
  readonly stop: Effect.Effect<NodeJS.Signals>
}

/**
 * Takes the process's signals until the scope closes. SIGHUP offers to `reloads`, or stops where there is nothing to load again.
 * The second stop signal is handled outside of every fiber, so it works whatever hangs.
 */
export const takeSignals = (reloads: Queue.Enqueue<string> | undefined): Effect.Effect<Signals, never, Scope.Scope> =>
  Effect.gen(function* () {
    const stop = yield* Deferred.make<NodeJS.Signals>()
    let firstAt: number | undefined
    const onStop = (signal: NodeJS.Signals) => {
      if (firstAt === undefined) {
        firstAt = performance.now()
        Deferred.doneUnsafe(stop, Effect.succeed(signal))
      } else if (performance.now() - firstAt > echoMillis) {
        process.exit(signal === "SIGTERM" ? 143 : 130)
      }
    }
    const onHangUp = reloads === undefined ? onStop : () => void Queue.offerUnsafe(reloads, "SIGHUP")
    const onAlone = () => {
      onStop("SIGTERM")
      setTimeout(() => process.exit(143), orphanMillis)
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("SIGINT", onStop).on("SIGTERM", onStop).on("SIGHUP", onHangUp).on("disconnect", onAlone)),
      () => Effect.sync(() => process.off("SIGINT", onStop).off("SIGTERM", onStop).off("SIGHUP", onHangUp).off("disconnect", onAlone))
    )
    if (process.connected === false) onAlone()
    return { stop: Deferred.await(stop) }
  })
