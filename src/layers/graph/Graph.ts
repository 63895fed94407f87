import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { ExporterNode } from "../delivery/ExporterNode.ts"
import { build, type Own } from "./build.ts"
import { shut } from "./DeadEnd.ts"
import { swapExtensions } from "./extensions.ts"
import type { Listeners } from "./Listeners.ts"
import { emptyNodes, type Node, type Nodes, type StageNode } from "./Nodes.ts"
import type { GraphPlan } from "./Plan.ts"
import type { SwapError } from "./SwapError.ts"
import { wire } from "./Wiring.ts"

/** Time limits of an orderly stop, in milliseconds; together below the 15 s that a stop may take. */
export const stopDeadlines = { receivers: 4000, stages: 3000, exporters: 5000 }

/**
 * The running graph. A swap builds what changed beside what runs, switches the edges between two batches in a step that cannot fail,
 * and lets the old nodes drain in the background; unchanged nodes keep their state, sockets and queues.
 *
 * Old generations drain in order, each from its sources to its exporters: whatever an old batch processor still sends finds the queue
 * that it led to alive.
 */
export class Graph {
  private nodes: Nodes = emptyNodes()
  private readonly own: Own
  private readonly lock = Semaphore.makeUnsafe(1)
  private retiring: Fiber.Fiber<void> | undefined = undefined
  private ready = false

  constructor(own: Own) {
    this.own = own
  }

  /** The first configuration has been committed, and no stop has begun. */
  get isReady(): boolean {
    return this.ready
  }

  /** Makes `plan` the running graph, or fails and leaves everything as it was. Swaps wait for one another. */
  swap(plan: GraphPlan): Effect.Effect<void, SwapError, Listeners> {
    return Effect.gen({ self: this }, function* () {
      const old = this.nodes
      const { nodes, discard } = yield* build(plan, old, this.own)
      yield* swapExtensions(plan, old, nodes, { ...this.own, isReady: () => this.ready }).pipe(Effect.tapError(() => discard))
      this.commit(plan, nodes)
      const previous = this.retiring
      // Open requests of an old receiver still go the old way, so that way ends after them.
      const ends = yield* Effect.forkDetach(retireEnds(old, nodes))
      this.retiring = yield* Effect.forkDetach(
        Effect.all([Fiber.await(ends), previous === undefined ? Effect.void : Fiber.await(previous)], { discard: true }).pipe(
          Effect.andThen(retirePath(old, nodes))
        )
      )
    }).pipe(Effect.uninterruptible, this.lock.withPermits(1))
  }

  /** Between two batches, synchronously; nothing in it can fail. */
  private commit(plan: GraphPlan, nodes: Nodes): void {
    const old = this.nodes
    for (const { from, to } of wire(plan, nodes, this.own.books)) from.next = to
    for (const [key, exporter] of nodes.exporters) if (old.exporters.get(key) !== exporter) exporter.value.activate()
    for (const [key, receiver] of nodes.receivers) if (old.receivers.get(key) !== receiver) receiver.value.receiving.activate()
    this.nodes = nodes
    this.ready = true
  }

  /** Stops accepting; open requests are answered while the path behind still runs. */
  readonly stopReceivers: Effect.Effect<void> = Effect.suspend(() => {
    this.ready = false
    return closeAll(this.nodes.receivers.values()).pipe(
      Effect.timeoutOption(stopDeadlines.receivers),
      Effect.andThen(
        Effect.sync(() => {
          for (const receiver of this.nodes.receivers.values()) for (const inlet of receiver.value.inlets.values()) inlet.next = shut
        })
      )
    )
  })

  /** Sends on what processors hold, upstream first. What is left at the deadline is dropped (`shutdown`). */
  readonly drainStages: Effect.Effect<void> = Effect.suspend(() =>
    Effect.gen({ self: this }, function* () {
      if (this.retiring !== undefined) yield* Fiber.await(this.retiring)
      yield* retireStages(this.nodes.stages.values())
    }).pipe(
      Effect.timeoutOption(stopDeadlines.stages),
      Effect.andThen(Effect.suspend(() => (this.retiring === undefined ? Effect.void : Fiber.interrupt(this.retiring))))
    )
  )

  /** Delivers what the queues hold; what is left at the deadline is dropped (`shutdown`). */
  readonly drainExporters: Effect.Effect<void> = Effect.suspend(() =>
    retireExporters(this.nodes.exporters.values(), stopDeadlines.exporters)
  )

  readonly stopExtensions: Effect.Effect<void> = Effect.suspend(() => closeAll(this.nodes.extensions.values()))
}

const close = (node: Node<unknown>): Effect.Effect<void> => Scope.close(node.scope, Exit.void)

const closeAll = (nodes: Iterable<Node<unknown>>): Effect.Effect<void> =>
  Effect.forEach(nodes, close, { concurrency: "unbounded", discard: true })

/** Nodes of `old` that `kept` does not have. */
const gone = <A>(old: ReadonlyMap<string, Node<A>>, kept: ReadonlyMap<string, Node<A>>): ReadonlyArray<Node<A>> =>
  [...old].filter(([key, node]) => kept.get(key) !== node).map(([, node]) => node)

/**
 * What can end at once: receivers, whose address is to come free, and changed exporters, whose queue has gone over to a successor that
 * waits for what they have under way.
 */
const retireEnds = (old: Nodes, kept: Nodes): Effect.Effect<void> =>
  closeAll([
    ...gone(old.receivers, kept.receivers),
    ...[...old.exporters].filter(([key, node]) => kept.exporters.has(key) && kept.exporters.get(key) !== node).map(([, node]) => node)
  ])

/** What holds data ends in the order of the data: processors send on what they have, then removed exporters deliver it. */
const retirePath = (old: Nodes, kept: Nodes): Effect.Effect<void> =>
  retireStages(gone(old.stages, kept.stages)).pipe(
    Effect.andThen(closeAll(gone(old.connectors, kept.connectors))),
    Effect.andThen(
      Effect.suspend(() =>
        retireExporters(
          [...old.exporters].filter(([key]) => !kept.exporters.has(key)).map(([, node]) => node),
          Infinity
        )
      )
    )
  )

const retireStages = (stages: Iterable<Node<StageNode>>): Effect.Effect<void> =>
  Effect.forEach(
    stages,
    (stage) => {
      const { processing } = stage.value
      const drain = processing._tag === "Holding" ? processing.drain : Effect.void
      return Effect.onExit(drain, () => close(stage))
    },
    { discard: true }
  )

/** `deadline` in milliseconds; `Infinity` drains until the retry policy has decided about every batch. */
const retireExporters = (exporters: Iterable<Node<ExporterNode>>, deadline: number): Effect.Effect<void> =>
  Effect.forEach(exporters, (exporter) => Effect.onExit(exporter.value.queue.drain(deadline), () => close(exporter)), {
    concurrency: "unbounded",
    discard: true
  })
