import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Books } from "../../domain/Books.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import type { Push } from "../graph/Component.ts"
import { RowCache } from "../graph/RowCache.ts"
import type { Observer } from "../observation/Observer.ts"
import { ExportQueue } from "./ExportQueue.ts"
import { Senders } from "./Senders.ts"

export interface ExporterOptions {
  /** The name in the configuration (`otlp_http/eu`). */
  readonly id: string
  readonly signal: Signal
  readonly settings: ExporterSettings
  readonly push: Push
  readonly books: Books
  /** Sees what is settled. */
  readonly observer?: Observer
  /** The queue of the exporter that this one takes the place of, with what it holds. */
  readonly queue?: ExportQueue
}

export interface ExporterNode {
  /** Where the pipelines put batches: the holder of the passage, and the source of the queue's gauges. It outlives the node. */
  readonly queue: ExportQueue
  /** The commit: from now on this node sends what the queue holds, and its settings are the queue's limits. Cannot fail. */
  readonly activate: () => void
}

/**
 * What stands around every exporter: queue -> natural batching -> senders -> retry -> timeout -> `push`.
 *
 * The life of an exporter, as the graph leads it:
 *
 * 1. `make` in the node's scope, with the queue of its predecessor if it has one, then `activate` in the commit of the swap.
 * 2. Changed: the next node is made on the same queue and activated; then this one's scope is closed. What is under way gets
 *    up to 5 s to end; what does not, fails in passing, or waits to be tried again returns to the head of the queue.
 * 3. Removed, or the gateway stops: `queue.drain(withinMillis)` while the node still sends, then the scope is closed. What is left at
 *    the deadline is dropped (`shutdown`).
 */
export const make = (options: ExporterOptions): Effect.Effect<ExporterNode, never, Scope.Scope> => {
  const { id, signal, settings, push, books } = options
  const rows = new RowCache(books, { kind: "exporter", id }, signal)
  const queue = options.queue ?? new ExportQueue((batch) => rows.of(batch), settings.sending_queue, options.observer)
  return Effect.map(Senders.make({ id, signal, queue, push, settings }), (senders) => ({ queue, activate: () => senders.activate() }))
}
