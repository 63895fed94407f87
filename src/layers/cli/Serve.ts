import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import type { Balance } from "../../domain/Books.ts"
import type { Checked } from "../../domain/config/Checked.ts"
import type { TelemetrySettings } from "../../domain/config/Telemetry.ts"
import { printableLine } from "../../domain/Printable.ts"
import type { Beginning } from "../Beginning.ts"
import type { Gateway } from "../Gateway.ts"
import type { Component } from "../graph/Component.ts"
import type { Components } from "../graph/Components.ts"
import type { SwapError } from "../graph/SwapError.ts"
import { blame } from "./Blame.ts"
import { accept, type Reading } from "./ConfigFiles.ts"
import { CommandFailure, ExitCode } from "./ExitCode.ts"
import { layerLog } from "./Log.ts"
import { takeSignals } from "./Signals.ts"
import type { StartError } from "./StartError.ts"
import { watchFiles } from "./WatchFiles.ts"

/** A stop takes no longer than this, whatever hangs; the gateway's own deadlines are shorter. */
const stopMillis = 14_000

/** Node's longest timer; it keeps the process alive when nothing else does. */
const longestMillis = 2 ** 31 - 1

export interface ServeOptions<R> {
  /** Reads the configuration, at the start and at every reload. */
  readonly read: Effect.Effect<Reading, never, Components>
  /** SIGHUP loads the configuration again; otherwise it stops. */
  readonly reloadOnHangUp: boolean
  /** A changed file loads the configuration again. */
  readonly watch: boolean
  /** Starts what the configuration says; closing the scope stops it. */
  readonly start: (beginning: Beginning) => Effect.Effect<Gateway["Service"], SwapError | StartError, Scope.Scope | R>
  /** Another configuration runs now. */
  readonly reloaded?: (checked: Checked<Component>) => Effect.Effect<void>
  /** What to say once the gateway runs, and what to do beside it; it is interrupted at the stop. */
  readonly beside: (gateway: Gateway["Service"]) => Effect.Effect<void, never, R>
}

/**
 * Runs a gateway until SIGINT or SIGTERM: starts it, reloads it when asked to, drains it, prints the final balance.
 *
 * A configuration that is wrong at the start, or that cannot be had (a port in use), ends with exit code 78; a wrong one at a reload is
 * reported, and what runs runs on. A defect ends with 70 and names the component that threw; its stack is logged at the level debug.
 */
export const serve = <R>(options: ServeOptions<R>): Effect.Effect<void, CommandFailure, Components | R> =>
  Effect.suspend(() => {
    let logs: TelemetrySettings["logs"] = { level: "info", encoding: "console" }
    return Effect.scoped(
      Effect.gen(function* () {
        yield* Effect.acquireRelease(
          Effect.sync(() => setInterval(() => {}, longestMillis)),
          (timer) => Effect.sync(() => clearInterval(timer))
        )
        const first = yield* options.read
        const beginning = yield* accept(first)
        const { checked } = beginning
        logs = checked.telemetry.logs
        const reloads = yield* Queue.sliding<string>(1)
        const signals = yield* takeSignals(options.reloadOnHangUp ? reloads : undefined)
        const scope = yield* Scope.make()
        const started = options.start(beginning).pipe(
          Scope.provide(scope),
          Effect.catch((failure) =>
            failure._tag === "SwapError"
              ? Effect.andThen(logDefects(failure), Effect.fail(refusal(failure, checked)))
              : Effect.fail(new CommandFailure(ExitCode.configuration, failure.message))
          )
        )
        // A stop while the start still waits for something is a stop too.
        const gateway = yield* Effect.raceFirst(started, Effect.as(signals.stop, undefined)).pipe(
          Effect.onError(() => Scope.close(scope, Exit.void))
        )
        if (gateway === undefined) return
        let files = first.files
        const reload = Effect.gen(function* () {
          const why = yield* Queue.take(reloads)
          const before = gateway.current()
          yield* apply(
            Effect.tap(options.read, (reading) => Effect.sync(() => (files = reading.files))),
            gateway,
            why
          )
          logs = gateway.current().telemetry.logs
          if (gateway.current() !== before) yield* options.reloaded?.(gateway.current()) ?? Effect.void
        })
        const beside = Effect.all(
          [
            Effect.forever(reload),
            options.watch ? watchFiles(() => files(), reloads) : Effect.never,
            Effect.andThen(options.beside(gateway), Effect.never)
          ],
          { concurrency: "unbounded", discard: true }
        )
        const signal = yield* Effect.raceFirst(signals.stop, beside)
        yield* Console.error(`${signal ?? "stop"}: draining; a second signal ends at once`)
        const since = yield* Clock.currentTimeMillis
        // In a fiber of its own: releases cannot be interrupted, but nobody has to wait for them.
        const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
        yield* Fiber.await(closing).pipe(Effect.timeoutOption(stopMillis))
        const seconds = ((yield* Clock.currentTimeMillis) - since) / 1000
        yield* Console.log(`stopped after ${seconds.toFixed(1)} s; ${formatBalance(gateway.balance())}`)
      })
    ).pipe(
      Effect.catchDefect((defect) =>
        Effect.andThen(
          Effect.logDebug(defect),
          Effect.fail(new CommandFailure(ExitCode.internal, printableLine(`weir: internal error: ${String(defect)}`)))
        )
      ),
      Effect.provide(layerLog(() => logs))
    )
  })

/** What the gateway did with every item, on one line. */
export const formatBalance = ({ accepted, created, restored, delivered, dropped, returned, held }: Balance): string =>
  `balance: accepted ${accepted} + created ${created} + restored ${restored} = ` +
  `delivered ${delivered} + dropped ${dropped} + returned ${returned} + held ${held}`

/** A configuration that cannot be had is refused; a component that threw is a defect of the program. */
const refusal = ({ failures }: SwapError, checked: Checked<Component>): CommandFailure =>
  new CommandFailure(
    failures.some(({ defect }) => defect !== undefined) ? ExitCode.internal : ExitCode.configuration,
    failures.map((one) => blame(one, checked)).join("\n")
  )

/** The stacks of what was thrown, for those who look for it. */
const logDefects = ({ failures }: SwapError): Effect.Effect<void> =>
  Effect.forEach(failures, ({ defect }) => (defect === undefined ? Effect.void : Effect.logDebug(defect)), { discard: true })

/** Makes the configuration that is read the running one; whatever goes wrong on the way, also by a defect, leaves what runs running. */
const apply = (
  read: Effect.Effect<Reading, never, Components>,
  gateway: Gateway["Service"],
  why: string
): Effect.Effect<void, never, Components> =>
  Effect.gen(function* () {
    const { compose } = yield* read
    yield* gateway.reload(compose)
    yield* Effect.logInfo(`reloaded (${why})`)
  }).pipe(
    Effect.catch(({ message }) => Effect.logError(`reload (${why}) refused, the running configuration stays:\n${message}`)),
    Effect.catchDefect((defect) => Effect.logError(`reload (${why}) refused, the running configuration stays:`, defect))
  )
