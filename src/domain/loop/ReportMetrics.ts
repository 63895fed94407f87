import type { Observation, Volume } from "./Observation.ts"

/** One count of a report as it travels: an OTLP sum, delta, monotonic, with the subject as attributes. */
export interface ReportMetric {
  readonly name: string
  /** UCUM, as OpenTelemetry's conventions write it. */
  readonly unit: string
  readonly description: string
  /** The attribute that tells several counts of one subject apart. */
  readonly by?: string
  /** The counts of an observation, by the value of `by` (empty where there is none). */
  readonly counts: (observation: Observation) => Iterable<readonly [by: string, count: number]>
}

const sides = { received: "arrived at the receivers, before any processor", delivered: "that an exporter's backend took" } as const
const items = { unit: "{item}", what: "Spans, log records or data points" }
const volumes: { readonly [F in keyof Volume]: { readonly unit: string; readonly what: string } } = {
  items,
  bytes: { unit: "By", what: "Bytes of OTLP protobuf of the items" },
  errors: { unit: "{item}", what: "Spans with the status error, log records of severity ERROR and above" },
  slow: { unit: "{span}", what: "Root spans above the limit for slow traces" }
}

const volumeMetrics = (side: keyof typeof sides): ReadonlyArray<ReportMetric> =>
  (Object.keys(volumes) as ReadonlyArray<keyof Volume>).map((field) => ({
    name: `weir.${side}.${field}`,
    unit: volumes[field].unit,
    description: `${volumes[field].what} ${sides[side]}.`,
    counts: (observation) => [["", observation[side][field]]]
  }))

/** Every count of a report, once; docs/observation.md lists them. */
export const reportMetrics: ReadonlyArray<ReportMetric> = [
  ...volumeMetrics("received"),
  ...volumeMetrics("delivered"),
  {
    name: "weir.dropped.items",
    unit: "{item}",
    description: "Items that were accepted and then dropped, by reason.",
    by: "reason",
    counts: ({ dropped }) => Object.entries(dropped)
  },
  {
    name: "weir.received.severity",
    unit: "{log_record}",
    description: "Log records that arrived at the receivers, by severity range.",
    by: "severity",
    counts: ({ severities }) => Object.entries(severities)
  }
]

/** The durations of a report: an OTLP exponential histogram, delta, in seconds. */
export const durationMetric = {
  name: "weir.received.duration",
  unit: "s",
  description: "Durations of spans that arrived at the receivers; of a part of the traces, chosen by trace id, where there are many."
}

/** Sent with every report, also at 0 and without subjects: an agent of which it is missing was not watching. */
export const lostMetric = {
  name: "weir.observations.lost",
  unit: "{batch}",
  description: "Batches that the observer did not look at because it was too slow."
}

/** What a report says of its sender, as resource attributes. */
export const resourceKeys = { agent: "service.instance.id", revision: "weir.revision" } as const
export const serviceName = "weir"
/** The instrumentation scope that marks a report, and so tells it from other metrics of the same process. */
export const scopeName = "weir.observation"
