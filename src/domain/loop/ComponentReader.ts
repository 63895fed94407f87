import type { Component, ComponentKind } from "../Books.ts"
import { Keys } from "../otlp/Attributes.ts"
import type { Malformed } from "../otlp/Malformed.ts"
import { FIRST_ATTRIBUTE, type Metrics, POINT_END } from "../otlp/Metrics.ts"
import { readNumber } from "../otlp/PointValues.ts"
import { type Signal, signals } from "../Signal.ts"
import { flowMetrics, queueMetrics } from "./ComponentMetrics.ts"
import { componentKinds, type ComponentReport, type Flow, flowKey, noFlow, noQueue, queueKey, type QueueState } from "./ComponentReport.ts"
import { NUMBER_ATTRIBUTES } from "./PointWriter.ts"

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

/** A report on components that is being put together. */
export interface ComponentDraft extends Omit<ComponentReport, "flows" | "queues"> {
  readonly flows: Map<string, Mutable<Flow>>
  readonly queues: Map<string, Mutable<QueueState>>
}

type FlowField = keyof typeof flowMetrics
type QueueField = keyof typeof queueMetrics

const flowFields = new Map(Object.entries(flowMetrics).map(([field, { name }]) => [name as string, field as FlowField]))
const queueFields = new Map(Object.entries(queueMetrics).map(([field, { name }]) => [name as string, field as QueueField]))

const flowAttributes = ["kind", "component", "transport", "signal", "tenant", "reason"]
const [KIND, COMPONENT, TRANSPORT, SIGNAL, TENANT, REASON] = [0, 1, 2, 3, 4, 5]
const queueAttributes = ["exporter", "data_type"]
const [EXPORTER, DATA_TYPE] = [0, 1]

const reasonPattern = /^[a-z][a-z_]{0,39}$/

/**
 * Reads the points of `encodeComponents`. Given bytes from the network: points of other metrics, of unknown kinds and signals, and values
 * that are no whole numbers from 0 on are left out.
 */
export class ComponentReader {
  private readonly flow = new Keys(flowAttributes)
  private readonly queue = new Keys(queueAttributes)

  /** Adds the number data point whose row begins at `at`, of the metric with this name. */
  read(view: Metrics, name: string, at: number, draft: ComponentDraft): Malformed | undefined {
    const flowField = flowFields.get(name)
    const queueField = flowField === undefined ? queueFields.get(name) : undefined
    const value = readNumber(view, at)
    if ((flowField === undefined && queueField === undefined) || !Number.isSafeInteger(value) || value < 0) return undefined
    const { bytes, points } = view
    const end = points.data[at + POINT_END]!
    const first = points.data[at + FIRST_ATTRIBUTE]!
    const fault = (queueField === undefined ? this.flow : this.queue).find(bytes, first < 0 ? end : first, end, NUMBER_ATTRIBUTES)
    if (fault !== undefined) return fault
    if (flowField !== undefined) this.addFlow(bytes, flowField, value, draft)
    if (queueField !== undefined) this.addQueue(bytes, queueField, value, draft)
    return undefined
  }

  private addFlow(bytes: Uint8Array, field: FlowField, value: number, { flows }: ComponentDraft): void {
    const component = this.component(bytes)
    const tenant = this.flow.text(bytes, TENANT!)
    const signal = signalOf(this.flow.text(bytes, SIGNAL!))
    if (component === undefined || tenant === undefined || signal === undefined) return
    const key = flowKey({ component, tenant, signal })
    let flow = flows.get(key)
    if (flow === undefined) flows.set(key, (flow = { component, tenant, signal, ...noFlow }))
    if (field !== "dropped" && field !== "refused") flow[field] += value
    else {
      const reason = this.flow.text(bytes, REASON!)
      if (reason === undefined || !reasonPattern.test(reason)) return
      flow[field] = { ...flow[field], [reason]: (flow[field][reason] ?? 0) + value }
    }
  }

  private component(bytes: Uint8Array): Component | undefined {
    const kind = this.flow.text(bytes, KIND!) as ComponentKind
    const id = this.flow.text(bytes, COMPONENT!)
    const transport = this.flow.text(bytes, TRANSPORT!)
    if (!componentKinds.includes(kind) || id === undefined) return undefined
    return transport === "grpc" || transport === "http" ? { kind, id, transport } : { kind, id }
  }

  private addQueue(bytes: Uint8Array, field: QueueField, value: number, { queues }: ComponentDraft): void {
    const exporter = this.queue.text(bytes, EXPORTER!)
    const signal = signalOf(this.queue.text(bytes, DATA_TYPE!))
    if (exporter === undefined || signal === undefined) return
    const key = queueKey({ exporter, signal })
    let queue = queues.get(key)
    if (queue === undefined) queues.set(key, (queue = { exporter, signal, ...noQueue }))
    queue[field] += value
  }
}

const signalOf = (name: string | undefined): Signal | undefined => signals.find((known) => known === name)
