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

/** A counter of ours, with its one name. */
const plainCounter = (name: string, unit: string, description: string, labels: ReadonlyArray<string>, level: Metric["level"]): Metric => ({
  names: [name],
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

/** An account of the books: one sample for each component, tenant and signal. */
const account = (name: string, description: string, ...more: ReadonlyArray<string>): Metric => ({
  names: [name],
  type: name.endsWith("_total") ? "counter" : "gauge",
  unit: "{items}",
  description,
  labels: [...more, "kind", "component", "transport", "signal", "tenant"],
  level: "basic"
})

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
  exporterQueueSize: gauge(
    "otelcol_exporter_queue_size",
    "{batches}",
    "Current size of the sending queue, in units of its sizer.",
    queueLabels,
    "basic"
  ),
  exporterQueueCapacity: gauge(
    "otelcol_exporter_queue_capacity",
    "{batches}",
    "Fixed capacity of the sending queue, in units of its sizer.",
    queueLabels,
    "basic"
  ),
  exporterInFlight: gauge(
    "otelcol_exporter_in_flight_requests",
    "{requests}",
    "Export requests under way, those that wait to be repeated too.",
    queueLabels,
    "basic"
  ),
  exporterFailedAttempts: plainCounter(
    "weir_exporter_failed_attempts_total",
    "{attempts}",
    "Attempts to send that failed, whether or not another one followed.",
    queueLabels,
    "basic"
  ),
  exporterQueueBytes: gauge(
    "weir_exporter_queue_bytes",
    "By",
    "Bytes that the sending queue and the requests under way hold.",
    queueLabels,
    "basic"
  ),
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
  accepted: account("weir_accepted_items_total", "Items that the component took."),
  created: account("weir_created_items_total", "Items that the component made: copies of a fan-out, aggregates."),
  restored: account("weir_restored_items_total", "Items read back from disk at the start."),
  delivered: account("weir_delivered_items_total", "Items that the component handed on; at an exporter, that the backend took."),
  returned: account("weir_returned_items_total", "Accepted items given back to the sender before the answer."),
  dropped: account("weir_dropped_items_total", "Items that were accepted and then lost, by reason.", "reason"),
  refused: account(
    "weir_refused_items_total",
    "Items that a sender was told no about, by reason: by the receiver to the sender, by a processor or a full queue to the receiver.",
    "reason"
  ),
  refusedRequests: account(
    "weir_refused_requests_total",
    "Requests (a piece a tenant) that were told no, by reason; also those that were refused before their items could be counted.",
    "reason"
  ),
  observationsLost: {
    names: ["weir_observations_lost_total"],
    type: "counter",
    unit: "{observations}",
    description:
      "Observations that were not made or not sent: batches that the observer did not look at, seconds whose report found nobody to take it.",
    labels: ["what"],
    level: "basic"
  },
  held: account("weir_held_items", "Items in the component now: accepted + created + restored - delivered - dropped - returned.")
} as const satisfies { readonly [name: string]: Metric }

export type MetricName = keyof typeof metrics
