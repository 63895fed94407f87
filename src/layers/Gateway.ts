import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { type Balance, Books } from "../domain/Books.ts"
import type { Checked } from "../domain/config/Checked.ts"
import { noRemote, type RemoteLayer } from "../domain/config/Overlay.ts"
import { error, formatProblems } from "../domain/config/Problem.ts"
import type { Compose } from "./Composer.ts"
import { blame } from "./cli/Blame.ts"
import { ConfigurationError } from "./ConfigurationError.ts"
import type { Component } from "./graph/Component.ts"
import type { Steering } from "./graph/Steering.ts"
import { Graph } from "./graph/Graph.ts"
import { type BoundAddress, Listeners } from "./graph/Listeners.ts"
import { planOf } from "./graph/Plan.ts"
import type { SwapError } from "./graph/SwapError.ts"
import { Observer } from "./observation/Observer.ts"
import type { ObserverOptions } from "./observation/ObserverOptions.ts"
import { OwnMetrics } from "./telemetry/OwnMetrics.ts"
import { TelemetryRegistry } from "./telemetry/Registry.ts"

/**
 * The running gateway: a graph of components that a checked configuration describes, and that another one can replace while it runs.
 *
 * The layer serves when it is built. Its release is the orderly stop, in this order, each step with a deadline of its own (together
 * below 15 s, also when a backend hangs):
 *
 * 1. receivers stop accepting; open requests are answered;
 * 2. processors send on what they hold;
 * 3. exporters deliver what their queues hold; the rest is dropped (`shutdown`) and counted;
 * 4. extensions end;
 * 5. `/metrics` ends, and the last connections are closed.
 */
export class Gateway extends Context.Service<
  Gateway,
  {
    /** Makes another configuration the running one without losing or refusing anything; a failure leaves everything as it was. */
    readonly swap: (checked: Checked<Component>) => Effect.Effect<void, SwapError>
    /** Runs the gateway's own configuration as it is now; what was sent from afar stays on top of it. */
    readonly reload: (compose: Compose) => Effect.Effect<void, ConfigurationError>
    /** The configuration that runs. */
    readonly current: () => Checked<Component>
    readonly isReady: () => boolean
    readonly books: Books
    readonly balance: () => Balance
    /** Sees what arrives and what settles, while it is turned on. */
    readonly observer: Observer
    /** Where receivers listen now. */
    readonly addresses: () => ReadonlyArray<BoundAddress>
  }
>()("weir/layers/Gateway") {
  static readonly layer = (checked: Checked<Component>, options: GatewayOptions = {}): Layer.Layer<Gateway, SwapError> =>
    Layer.effect(Gateway, make(checked, options)).pipe(Layer.provide([Listeners.layer, TelemetryRegistry.layer]))
}

export interface GatewayOptions {
  /** Without it, the gateway takes nothing from afar. */
  readonly compose?: Compose
  /** What `compose` knows. */
  readonly components?: ReadonlyArray<Component>
  /** How the gateway observes what goes through it, while it is asked to. */
  readonly observer?: Partial<ObserverOptions>
  /** What the first configuration already has from afar. */
  readonly remote?: RemoteLayer
}

const make = (first: Checked<Component>, options: GatewayOptions) =>
  Effect.gen(function* () {
    const listeners = yield* Listeners
    const books = new Books()
    const telemetry = yield* TelemetryRegistry
    const observer = new Observer(books, options.observer)
    const scope = yield* Effect.scope
    const lock = Semaphore.makeUnsafe(1)
    let current = first
    let { compose = takesNothing, remote = noRemote } = options
    let shown = ""

    const swap = (checked: Checked<Component>) =>
      Effect.suspend(() => ownMetrics.serving(checked.telemetry.metrics, graph.swap(planOf(checked)))).pipe(
        Effect.andThen(
          Effect.sync(() => {
            current = checked
          })
        ),
        Effect.provideService(Listeners, listeners)
      )

    const recompose = (by: Compose, over: RemoteLayer): Effect.Effect<void, ConfigurationError> =>
      Effect.gen(function* () {
        const composed = by(over)
        if (Result.isFailure(composed))
          return yield* new ConfigurationError({ message: formatProblems(composed.failure.filter(({ severity }) => severity === "error")) })
        const { checked, warnings } = composed.success
        if (warnings.length > 0) yield* Effect.logWarning(formatProblems(warnings))
        yield* swap(checked).pipe(
          Effect.mapError(({ failures }) => new ConfigurationError({ message: failures.map((one) => blame(one, checked)).join("\n") }))
        )
        compose = by
        remote = over
        shown = composed.success.shown
      }).pipe(lock.withPermits(1))

    const steering: Steering = {
      books,
      observer,
      components: () => options.components ?? [],
      current: () => current,
      shown: () => shown,
      remote: () => remote,
      // In a fiber of the gateway: an extension may ask for the very change that ends it.
      offer: (over) =>
        Effect.flatMap(
          Effect.forkIn(
            Effect.suspend(() => recompose(compose, over)),
            scope
          ),
          Fiber.join
        )
    }
    const graph = new Graph({ books, telemetry, observer }, steering)
    // Outlives the drain, so that the last balance can still be read.
    const ownMetrics = yield* OwnMetrics.make(books, telemetry)
    yield* Effect.addFinalizer(() => stop(graph))
    const written = compose(remote)
    if (Result.isSuccess(written)) shown = written.success.shown
    yield* swap(first)
    return {
      swap: (checked) => lock.withPermits(1)(swap(checked)),
      reload: (by) => Effect.suspend(() => recompose(by, remote)),
      current: () => current,
      isReady: () => graph.isReady,
      books,
      balance: () => books.balance(),
      observer,
      addresses: listeners.addresses
    } satisfies Gateway["Service"]
  })

const takesNothing: Compose = () => Result.fail([error(undefined, "this gateway takes no configuration from afar")])

const stop = (graph: Graph): Effect.Effect<void> =>
  graph.stopReceivers.pipe(Effect.andThen(graph.drainStages), Effect.andThen(graph.drainExporters), Effect.andThen(graph.stopExtensions))
