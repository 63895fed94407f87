import { quantile } from "../stats/ExponentialHistogram.ts"
import type { Figures } from "./Figures.ts"

/**
 * A number that a detector looks at: of what arrives, never of what settles, so that an action does not close its own finding.
 * `undefined` where there is none (a ratio or a quantile of nothing).
 */
export interface DetectorMetric {
  readonly name: string
  /** UCUM. */
  readonly unit: string
  readonly description: string
  /** Its value, of figures that were taken in so many seconds. */
  readonly read: (figures: Figures, seconds: number) => number | undefined
}

const ratio = (part: number, whole: number): number | undefined => (whole > 0 ? part / whole : undefined)

const duration = (percent: number): DetectorMetric => ({
  name: `duration.p${percent}`,
  unit: "s",
  description: `The duration that ${percent} % of the spans stay below.`,
  read: ({ durations }) => (durations === undefined ? undefined : quantile(durations, percent / 100))
})

const severity = (range: string): DetectorMetric => ({
  name: `severity.${range}`,
  unit: "{log_record}/s",
  description: `Log records of severity ${range}.`,
  read: ({ severities }, seconds) => (severities[range] ?? 0) / seconds
})

export const detectorMetrics: ReadonlyArray<DetectorMetric> = [
  {
    name: "received.items",
    unit: "{item}/s",
    description: "Spans, log records or data points.",
    read: ({ received }, seconds) => received.items / seconds
  },
  {
    name: "received.bytes",
    unit: "By/s",
    description: "Bytes of the items as OTLP protobuf.",
    read: ({ received }, seconds) => received.bytes / seconds
  },
  {
    name: "received.errors",
    unit: "{item}/s",
    description: "Spans with the status error, log records of severity ERROR and above.",
    read: ({ received }, seconds) => received.errors / seconds
  },
  {
    name: "received.slow",
    unit: "{span}/s",
    description: "Root spans above the limit for slow traces.",
    read: ({ received }, seconds) => received.slow / seconds
  },
  {
    name: "received.error_ratio",
    unit: "1",
    description: "Errors among the items.",
    read: ({ received }) => ratio(received.errors, received.items)
  },
  ...[50, 90, 95, 99].map(duration),
  {
    name: "duration.mean",
    unit: "s",
    description: "The mean duration of the spans.",
    read: ({ durations }) => (durations === undefined ? undefined : ratio(durations.sum, durations.count))
  },
  ...["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "UNSPECIFIED"].map(severity)
]

export const findDetectorMetric = (name: string): DetectorMetric | undefined => detectorMetrics.find((metric) => metric.name === name)
