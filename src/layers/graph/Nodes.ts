import type * as Scope from "effect/Scope"
import type { Signal } from "../../domain/Signal.ts"
import type { Connecting, Extension, Processing, Receiving } from "./Component.ts"
import type { ExporterNode } from "../delivery/ExporterNode.ts"
import type { GraphInlet } from "./GraphInlet.ts"
import type { GraphOutlet } from "./GraphOutlet.ts"
import type { Planned, PlannedPipeline } from "./Plan.ts"

/** Something that was made from a component, with the scope that ends it. Equal fingerprints mean it may stay in a swap. */
export interface Node<A> {
  readonly id: string
  readonly fingerprint: string
  readonly scope: Scope.Closeable
  readonly value: A
}

export interface ReceiverNode {
  readonly receiving: Receiving
  readonly inlets: ReadonlyMap<Signal, GraphInlet>
}

/** A processor in its place in a pipeline. An effectful one has become a holding one. */
export interface StageNode {
  readonly processing: Exclude<Processing, { _tag: "Effectful" }>
  readonly outlet: GraphOutlet
}

/** Everything that one configuration runs, by key. Values of a running graph never change; a swap makes another `Nodes`. */
export interface Nodes {
  readonly receivers: Map<string, Node<ReceiverNode>>
  /** By pipeline and processor, in the order of the pipelines: upstream first. */
  readonly stages: Map<string, Node<StageNode>>
  readonly connectors: Map<string, Node<Connecting>>
  readonly exporters: Map<string, Node<ExporterNode>>
  /** The value is what the extension was made from, so that it can be made again. */
  readonly extensions: Map<string, Node<Planned<Extension>>>
}

export const emptyNodes = (): Nodes => ({
  receivers: new Map(),
  stages: new Map(),
  connectors: new Map(),
  exporters: new Map(),
  extensions: new Map()
})

export const stageKey = (pipeline: string, id: string): string => `${pipeline} ${id}`
export const exporterKey = (id: string, signal: Signal): string => `${id} ${signal}`
export const connectorKey = (id: string, signal: Signal, targets: ReadonlyArray<PlannedPipeline>): string =>
  [id, signal, ...targets.map((target) => target.name)].join(" ")
