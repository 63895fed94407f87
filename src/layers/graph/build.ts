import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type { Signal } from "../../domain/Signal.ts"
import { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import type { ExportQueue } from "../delivery/ExportQueue.ts"
import type { ComponentContext, Exporter, Processor } from "./Component.ts"
import { type ComponentError, thrownBy } from "./ComponentError.ts"
import { makeEffectful } from "./EffectfulStage.ts"
import * as ExporterNode from "../delivery/ExporterNode.ts"
import { GraphInlet } from "./GraphInlet.ts"
import { GraphOutlet } from "./GraphOutlet.ts"
import type { Listeners } from "./Listeners.ts"
import { showQueue } from "../telemetry/QueueGauges.ts"
import { connectorKey, emptyNodes, exporterKey, type Node, type Nodes, type ReceiverNode, stageKey, type StageNode } from "./Nodes.ts"
import type { GraphPlan, Planned, PlannedPipeline } from "./Plan.ts"
import { RowCache } from "./RowCache.ts"
import type { Observer } from "../observation/Observer.ts"
import { turns } from "../../streams/Turns.ts"
import { SwapError } from "./SwapError.ts"
import { unconnected } from "./DeadEnd.ts"

/** Where a gateway keeps account of itself. */
export interface Own extends Pick<ComponentContext, "books" | "telemetry"> {
  readonly observer: Observer
}

/** New nodes beside the old ones. Until a commit nothing of it runs, and `discard` undoes it. */
export interface Built {
  readonly nodes: Nodes
  readonly discard: Effect.Effect<void>
}

/**
 * Makes what a plan needs and the running nodes do not have. Every failure is collected; one is enough to close all that was made.
 * Order: exporters, connectors, processors, receivers, so that nothing serves before what it leads to stands.
 */
export const build = (plan: GraphPlan, running: Nodes, own: Own): Effect.Effect<Built, SwapError, Listeners> =>
  Effect.gen(function* () {
    const nodes = emptyNodes()
    const fresh: Array<Scope.Closeable> = []
    const failures: Array<ComponentError> = []
    const discard = Effect.suspend(() => Effect.forEach(fresh.toReversed(), (scope) => Scope.close(scope, Exit.void), { discard: true }))

    /** Keeps the running node if its fingerprint is the same, else makes one in a scope of its own. */
    const place = <A, R>(
      into: Map<string, Node<A>>,
      old: ReadonlyMap<string, Node<A>>,
      key: string,
      id: string,
      fingerprint: string,
      make: Effect.Effect<A, ComponentError, Scope.Scope | R>
    ) =>
      Effect.gen(function* () {
        const standing = old.get(key)
        if (standing?.fingerprint === fingerprint) {
          into.set(key, standing)
          return
        }
        const scope = yield* Scope.make()
        fresh.push(scope)
        const made = yield* make.pipe(
          Scope.provide(scope),
          Effect.catchDefect((defect) => Effect.fail(thrownBy(id, defect))),
          Effect.result
        )
        if (Result.isSuccess(made)) into.set(key, { id, fingerprint, scope, value: made.success })
        else failures.push(made.failure)
      })

    for (const pipeline of plan.pipelines) {
      for (const id of pipeline.exporters) {
        const key = exporterKey(id, pipeline.signal)
        const planned = plan.exporters.get(id)
        if (planned === undefined || nodes.exporters.has(key)) continue
        const inherit = running.exporters.get(key)?.value
        yield* place(
          nodes.exporters,
          running.exporters,
          key,
          id,
          planned.fingerprint,
          makeExporter(planned, pipeline.signal, own, inherit?.queue)
        )
      }
    }

    for (const pipeline of plan.pipelines) {
      for (const id of pipeline.exporters) {
        const planned = plan.connectors.get(id)
        if (planned === undefined) continue
        const targets = plan.pipelines.filter(({ receivers, signal }) => signal === pipeline.signal && receivers.includes(id))
        const key = connectorKey(id, pipeline.signal, targets)
        if (nodes.connectors.has(key)) continue
        const context = { id, ...own, signal: pipeline.signal, pipelines: targets.map(({ name }) => name) }
        yield* place(
          nodes.connectors,
          running.connectors,
          key,
          id,
          planned.fingerprint,
          Effect.suspend(() => planned.component.make(planned.config as never, context))
        )
      }
    }

    for (const pipeline of plan.pipelines) {
      for (const id of pipeline.processors) {
        const planned = plan.processors.get(id)!
        const key = stageKey(pipeline.name, id)
        yield* place(nodes.stages, running.stages, key, id, planned.fingerprint, makeStage(planned, pipeline, own))
      }
    }

    for (const [id, planned] of plan.receivers) {
      const signals = new Set(plan.pipelines.filter(({ receivers }) => receivers.includes(id)).map(({ signal }) => signal))
      const fingerprint = `${[...signals].toSorted().join(",")} ${planned.fingerprint}`
      const make: Effect.Effect<ReceiverNode, ComponentError, Scope.Scope | Listeners> = Effect.gen(function* () {
        const inlets = new Map<Signal, GraphInlet>()
        for (const signal of signals) inlets.set(signal, new GraphInlet(own.books, unconnected, turns, own.observer))
        const receiving = yield* planned.component.make(planned.config as never, { id, ...own, inlets: Object.fromEntries(inlets) })
        return { receiving, inlets }
      })
      yield* place(nodes.receivers, running.receivers, id, id, fingerprint, make)
    }

    if (failures.length > 0) {
      yield* discard
      return yield* new SwapError({ failures })
    }
    return { nodes, discard }
  })

const makeStage = (
  planned: Planned<Processor>,
  pipeline: PlannedPipeline,
  own: Own
): Effect.Effect<StageNode, ComponentError, Scope.Scope> =>
  Effect.gen(function* () {
    const { id, component } = planned
    const { name, signal } = pipeline
    const outlet = new GraphOutlet(new RowCache(own.books, { kind: "processor", id }, signal), unconnected)
    const processing = yield* component.make(planned.config as never, { id, ...own, signal, pipeline: name, outlet })
    if (processing._tag !== "Effectful") return { processing, outlet }
    return { processing: yield* makeEffectful(processing, { id, books: own.books, signal, outlet }), outlet }
  })

const defaultSettings = Schema.decodeSync(ExporterSettings)({})

const makeExporter = (
  planned: Planned<Exporter>,
  signal: Signal,
  { books, telemetry, observer }: Own,
  queue: ExportQueue | undefined
): Effect.Effect<ExporterNode.ExporterNode, ComponentError, Scope.Scope> =>
  Effect.gen(function* () {
    const { id, component } = planned
    const push = yield* component.make(planned.config as never, { id, books, telemetry, signal })
    const settings = component.settings?.(planned.config as never) ?? defaultSettings
    const node = yield* ExporterNode.make({ id, signal, settings, push, books, observer, ...(queue === undefined ? {} : { queue }) })
    const hide = showQueue(telemetry, id, signal, node.queue)
    yield* Effect.addFinalizer(() => Effect.sync(hide))
    return node
  })
