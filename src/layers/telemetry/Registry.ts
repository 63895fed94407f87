import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { type Metric, type MetricName, metrics } from "./Metrics.ts"

/** The values of a metric's labels, by name; a label that is left out is not written. */
export type Labels = { readonly [label: string]: string }

/** A histogram with the bounds of its declaration. Counting costs a walk over the bounds and no allocation. */
export class Histogram {
  readonly bounds: ReadonlyArray<number>
  /** One more than bounds: the last counts what is above all of them. */
  readonly counts: Array<number>
  sum = 0
  count = 0

  constructor(bounds: ReadonlyArray<number>) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++
    this.counts[bucket]!++
    this.sum += value
    this.count++
  }
}

/** A count that its owner adds to. */
export interface Counter {
  total: number
}

interface Reading {
  readonly name: MetricName
  readonly labels: Labels
  readonly read: () => number
}

interface Distribution {
  readonly name: MetricName
  readonly labels: Labels
  readonly histogram: Histogram
}

const keyOf = (name: MetricName, labels: Labels): string =>
  JSON.stringify([name, ...Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])

/**
 * What components say about themselves beside the books: numbers that are read when somebody asks (`observe`), and distributions.
 * Nothing happens between two scrapes, so registering costs the data path nothing.
 */
export class Registry {
  private readonly readings = new Map<string, Reading>()
  private readonly counters = new Map<string, Counter>()
  private readonly distributions = new Map<string, Distribution>()

  /** From now on `read` gives the value. A later one with the same labels takes over. The result ends it. */
  observe(name: MetricName, labels: Labels, read: () => number): () => void {
    const key = keyOf(name, labels)
    const reading = { name, labels, read }
    this.readings.set(key, reading)
    return () => {
      if (this.readings.get(key) === reading) this.readings.delete(key)
    }
  }

  /** The distribution with these labels, which lives as long as the registry, so that its counts never go back. */
  histogram(name: MetricName, labels: Labels): Histogram {
    const key = keyOf(name, labels)
    let found = this.distributions.get(key)
    if (found === undefined) {
      const metric: Metric = metrics[name]
      this.distributions.set(key, (found = { name, labels, histogram: new Histogram(metric.bounds ?? []) }))
    }
    return found.histogram
  }

  /** The count with these labels, which lives as long as the registry and is only ever added to. */
  counter(name: MetricName, labels: Labels): Counter {
    const key = keyOf(name, labels)
    let found = this.counters.get(key)
    if (found === undefined) {
      const counter = { total: 0 }
      this.counters.set(key, (found = counter))
      this.observe(name, labels, () => counter.total)
    }
    return found
  }

  readingsOf(name: MetricName): ReadonlyArray<Reading> {
    return [...this.readings.values()].filter((reading) => reading.name === name)
  }

  distributionsOf(name: MetricName): ReadonlyArray<Distribution> {
    return [...this.distributions.values()].filter((distribution) => distribution.name === name)
  }
}

/** The registry of one gateway. */
export class TelemetryRegistry extends Context.Service<TelemetryRegistry, Registry>()("weir/layers/telemetry/Registry/TelemetryRegistry") {
  static readonly layer = Layer.sync(TelemetryRegistry, () => new Registry())
}
