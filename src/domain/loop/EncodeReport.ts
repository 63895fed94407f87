import { encodeAttribute } from "../otlp/AnyValue.ts"
import { concat } from "../otlp/Copy.ts"
import type { ExponentialHistogram } from "../stats/ExponentialHistogram.ts"
import type { ComponentReport } from "./ComponentReport.ts"
import { encodeComponents } from "./EncodeComponents.ts"
import type { Subject } from "./Observation.ts"
import { EXPONENTIAL_HISTOGRAM, type Marks, NUMBER_ATTRIBUTES, PointWriter, SUM } from "./PointWriter.ts"
import type { Report } from "./Report.ts"
import { durationMetric, lostMetric, reportMetrics, resourceKeys, scopeName, serviceName } from "./ReportMetrics.ts"

const HISTOGRAM_ATTRIBUTES = 1

/**
 * A report, and what the agent's components did in the same interval, as an ExportMetricsServiceRequest: delta sums and exponential
 * histograms, a data point for each subject of which there is something to say, so that whatever reads OTLP can read it. Counts of 0 are
 * left out, but for `weir.observations.lost`.
 */
export const encodeReport = (report: Report, components?: ComponentReport): Uint8Array => new ReportWriter(report).write(components)

class ReportWriter {
  private readonly points: PointWriter
  private readonly report: Report

  constructor(report: Report) {
    this.report = report
    this.points = new PointWriter(report.startUnixMillis, report.endUnixMillis)
  }

  write(components: ComponentReport | undefined): Uint8Array {
    const { report, points } = this
    const { out } = points
    const group = out.begin(1)
    const resource = out.begin(1)
    out.raw(encodeAttribute(1, "service.name", serviceName))
    out.raw(encodeAttribute(1, resourceKeys.agent, report.agent))
    if (report.revision !== "") out.raw(encodeAttribute(1, resourceKeys.revision, report.revision))
    out.end(resource)
    const scoped = points.beginScope(scopeName)
    this.counts()
    this.durations()
    out.end(scoped)
    if (components !== undefined) encodeComponents(points, components)
    out.end(group)
    return out.finish()
  }

  private counts(): void {
    const { points, report } = this
    const { observations } = report
    const lost = points.beginMetric(SUM, lostMetric)
    points.number(new Uint8Array(0), report.lost)
    points.endMetric(lost)
    const numberSubjects = observations.map(({ subject }) => subjectBytes(subject, NUMBER_ATTRIBUTES))
    for (const metric of reportMetrics) {
      let marks: Marks | undefined
      for (const [i, observation] of observations.entries()) {
        for (const [by, count] of metric.counts(observation)) {
          if (count === 0) continue
          marks ??= points.beginMetric(SUM, metric)
          const subject = numberSubjects[i]!
          points.number(metric.by === undefined ? subject : concat([subject, encodeAttribute(NUMBER_ATTRIBUTES, metric.by, by)]), count)
        }
      }
      if (marks !== undefined) points.endMetric(marks)
    }
  }

  private durations(): void {
    const { points } = this
    let marks: Marks | undefined
    for (const { subject, durations } of this.report.observations) {
      if (durations === undefined) continue
      marks ??= points.beginMetric(EXPONENTIAL_HISTOGRAM, durationMetric)
      this.histogram(subjectBytes(subject, HISTOGRAM_ATTRIBUTES), durations)
    }
    if (marks !== undefined) points.endMetric(marks)
  }

  private histogram(attributes: Uint8Array, { count, sum, scale, zeroCount, offset, counts, min, max }: ExponentialHistogram): void {
    const { out, times } = this.points
    const point = out.begin(1)
    out.raw(attributes)
    out.raw(times)
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

const subjectBytes = ({ service, tenant, signal }: Subject, field: number): Uint8Array =>
  concat([encodeAttribute(field, "service", service), encodeAttribute(field, "tenant", tenant), encodeAttribute(field, "signal", signal)])
