import type { Signal } from "../../domain/Signal.ts"
import type { Books } from "../../domain/Books.ts"
import { ConnectorNode } from "./ConnectorNode.ts"
import type { Consumer } from "./Consumer.ts"
import { FanOut } from "./FanOut.ts"
import type { GraphInlet } from "./GraphInlet.ts"
import type { GraphOutlet } from "./GraphOutlet.ts"
import { HoldingNode } from "./HoldingNode.ts"
import type { Nodes } from "./Nodes.ts"
import { connectorKey, exporterKey, stageKey } from "./Nodes.ts"
import type { GraphPlan, PlannedPipeline } from "./Plan.ts"
import { PureNode } from "./PureNode.ts"
import { RowCache } from "./RowCache.ts"

/** An edge and where it is to lead: what a commit assigns. */
export interface Edge {
  readonly from: GraphInlet | GraphOutlet
  readonly to: Consumer
}

/**
 * Draws the edges of a plan over its nodes, without touching anything that runs: chains of consumers are made anew (they hold nothing),
 * and the mutable ends (inlets of receivers, outlets of holding stages) are listed with where they will lead.
 */
export const wire = (plan: GraphPlan, nodes: Nodes, books: Books): ReadonlyArray<Edge> => {
  const edges: Array<Edge> = []
  const heads = new Map<string, Consumer>()
  const pipelines = new Map(plan.pipelines.map((pipeline) => [pipeline.name, pipeline]))

  const fanOut = (branches: ReadonlyArray<Consumer>, id: string, signal: Signal): Consumer =>
    branches.length === 1 ? branches[0]! : new FanOut(branches, new RowCache(books, { kind: "fanout", id }, signal))

  const isDebug = (id: string): boolean => plan.exporters.get(id)?.type === "debug"

  const readers = (id: string, signal: Signal): ReadonlyArray<PlannedPipeline> =>
    plan.pipelines.filter((pipeline) => pipeline.signal === signal && pipeline.receivers.includes(id))

  const tail = (id: string, pipeline: PlannedPipeline): Consumer => {
    const exporter = nodes.exporters.get(exporterKey(id, pipeline.signal))
    if (exporter !== undefined) return new HoldingNode(exporter.value.queue)
    const targets = readers(id, pipeline.signal)
    const connector = nodes.connectors.get(connectorKey(id, pipeline.signal, targets))!
    const rows = new RowCache(books, { kind: "connector", id }, pipeline.signal)
    return new ConnectorNode(connector.value, rows, new Map(targets.map((target) => [target.name, head(target.name)])))
  }

  const head = (name: string): Consumer => {
    const known = heads.get(name)
    if (known !== undefined) return known
    const pipeline = pipelines.get(name)!
    let next = fanOut(
      debugLast(pipeline.exporters, isDebug).map((id) => tail(id, pipeline)),
      name,
      pipeline.signal
    )
    for (const id of pipeline.processors.toReversed()) {
      const { processing, outlet } = nodes.stages.get(stageKey(name, id))!.value
      if (processing._tag === "Pure") {
        next = new PureNode(processing, new RowCache(books, { kind: "processor", id }, pipeline.signal), next)
      } else {
        edges.push({ from: outlet, to: next })
        next = new HoldingNode(processing.holder)
      }
    }
    heads.set(name, next)
    return next
  }

  for (const [id, receiver] of nodes.receivers) {
    for (const [signal, inlet] of receiver.value.inlets) {
      const onlyDebugs = ({ exporters }: PlannedPipeline): boolean => exporters.every(isDebug)
      const branches = debugLast(readers(id, signal), onlyDebugs).map((pipeline) => head(pipeline.name))
      edges.push({ from: inlet, to: fanOut(branches, id, signal) })
    }
  }
  return edges
}

/** The first branch of a fan-out is the one whose deliveries count for observers: one that only shows data comes after the others. */
const debugLast = <A>(branches: ReadonlyArray<A>, isDebug: (branch: A) => boolean): ReadonlyArray<A> =>
  branches.toSorted((a, b) => Number(isDebug(a)) - Number(isDebug(b)))
