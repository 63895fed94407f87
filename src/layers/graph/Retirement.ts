import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { ExporterNode } from "../delivery/ExporterNode.ts"
import type { Node, Nodes, StageNode } from "./Nodes.ts"

/**
 * The end of nodes that a swap has replaced or removed, in the background and in the order of the data: receivers first (open requests
 * still go the old way), then processors send on what they hold, then removed exporters deliver it, however long their retry policy
 * takes. Generations follow each other, so what an old batch processor still sends finds the queue that it led to alive.
 *
 * A stop of the gateway takes over what is not done yet, under its deadlines.
 */
export class Retirement {
  private readonly stages = new Set<Node<StageNode>>()
  private readonly exporters = new Set<Node<ExporterNode>>()
  /** Ends when the processors of all generations so far have. */
  private stagesDone: Fiber.Fiber<void> | undefined = undefined

  retire(old: Nodes, kept: Nodes): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const stages = gone(old.stages, kept.stages)
      const exporters = [...old.exporters].filter(([key]) => !kept.exporters.has(key)).map(([, node]) => node)
      for (const stage of stages) this.stages.add(stage)
      for (const exporter of exporters) this.exporters.add(exporter)
      const previous = this.stagesRetired
      const ends = yield* Effect.forkDetach(closeAll(ending(old, kept)))
      this.stagesDone = yield* Effect.forkDetach(
        Effect.all([Fiber.await(ends), previous], { discard: true }).pipe(
          Effect.andThen(this.endStages(stages)),
          Effect.andThen(closeAll(gone(old.connectors, kept.connectors)))
        )
      )
      yield* Effect.forkDetach(Effect.andThen(this.stagesRetired, this.endExporters(exporters, Infinity)))
    })
  }

  private get stagesRetired(): Effect.Effect<unknown> {
    return this.stagesDone === undefined ? Effect.void : Fiber.await(this.stagesDone)
  }

  /** Ends all processors, those of earlier generations first; what they hold at the deadline (milliseconds) they drop. */
  drainStages(current: ReadonlyArray<Node<StageNode>>, deadline: number): Effect.Effect<void> {
    const { stagesDone } = this
    return Effect.andThen(this.stagesRetired, this.endStages(current)).pipe(
      Effect.timeoutOption(deadline),
      Effect.andThen(stagesDone === undefined ? Effect.void : Fiber.interrupt(stagesDone)),
      Effect.andThen(Effect.suspend(() => closeAll([...this.stages, ...current])))
    )
  }

  /** Ends all exporters; what their queues hold at the deadline (milliseconds) is dropped. */
  drainExporters(current: ReadonlyArray<Node<ExporterNode>>, deadline: number): Effect.Effect<void> {
    return this.endExporters([...this.exporters, ...current], deadline)
  }

  private endStages(stages: ReadonlyArray<Node<StageNode>>): Effect.Effect<void> {
    return Effect.forEach(
      stages,
      (stage) => {
        const { processing } = stage.value
        const drain = processing._tag === "Holding" ? processing.drain : Effect.void
        return drain.pipe(
          Effect.onExit(() => close(stage)),
          Effect.andThen(Effect.sync(() => this.stages.delete(stage)))
        )
      },
      { discard: true }
    )
  }

  private endExporters(exporters: ReadonlyArray<Node<ExporterNode>>, deadline: number): Effect.Effect<void> {
    return Effect.forEach(
      exporters,
      (exporter) =>
        exporter.value.queue.drain(deadline).pipe(
          Effect.onExit(() => close(exporter)),
          Effect.andThen(Effect.sync(() => this.exporters.delete(exporter)))
        ),
      { concurrency: "unbounded", discard: true }
    )
  }
}

const close = (node: Node<unknown>): Effect.Effect<void> => Scope.close(node.scope, Exit.void)

export const closeAll = (nodes: Iterable<Node<unknown>>): Effect.Effect<void> =>
  Effect.forEach(nodes, close, { concurrency: "unbounded", discard: true })

/** Nodes of `old` that `kept` does not have. */
const gone = <A>(old: ReadonlyMap<string, Node<A>>, kept: ReadonlyMap<string, Node<A>>): ReadonlyArray<Node<A>> =>
  [...old].filter(([key, node]) => kept.get(key) !== node).map(([, node]) => node)

/**
 * What can end at once: receivers, whose address is to come free, and changed exporters, whose queue has gone over to a successor that
 * waits for what they have under way.
 */
const ending = (old: Nodes, kept: Nodes): ReadonlyArray<Node<unknown>> => [
  ...gone(old.receivers, kept.receivers),
  ...[...old.exporters].filter(([key, node]) => kept.exporters.has(key) && kept.exporters.get(key) !== node).map(([, node]) => node)
]
