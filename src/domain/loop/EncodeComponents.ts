import { encodeAttribute } from "../otlp/AnyValue.ts"
import { concat } from "../otlp/Copy.ts"
import { type ComponentMetric, componentScope, flowMetrics, queueMetrics } from "./ComponentMetrics.ts"
import { type ComponentReport, type Flow, flowCounts, flowReasons, type QueueState } from "./ComponentReport.ts"
import { GAUGE, type Marks, NUMBER_ATTRIBUTES, type PointWriter, SUM } from "./PointWriter.ts"

/**
 * The metrics of components as a scope of their own. Sums of 0 are left out; a gauge is written also at 0, for each account and queue that
 * the report has.
 */
export const encodeComponents = (points: PointWriter, { flows, queues }: ComponentReport): void => {
  const scoped = points.beginScope(componentScope)
  const owners = flows.map(flowAttributes)
  for (const account of flowCounts) {
    const metric = flowMetrics[account]
    const series = new Series(points, metric)
    for (const [i, flow] of flows.entries()) series.add(owners[i]!, flow[account])
    series.end()
  }
  for (const account of flowReasons) {
    const series = new Series(points, flowMetrics[account])
    for (const [i, flow] of flows.entries()) {
      for (const [reason, items] of Object.entries(flow[account])) {
        series.add(concat([owners[i]!, text("reason", reason)]), items)
      }
    }
    series.end()
  }
  const exporters = queues.map(queueAttributes)
  for (const reading of Object.keys(queueMetrics) as ReadonlyArray<keyof typeof queueMetrics>) {
    const series = new Series(points, queueMetrics[reading])
    for (const [i, queue] of queues.entries()) series.add(exporters[i]!, queue[reading])
    series.end()
  }
  points.out.end(scoped)
}

/** A metric that begins with its first point. */
class Series {
  private readonly points: PointWriter
  private readonly metric: ComponentMetric
  private marks: Marks | undefined = undefined

  constructor(points: PointWriter, metric: ComponentMetric) {
    this.points = points
    this.metric = metric
  }

  add(attributes: Uint8Array, value: number): void {
    const { metric, points } = this
    if (value === 0 && metric.type === "sum") return
    this.marks ??= points.beginMetric(metric.type === "sum" ? SUM : GAUGE, metric)
    points.number(attributes, value)
  }

  end(): void {
    if (this.marks !== undefined) this.points.endMetric(this.marks)
  }
}

const text = (key: string, value: string): Uint8Array => encodeAttribute(NUMBER_ATTRIBUTES, key, value)

const flowAttributes = ({ component: { kind, id, transport }, tenant, signal }: Flow): Uint8Array =>
  concat([
    text("kind", kind),
    text("component", id),
    ...(transport === undefined ? [] : [text("transport", transport)]),
    text("signal", signal),
    text("tenant", tenant)
  ])

const queueAttributes = ({ exporter, signal }: QueueState): Uint8Array => concat([text("exporter", exporter), text("data_type", signal)])
