import type { Flow, QueueState } from "./ComponentReport.ts"

/**
 * A metric of components, under its OTLP name. At `/metrics` a sum's name ends in `_total` besides, as Prometheus wants it, and the
 * attributes are labels.
 */
export interface ComponentMetric {
  readonly name: string
  readonly type: "sum" | "gauge"
  /** UCUM. */
  readonly unit: string
  readonly description: string
}

const items = (name: string, type: ComponentMetric["type"], description: string): ComponentMetric => ({
  name: `weir_${name}_items`,
  type,
  unit: "{items}",
  description
})

/** The books. Attributes: `kind`, `component`, `transport` (receivers), `signal`, `tenant`; `reason` where there are reasons. */
export const flowMetrics = {
  accepted: items("accepted", "sum", "Items that the component took."),
  created: items("created", "sum", "Items that the component made: copies of a fan-out, aggregates."),
  restored: items("restored", "sum", "Items read back from disk at the start."),
  delivered: items("delivered", "sum", "Items that the component handed on; at an exporter, that the backend took."),
  returned: items("returned", "sum", "Accepted items given back to the sender before the answer."),
  dropped: items("dropped", "sum", "Items that were accepted and then lost, by reason."),
  refused: items(
    "refused",
    "sum",
    "Items that a sender was told no about, by reason: by the receiver to the sender, by a processor or a full queue to the receiver."
  ),
  held: items("held", "gauge", "Items in the component now: accepted + created + restored - delivered - dropped - returned.")
} as const satisfies { readonly [F in keyof Omit<Flow, "component" | "tenant" | "signal">]: ComponentMetric }

/** Exporters' queues. Attributes: `exporter`, `data_type` (the signal). */
export const queueMetrics = {
  size: {
    name: "otelcol_exporter_queue_size",
    type: "gauge",
    unit: "{batches}",
    description: "Current size of the sending queue, in units of its sizer."
  },
  capacity: {
    name: "otelcol_exporter_queue_capacity",
    type: "gauge",
    unit: "{batches}",
    description: "Fixed capacity of the sending queue, in units of its sizer."
  },
  inFlight: {
    name: "otelcol_exporter_in_flight_requests",
    type: "gauge",
    unit: "{requests}",
    description: "Export requests under way, those that wait to be repeated too."
  },
  heldBytes: {
    name: "weir_exporter_queue_bytes",
    type: "gauge",
    unit: "By",
    description: "Bytes that the sending queue and the requests under way hold."
  },
  failedAttempts: {
    name: "weir_exporter_failed_attempts",
    type: "sum",
    unit: "{attempts}",
    description: "Attempts to send that failed, whether or not another one followed."
  }
} as const satisfies { readonly [F in keyof Omit<QueueState, "exporter" | "signal">]: ComponentMetric }

/** The instrumentation scope of the metrics of components in a report. */
export const componentScope = "weir.components"
