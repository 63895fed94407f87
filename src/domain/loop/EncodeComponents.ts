import { encodeAttribute } from "../otlp/AnyValue.ts"
import { concat } from "../otlp/Copy.ts"
import { type ComponentMetric, componentScope, flowMetrics, queueMetrics } from "./ComponentMetrics.ts"
import { type ComponentReport, type Flow, flowCounts, flowReasons } from "./ComponentReport.ts"
import { GAUGE, type Marks, NUMBER_ATTRIBUTES, type PointWriter, SUM } from "./PointWriter.ts"

/**
 * The metrics of components as a scope of their own. Sums of 0 are left out; a gauge is written also at 0, for each account and queue that
 * the report has.
 */
export const encodeComponents = (points: PointWriter, { flows, queues }: ComponentReport): void => {
  const scoped = points.beginScope(componentScope)
  const attributes = new Attributes()
  const owners = flows.map((flow) => flowAttributes(flow, attributes))
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
        series.add(concat([owners[i]!, attributes.text("reason", reason)]), items)
      }
    }
    series.end()
  }
  const exporters = queues.map(({ exporter, signal }) =>
    concat([attributes.text("exporter", exporter), attributes.text("data_type", signal)])
  )
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

/** Encoded attributes, each made once: the accounts of a report have few different ones. */
class Attributes {
  private readonly byKey = new Map<string, Map<string, Uint8Array>>()

  text(key: string, value: string): Uint8Array {
    let values = this.byKey.get(key)
    if (values === undefined) this.byKey.set(key, (values = new Map()))
    let bytes = values.get(value)
    if (bytes === undefined) values.set(value, (bytes = encodeAttribute(NUMBER_ATTRIBUTES, key, value)))
    return bytes
  }
}

const flowAttributes = ({ component: { kind, id, transport }, tenant, signal }: Flow, attributes: Attributes): Uint8Array =>
  concat([
    attributes.text("kind", kind),
    attributes.text("component", id),
    ...(transport === undefined ? [] : [attributes.text("transport", transport)]),
    attributes.text("signal", signal),
    attributes.text("tenant", tenant)
  ])
