import { type ComponentMetric, flowMetrics, queueMetrics } from "../../domain/loop/ComponentMetrics.ts"

/** From which `service.telemetry.metrics.level` on a metric is shown. */
export type Level = "none" | "basic" | "normal" | "detailed"

const order: ReadonlyArray<Level> = ["none", "basic", "normal", "detailed"]

export const isShown = (metric: Metric, level: Level): boolean => order.indexOf(metric.level) <= order.indexOf(level)

export interface Metric {
  /** Every name under which it is served: dashboards in the wild use the Collector's names with and without suffixes. */
  readonly names: ReadonlyArray<string>
  readonly type: "counter" | "gauge" | "histogram"
  readonly unit: string
  readonly description: string
  readonly labels: ReadonlyArray<string>
  readonly level: Exclude<Level, "none">
  /** Upper bounds of a histogram's buckets; a last one without a bound follows. */
  readonly bounds?: ReadonlyArray<number>
}

type Rest = Omit<Metric, "names" | "type" | "unit" | "description" | "labels" | "level">

/** A counter of the Collector: also under its name with the suffix that a hand-written Prometheus reader adds. */
const counter = (
  name: string,
  unit: string,
  description: string,
  labels: ReadonlyArray<string>,
  level: Metric["level"],
  suffix = ""
): Metric => ({
  names: [name, `${name}${suffix}_total`],
  type: "counter",
  unit,
  description,
  labels,
  level
})

const gauge = (
  name: string,
  unit: string,
  description: string,
  labels: ReadonlyArray<string>,
  level: Metric["level"],
  suffix = ""
): Metric => ({
  names: suffix === "" ? [name] : [name, `${name}${suffix}`],
  type: "gauge",
  unit,
  description,
  labels,
  level
})

const histogram = (
  name: string,
  unit: string,
  description: string,
  labels: ReadonlyArray<string>,
  level: Metric["level"],
  rest: Rest
): Metric => ({
  names: [name],
  type: "histogram",
  unit,
  description,
  labels,
  level,
  ...rest
})

/** What reports call the same: under the name that Prometheus gives it. */
const reported = ({ name, type, unit, description }: ComponentMetric, labels: ReadonlyArray<string>): Metric => ({
  names: [type === "sum" ? `${name}_total` : name],
  type: type === "sum" ? "counter" : "gauge",
  unit,
  description,
  labels,
  level: "basic"
})

const accountLabels = ["kind", "component", "transport", "signal", "tenant"]

/** An account of the books: one sample for each component, tenant and signal. */
const account = (name: keyof typeof flowMetrics, ...more: ReadonlyArray<string>): Metric =>
  reported(flowMetrics[name], [...more, ...accountLabels])

const spans = { noun: "spans", words: "spans" }
const points = { noun: "metric_points", words: "metric points" }
const records = { noun: "log_records", words: "log records" }

const receiverLabels = ["receiver", "transport"]
const exporterLabels = ["exporter"]
const queueLabels = ["exporter", "data_type"]
const processorLabels = ["processor"]

/** A counter of items for each signal, as the Collector names and describes it. */
const items =
  (name: string, what: string, labels: ReadonlyArray<string>) =>
  ({ noun, words }: typeof spans) =>
    counter(`otelcol_${name}_${noun}`, `{${noun}}`, `Number of ${words} ${what}.`, labels, "basic")

const accepted = items("receiver_accepted", "successfully pushed into the pipeline", receiverLabels)
const refused = items("receiver_refused", "that could not be pushed into the pipeline", receiverLabels)
const sent = items("exporter_sent", "successfully sent to destination", exporterLabels)
const sendFailed = items("exporter_send_failed", "in failed attempts to send to destination", exporterLabels)
const enqueueFailed = items("exporter_enqueue_failed", "failed to be added to the sending queue", exporterLabels)
const limiterAccepted = items("processor_memory_limiter_accepted", "let through", processorLabels)
const limiterRefused = items("processor_memory_limiter_refused", "refused for lack of memory", processorLabels)

const itemBounds = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 20_000, 30_000, 50_000, 100_000
]
const byteBounds = [...itemBounds, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000, 1_000_000, 2_000_000, 3_000_000]

/**
 * Every metric about the gateway itself, once: names, unit, meaning, labels, level. `otelcol_` names and labels are the Collector's, so
 * that its dashboards and alerts work; `weir_` ones are the books (`domain/Books.ts`), so that they can be checked from outside.
 */
