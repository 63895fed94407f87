import type { Books } from "../../domain/Books.ts"
import { isShown, type Level, type Metric, type MetricName, metrics } from "./Metrics.ts"
import type { Histogram, Labels, Registry } from "./Registry.ts"
import { bookSamples, processSamples } from "./Samples.ts"

/** The media type of what `render` returns. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

export interface Source {
  readonly books: Books
  readonly registry: Registry
  readonly level: Level
}

/**
 * All metrics in the Prometheus text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). A metric without a
 * sample is left out; one with several names is written under each.
 */
export const render = ({ books, registry, level }: Source): string => {
  const samples = collect(books, registry)
  const lines: Array<string> = []
  for (const [key, metric] of Object.entries(metrics) as ReadonlyArray<readonly [MetricName, Metric]>) {
    if (!isShown(metric, level)) continue
    const values = samples.get(key)
    const distributions = metric.type === "histogram" ? registry.distributionsOf(key) : []
    if (values === undefined && distributions.length === 0) continue
    for (const name of metric.names) {
      lines.push(`# HELP ${name} ${metric.description.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${metric.type}`)
      for (const [labels, value] of values ?? []) lines.push(`${name}${labels} ${numberText(value)}`)
      for (const { labels, histogram } of distributions) writeHistogram(name, labels, histogram, lines)
    }
  }
  return `${lines.join("\n")}\n`
}

/** By metric, then by the text of the labels: values with the same labels add up. */
type Samples = Map<MetricName, Map<string, number>>

const collect = (books: Books, registry: Registry): Samples => {
  const samples: Samples = new Map()
  const emit = (name: MetricName, labels: Labels, value: number): void => {
    let values = samples.get(name)
    if (values === undefined) samples.set(name, (values = new Map()))
    const text = labelText(labels)
    values.set(text, (values.get(text) ?? 0) + value)
  }
  bookSamples(books, emit)
  for (const name of Object.keys(metrics) as ReadonlyArray<MetricName>) {
    for (const { labels, read } of registry.readingsOf(name)) emit(name, labels, read())
  }
  processSamples(emit)
  return samples
}

const labelText = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`)
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}

/** Label values come from the network too. */
const escape = (value: string): string => value.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")

const numberText = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"

const writeHistogram = (name: string, labels: Labels, histogram: Histogram, lines: Array<string>): void => {
  let below = 0
  histogram.counts.forEach((count, index) => {
    below += count
    const bound = index < histogram.bounds.length ? numberText(histogram.bounds[index]!) : "+Inf"
    lines.push(`${name}_bucket${labelText({ ...labels, le: bound })} ${below}`)
  })
  const text = labelText(labels)
  lines.push(`${name}_sum${text} ${numberText(histogram.sum)}`, `${name}_count${text} ${histogram.count}`)
}
