import { encodeAttribute } from "../otlp/AnyValue.ts"
import { concat } from "../otlp/Copy.ts"
import { MessageWriter } from "../otlp/MessageWriter.ts"
import type { ExponentialHistogram } from "../stats/ExponentialHistogram.ts"
import type { Subject } from "./Observation.ts"
import type { Report } from "./Report.ts"
import { durationMetric, lostMetric, reportMetrics, resourceKeys, scopeName, serviceName } from "./ReportMetrics.ts"

// Field numbers of opentelemetry/proto/metrics/v1/metrics.proto.
const SUM = 7
const EXPONENTIAL_HISTOGRAM = 10
const DELTA = 1
const NUMBER_ATTRIBUTES = 7
const HISTOGRAM_ATTRIBUTES = 1

/**
 * A report as an ExportMetricsServiceRequest: delta sums and exponential histograms, a data point for each subject of which there is
 * something to say, so that whatever reads OTLP can read it. Counts of 0 are left out, but for `weir.observations.lost`.
 */
export const encodeReport = (report: Report): Uint8Array => new ReportWriter(report).write()

class ReportWriter {
  private readonly out = new MessageWriter()
  private readonly report: Report
  /** Start and end of the interval, as every data point carries them. */
  private readonly times: Uint8Array

  constructor(report: Report) {
    this.report = report
    const times = new MessageWriter(32)
    times.fixed64(2, report.startUnixMillis * 1e6)
    times.fixed64(3, report.endUnixMillis * 1e6)
    this.times = times.finish()
  }

  write(): Uint8Array {
    const { out, report } = this
    const { observations } = report
    const group = out.begin(1)
    const resource = out.begin(1)
    out.raw(encodeAttribute(1, "service.name", serviceName))
    out.raw(encodeAttribute(1, resourceKeys.agent, report.agent))
    if (report.revision !== "") out.raw(encodeAttribute(1, resourceKeys.revision, report.revision))
    out.end(resource)
    const scoped = out.begin(2)
    const scope = out.begin(1)
    out.text(1, scopeName)
    out.end(scope)
    const lost = this.beginMetric(lostMetric, SUM)
    this.number(new Uint8Array(0), report.lost)
    this.endSum(lost)
    const numberSubjects = observations.map(({ subject }) => subjectBytes(subject, NUMBER_ATTRIBUTES))
    for (const metric of reportMetrics) {
      let marks: Marks | undefined
      for (const [i, observation] of observations.entries()) {
        for (const [by, count] of metric.counts(observation)) {
          if (count === 0) continue
          marks ??= this.beginMetric(metric, SUM)
          const subject = numberSubjects[i]!
          this.number(metric.by === undefined ? subject : concat([subject, encodeAttribute(NUMBER_ATTRIBUTES, metric.by, by)]), count)
        }
      }
      if (marks !== undefined) this.endSum(marks)
    }
    this.durations()
    out.end(scoped)
    out.end(group)
    return out.finish()
  }

  private beginMetric({ name, unit, description }: typeof lostMetric, data: number): Marks {
    const { out } = this
    const metric = out.begin(2)
    out.text(1, name)
    out.text(2, description)
    out.text(3, unit)
    return { metric, data: out.begin(data) }
  }

  private endSum(marks: Marks): void {
    this.out.varint(2, DELTA)
    this.out.varint(3, 1)
    this.endMetric(marks)
  }

  private endMetric(marks: Marks): void {
    this.out.end(marks.data)
    this.out.end(marks.metric)
  }

  private number(attributes: Uint8Array, count: number): void {
    const { out } = this
    const point = out.begin(1)
    out.raw(this.times)
    out.fixed64(6, count)
    out.raw(attributes)
    out.end(point)
  }

  private durations(): void {
    let marks: Marks | undefined
    for (const { subject, durations } of this.report.observations) {
      if (durations === undefined) continue
      marks ??= this.beginMetric(durationMetric, EXPONENTIAL_HISTOGRAM)
      this.histogram(subjectBytes(subject, HISTOGRAM_ATTRIBUTES), durations)
    }
    if (marks === undefined) return
    this.out.varint(2, DELTA)
    this.endMetric(marks)
  }

  private histogram(attributes: Uint8Array, { count, sum, scale, zeroCount, offset, counts, min, max }: ExponentialHistogram): void {
    const { out } = this
    const point = out.begin(1)
    out.raw(attributes)
    out.raw(this.times)
    out.fixed64(4, count)
    out.double(5, sum)
    out.zigzag(6, scale)
    out.fixed64(7, zeroCount)
    const positive = out.begin(8)
    out.zigzag(1, offset)
    out.packed(2, counts)
    out.end(positive)
    out.double(12, min)
    out.double(13, max)
    out.end(point)
  }
}

/** Where an open metric and its data begin. */
interface Marks {
  readonly metric: number
  readonly data: number
}

const subjectBytes = ({ service, tenant, signal }: Subject, field: number): Uint8Array =>
  concat([encodeAttribute(field, "service", service), encodeAttribute(field, "tenant", tenant), encodeAttribute(field, "signal", signal)])
