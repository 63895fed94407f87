import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { build, type Own } from "./build.ts"
import { shut } from "./DeadEnd.ts"
import { swapExtensions } from "./extensions.ts"
import type { Listeners } from "./Listeners.ts"
import { emptyNodes, type Nodes } from "./Nodes.ts"
import type { GraphPlan } from "./Plan.ts"
import { closeAll, Retirement } from "./Retirement.ts"
import type { Steering } from "./Steering.ts"
import type { SwapError } from "./SwapError.ts"
import { wire } from "./Wiring.ts"

/** Time limits of an orderly stop, in milliseconds; together below the 15 s that a stop may take. */
export const stopDeadlines = { receivers: 4000, stages: 3000, exporters: 5000 }

/**
 * The running graph. A swap builds what changed beside what runs, switches the edges between two batches in a step that cannot fail,
 * and lets the old nodes drain in the background (`Retirement`); unchanged nodes keep their state, sockets and queues.
 */
export class Graph {
  private nodes: Nodes = emptyNodes()
  private readonly own: Own
  private readonly gateway: Steering
  private readonly lock = Semaphore.makeUnsafe(1)
  private readonly retirement = new Retirement()
  private ready = false

  constructor(own: Own, gateway: Steering) {
    this.own = own
    this.gateway = gateway
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
      yield* swapExtensions(plan, old, nodes, { ...this.own, gateway: this.gateway, isReady: () => this.ready }).pipe(
        Effect.tapError(() => discard)
      )
      this.commit(plan, nodes)
      yield* this.retirement.retire(old, nodes)
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
    this.retirement.drainStages([...this.nodes.stages.values()], stopDeadlines.stages)
  )

  /** Delivers what the queues hold; what is left at the deadline is dropped (`shutdown`). */
  readonly drainExporters: Effect.Effect<void> = Effect.suspend(() =>
    this.retirement.drainExporters([...this.nodes.exporters.values()], stopDeadlines.exporters)
  )

  readonly stopExtensions: Effect.Effect<void> = Effect.suspend(() => closeAll(this.nodes.extensions.values()))
}