export const metrics = {
  receiverAcceptedSpans: accepted(spans),
  receiverAcceptedPoints: accepted(points),
  receiverAcceptedRecords: accepted(records),
  receiverRefusedSpans: refused(spans),
  receiverRefusedPoints: refused(points),
  receiverRefusedRecords: refused(records),
  exporterSentSpans: sent(spans),
  exporterSentPoints: sent(points),
  exporterSentRecords: sent(records),
  exporterSendFailedSpans: sendFailed(spans),
  exporterSendFailedPoints: sendFailed(points),
  exporterSendFailedRecords: sendFailed(records),
  exporterEnqueueFailedSpans: enqueueFailed(spans),
  exporterEnqueueFailedPoints: enqueueFailed(points),
  exporterEnqueueFailedRecords: enqueueFailed(records),
  exporterQueueSize: reported(queueMetrics.size, queueLabels),
  exporterQueueCapacity: reported(queueMetrics.capacity, queueLabels),
  exporterInFlight: reported(queueMetrics.inFlight, queueLabels),
  exporterFailedAttempts: reported(queueMetrics.failedAttempts, queueLabels),
  exporterQueueBytes: reported(queueMetrics.heldBytes, queueLabels),
  processorIncoming: counter(
    "otelcol_processor_incoming_items",
    "{items}",
    "Number of items passed to the processor.",
    ["processor", "otel_signal"],
    "basic"
  ),
  processorOutgoing: counter(
    "otelcol_processor_outgoing_items",
    "{items}",
    "Number of items emitted from the processor.",
    ["processor", "otel_signal"],
    "basic"
  ),
  limiterAcceptedSpans: limiterAccepted(spans),
  limiterAcceptedPoints: limiterAccepted(points),
  limiterAcceptedRecords: limiterAccepted(records),
  limiterRefusedSpans: limiterRefused(spans),
  limiterRefusedPoints: limiterRefused(points),
  limiterRefusedRecords: limiterRefused(records),
  batchSendSize: histogram(
    "otelcol_processor_batch_batch_send_size",
    "{units}",
    "Number of items in the batches sent on.",
    processorLabels,
    "normal",
    {
      bounds: itemBounds
    }
  ),
  batchSendSizeBytes: histogram(
    "otelcol_processor_batch_batch_send_size_bytes",
    "By",
    "Bytes in the batches sent on.",
    processorLabels,
    "detailed",
    {
      bounds: byteBounds
    }
  ),
  batchSizeTrigger: counter(
    "otelcol_processor_batch_batch_size_trigger_send",
    "{times}",
    "Batches sent on because of their size.",
    processorLabels,
    "normal"
  ),
  batchTimeoutTrigger: counter(
    "otelcol_processor_batch_timeout_trigger_send",
    "{times}",
    "Batches sent on because time was up.",
    processorLabels,
    "normal"
  ),
  batchCardinality: gauge(
    "otelcol_processor_batch_metadata_cardinality",
    "{combinations}",
    "Combinations of metadata values that are batched apart.",
    processorLabels,
    "normal"
  ),
  processCpu: counter("otelcol_process_cpu_seconds", "s", "Total CPU user and system time in seconds.", [], "basic"),
  processMemory: gauge("otelcol_process_memory_rss", "By", "Total physical memory (resident set size).", [], "basic", "_bytes"),
  processUptime: counter("otelcol_process_uptime", "s", "Uptime of the process.", [], "basic", "_seconds"),
  processHeap: gauge("otelcol_process_runtime_heap_alloc_bytes", "By", "Bytes of objects on the JavaScript heap.", [], "basic"),
  processSystem: gauge(
    "otelcol_process_runtime_total_sys_memory_bytes",
    "By",
    "Bytes of heap and buffers obtained from the system.",
    [],
    "basic"
  ),
  accepted: account("accepted"),
  created: account("created"),
  restored: account("restored"),
  delivered: account("delivered"),
  returned: account("returned"),
  dropped: account("dropped", "reason"),
  refused: account("refused", "reason"),
  refusedRequests: {
    names: ["weir_refused_requests_total"],
    type: "counter",
    unit: "{items}",
    description:
      "Requests (a piece a tenant) that were told no, by reason; also those that were refused before their items could be counted.",
    labels: ["reason", ...accountLabels],
    level: "basic"
  },
  observationsLost: {
    names: ["weir_observations_lost_total"],
    type: "counter",
    unit: "{observations}",
    description:
      "Observations that were not made or not sent: batches that the observer did not look at, seconds whose report found nobody to take it.",
    labels: ["what"],
    level: "basic"
  },
  held: account("held")
} as const satisfies { readonly [name: string]: Metric }

export type MetricName = keyof typeof metrics
