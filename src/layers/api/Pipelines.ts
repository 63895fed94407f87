import type { AgentComponents } from "../../control/evidence/ComponentReports.ts"
import type { ComponentStore } from "../../control/evidence/ComponentStore.ts"
import type { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import type { AgentTotals } from "../../control/evidence/Observations.ts"
import type { AgentSnapshot } from "../../control/fleet/AgentSnapshot.ts"
import { toUnknown } from "../../domain/config/Node.ts"
import { parse } from "../../domain/config/Parse.ts"
import { Source } from "../../domain/config/Source.ts"
import type { Window } from "../../domain/loop/Evaluation.ts"
import type { Flow } from "../../domain/loop/ComponentReport.ts"
import type { ComponentHealth } from "../../domain/opamp/ComponentHealth.ts"
import { type Signal, signals } from "../../domain/Signal.ts"
import { ratesOf } from "./Rates.ts"
import { dropRates, volumeRate } from "./view/Basics.ts"
import { type FlowView, flowView } from "./view/FlowView.ts"
import type { AgentPipelines, PipelinesView, PipelineView } from "./view/PipelinesView.ts"
import { type QueueView, queueView } from "./view/QueueView.ts"

const kinds = ["receiver", "processor", "exporter"] as const

export interface Sources {
  readonly agents: ReadonlyArray<AgentSnapshot>
  readonly store: ObservationStore["Service"]
  readonly components: ComponentStore["Service"]
}

/** What each agent runs, by what it reports, with what goes through it in the window, and its books, by its observations. */
export const pipelinesOf = ({ agents, store, components }: Sources, window: Window): PipelinesView => {
  const seconds = (window.to - window.from) / 1000
  const rates = new Map<string, Array<NonNullable<AgentPipelines["books"]>["rates"][number]>>()
  const reported = new Map(store.totals({}, window.from, window.to).map((totals) => [totals.agent, totals.reported]))
  for (const { tenant, signal } of ratesOf(store, window).rates) {
    for (const totals of store.totals({ tenant, signal }, window.from, window.to)) {
      if (isEmpty(totals)) continue
      const { received, delivered, dropped } = totals.figures
      const row = {
        tenant,
        signal,
        received: volumeRate(received, seconds),
        delivered: volumeRate(delivered, seconds),
        dropped: dropRates(dropped, seconds)
      }
      const rows = rates.get(totals.agent)
      if (rows === undefined) rates.set(totals.agent, [row])
      else rows.push(row)
    }
  }
  return {
    window: { from_unix_millis: window.from, to_unix_millis: window.to },
    agents: agents.map((agent): AgentPipelines => {
      const own = components.of(agent.instanceUid, window.from, window.to)
      const { pipelines, unknown } = shapeOf(agent, own)
      const seen = reported.get(agent.instanceUid) ?? 0
      return {
        instance_uid: agent.instanceUid,
        name: agent.attributes.get("service.name") ?? "",
        status: agent.status,
        pipelines,
        books: seen === 0 ? null : { reported_seconds: seen, rates: rates.get(agent.instanceUid) ?? [] },
        components: own === undefined ? null : { at_unix_millis: own.atUnixMillis, reported_seconds: own.seconds },
        unknown: [
          ...unknown,
          ...(seen === 0 ? ["books: no observations of it have arrived in the window"] : []),
          ...(own === undefined ? ["components: no metrics of them have arrived lately"] : [])
        ]
      }
    })
  }
}

const isEmpty = ({ figures: { received, delivered, dropped } }: AgentTotals): boolean =>
  received.items === 0 && delivered.items === 0 && Object.keys(dropped).length === 0

interface Shape {
  readonly pipelines: ReadonlyArray<PipelineView> | null
  readonly unknown: ReadonlyArray<string>
}

const shapeOf = ({ effectiveConfig, health }: AgentSnapshot, own: AgentComponents | undefined): Shape => {
  const noHealth = health === undefined ? ["health: it reports none"] : []
  if (effectiveConfig === undefined) return { pipelines: null, unknown: ["pipelines: it reports no configuration", ...noHealth] }
  for (const [name, { body }] of effectiveConfig.configMap) {
    const { root } = parse(new Source(name, new TextDecoder().decode(body)))
    const declared = root === undefined ? undefined : at(toUnknown(root), "service", "pipelines")
    if (isRecord(declared))
      return { pipelines: Object.entries(declared).map(([id, pipeline]) => pipelineView(id, pipeline, health, own)), unknown: noHealth }
  }
  return { pipelines: null, unknown: ["pipelines: its configuration has none that can be read", ...noHealth] }
}

const pipelineView = (
  id: string,
  declared: unknown,
  health: ComponentHealth | undefined,
  own: AgentComponents | undefined
): PipelineView => {
  const reported = health?.componentHealthMap.get(`pipeline:${id}`)
  const type = id.split("/", 1)[0]!
  const signal = (signals as ReadonlyArray<string>).includes(type) ? (type as Signal) : null
  return {
    id,
    signal,
    healthy: reported?.healthy ?? null,
    components: kinds.flatMap((kind) => {
      const ids = at(declared, `${kind}s`)
      return (Array.isArray(ids) ? ids : []).map((name) => {
        const part = reported?.componentHealthMap.get(`${kind}:${String(name)}`)
        return {
          kind,
          id: String(name),
          healthy: part?.healthy ?? null,
          status: part?.status ?? "",
          last_error: part?.lastError ?? "",
          flow: flowOf(own, kind, String(name), signal),
          queue: kind === "exporter" ? queueOf(own, String(name), signal) : null
        }
      })
    })
  }
}

/** A connector has one account, at the place where it takes and at the one where it gives. */
const flowOf = (own: AgentComponents | undefined, kind: (typeof kinds)[number], id: string, signal: Signal | null): FlowView | null => {
  if (own === undefined || own.seconds === 0 || signal === null) return null
  const isMeant = ({ component, signal: of }: Flow) =>
    component.id === id && of === signal && (component.kind === kind || (component.kind === "connector" && kind !== "processor"))
  return flowView(own.flows.filter(isMeant), own.seconds)
}

const queueOf = (own: AgentComponents | undefined, id: string, signal: Signal | null): QueueView | null => {
  const queue = own?.queues.find(({ exporter, signal: of }) => exporter === id && of === signal)
  return queue === undefined ? null : queueView(queue, own!.seconds)
}

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const at = (value: unknown, ...path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((inside, key) => (isRecord(inside) && Object.hasOwn(inside, key) ? inside[key] : undefined), value)
