/** The three OTLP signals that Weir carries. */
export type Signal = "traces" | "metrics" | "logs"

export const signals: ReadonlyArray<Signal> = ["traces", "metrics", "logs"]

/** What one item of a signal is called in the collector's metric names (`otelcol_receiver_accepted_spans`). */
export const itemNoun: { readonly [S in Signal]: "spans" | "metric_points" | "log_records" } = {
  traces: "spans",
  metrics: "metric_points",
  logs: "log_records"
}
