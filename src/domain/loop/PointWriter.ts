import { MessageWriter } from "../otlp/MessageWriter.ts"

// Field numbers of opentelemetry/proto/metrics/v1/metrics.proto.
export const GAUGE = 5
export const SUM = 7
export const EXPONENTIAL_HISTOGRAM = 10
const DELTA = 1
/** Of a number data point. */
export const NUMBER_ATTRIBUTES = 7

/** Where an open metric and its data begin. */
export interface Marks {
  readonly type: number
  readonly metric: number
  readonly data: number
}

/** Writes metrics whose data points are all of one interval; sums and histograms are deltas. */
export class PointWriter {
  readonly out = new MessageWriter()
  /** Start and end of the interval, as every data point carries them. */
  readonly times: Uint8Array

  constructor(startUnixMillis: number, endUnixMillis: number) {
    const times = new MessageWriter(32)
    times.fixed64(2, startUnixMillis * 1e6)
    times.fixed64(3, endUnixMillis * 1e6)
    this.times = times.finish()
  }

  /** Opens a ScopeMetrics; `out.end` takes what this gives. */
  beginScope(name: string): number {
    const { out } = this
    const scoped = out.begin(2)
    const scope = out.begin(1)
    out.text(1, name)
    out.end(scope)
    return scoped
  }

  beginMetric(
    type: number,
    { name, unit, description }: { readonly name: string; readonly unit: string; readonly description: string }
  ): Marks {
    const { out } = this
    const metric = out.begin(2)
    out.text(1, name)
    out.text(2, description)
    out.text(3, unit)
    return { type, metric, data: out.begin(type) }
  }

  endMetric({ type, metric, data }: Marks): void {
    const { out } = this
    if (type !== GAUGE) out.varint(2, DELTA)
    if (type === SUM) out.varint(3, 1)
    out.end(data)
    out.end(metric)
  }

  /** A number data point; `value` is a whole number from 0 on. */
  number(attributes: Uint8Array, value: number): void {
    const { out } = this
    const point = out.begin(1)
    out.raw(this.times)
    out.fixed64(6, value)
    out.raw(attributes)
    out.end(point)
  }
}
