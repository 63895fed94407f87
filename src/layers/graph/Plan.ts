import type { Checked, CheckedComponent, CheckedPipeline } from "../../domain/config/Checked.ts"
import type { Component, Connector, Exporter, Extension, Processor, Receiver } from "./Component.ts"

/** A component of a checked configuration, ready to be made. */
export type Planned<C> = CheckedComponent<C>
export type PlannedPipeline = CheckedPipeline

/** What the graph is to be, as data: a checked configuration, its components by kind and id. */
export interface GraphPlan {
  readonly receivers: ReadonlyMap<string, Planned<Receiver>>
  readonly processors: ReadonlyMap<string, Planned<Processor>>
  readonly connectors: ReadonlyMap<string, Planned<Connector>>
  readonly exporters: ReadonlyMap<string, Planned<Exporter>>
  readonly extensions: ReadonlyMap<string, Planned<Extension>>
  readonly pipelines: ReadonlyArray<PlannedPipeline>
}

export const planOf = (checked: Checked<Component>): GraphPlan => {
  const ofKind = <C extends Component>(kind: C["kind"]): ReadonlyMap<string, Planned<C>> =>
    new Map(
      checked.components.filter((planned): planned is Planned<C> => planned.component.kind === kind).map((planned) => [planned.id, planned])
    )
  return {
    receivers: ofKind<Receiver>("receiver"),
    processors: ofKind<Processor>("processor"),
    connectors: ofKind<Connector>("connector"),
    exporters: ofKind<Exporter>("exporter"),
    extensions: ofKind<Extension>("extension"),
    pipelines: checked.pipelines
  }
}
