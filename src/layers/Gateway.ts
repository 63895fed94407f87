import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Balance, Books } from "../domain/Books.ts"
import type { Checked } from "../domain/config/Checked.ts"
import type { Component } from "./graph/Component.ts"
import { Graph } from "./graph/Graph.ts"
import { type BoundAddress, Listeners } from "./graph/Listeners.ts"
import { planOf } from "./graph/Plan.ts"
import type { SwapError } from "./graph/SwapError.ts"
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
    /** The configuration that runs. */
    readonly current: () => Checked<Component>
    readonly isReady: () => boolean
    readonly books: Books
    readonly balance: () => Balance
    /** Where receivers listen now. */
    readonly addresses: () => ReadonlyArray<BoundAddress>
  }
>()("weir/layers/Gateway") {
  static readonly layer = (checked: Checked<Component>): Layer.Layer<Gateway, SwapError> =>
    Layer.effect(Gateway, make(checked)).pipe(Layer.provide([Listeners.layer, TelemetryRegistry.layer]))
}

const make = (first: Checked<Component>) =>
  Effect.gen(function* () {
    const listeners = yield* Listeners
    const books = new Books()
    const telemetry = yield* TelemetryRegistry
    const graph = new Graph({ books, telemetry })
    // Outlives the drain, so that the last balance can still be read.
    const ownMetrics = yield* OwnMetrics.make(books, telemetry)
    let current = first
    const swap = (checked: Checked<Component>) =>
      Effect.suspend(() => ownMetrics.serving(checked.telemetry.metrics, graph.swap(planOf(checked)))).pipe(
        Effect.andThen(
          Effect.sync(() => {
            current = checked
          })
        ),
        Effect.provideService(Listeners, listeners)
      )
    yield* Effect.addFinalizer(() => stop(graph))
    yield* swap(first)
    return {
      swap,
      current: () => current,
      isReady: () => graph.isReady,
      books,
      balance: () => books.balance(),
      addresses: listeners.addresses
    }
  })

const stop = (graph: Graph): Effect.Effect<void> =>
  graph.stopReceivers.pipe(Effect.andThen(graph.drainStages), Effect.andThen(graph.drainExporters), Effect.andThen(graph.stopExtensions))
