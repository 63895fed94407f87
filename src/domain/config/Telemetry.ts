import * as Schema from "effect/Schema"
import { field, ListenAddress, optional, parseListenAddress, section } from "./Fields.ts"
import { type Node, nodeAt, type Path } from "./Node.ts"

/** A setting of the collector that is accepted, so that its files run unchanged, and has no effect here. */
const ignored = (description: string) => optional(Schema.Unknown, `Accepted, without effect: ${description}`)

const isHost = Schema.makeFilter(
  (text: string) =>
    /^(?:[^\s:/[\]]*|[0-9a-fA-F.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.%\w]*)$/.test(text) || "a host name or an IP address, without a port"
)

const Prometheus = Schema.Struct({
  host: field(Schema.String.check(isHost), "localhost", "Address to listen on."),
  port: field(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65535 })), 8888, "Port of /metrics."),
  with_resource_constant_labels: ignored("resource attributes as labels."),
  without_scope_info: ignored("no scope labels are written."),
  without_type_suffix: ignored("counters end in _total."),
  without_units: ignored("units are part of names as the collector has them.")
})

const Reader = Schema.Struct({
  pull: optional(
    Schema.Struct({ exporter: Schema.Struct({ prometheus: section(Prometheus, "Prometheus text format.") }) }),
    "Metrics that are asked for."
  ),
  periodic: ignored("metrics are pulled, not pushed.")
})

const Logs = Schema.Struct({
  level: field(
    Schema.Literals(["debug", "info", "warn", "error", "DEBUG", "INFO", "WARN", "ERROR"]),
    "info",
    "The least severe entries that are written."
  ),
  encoding: field(Schema.Literals(["console", "json"]), "console", "Lines for people, or one JSON object a line."),
  development: ignored("development mode."),
  disable_caller: ignored("no caller is written."),
  disable_stacktrace: ignored("stack traces come with defects only."),
  error_output_paths: ignored("errors go to standard error."),
  initial_fields: ignored("fields of every entry."),
  output_paths: ignored("entries go to standard error."),
  processors: ignored("entries are not exported."),
  sampling: ignored("entries are not sampled.")
})

const Metrics = Schema.Struct({
  level: field(Schema.Literals(["none", "basic", "normal", "detailed"]), "normal", "`none` switches the endpoint off."),
  address: optional(ListenAddress, "host:port of /metrics; the older spelling of a pull reader."),
  readers: optional(Schema.Array(Reader), "Who reads the metrics; by default Prometheus on localhost:8888."),
  views: ignored("metrics are not reshaped.")
})

/** `service.telemetry`: what the gateway says about itself. */
export const Telemetry = Schema.Struct({
  logs: section(Logs, "The gateway's own log."),
  metrics: section(Metrics, "The gateway's own metrics."),
  resource: optional(Schema.Record(Schema.String, Schema.Unknown), "Accepted, without effect: attributes of the own telemetry."),
  traces: ignored("the gateway does not trace itself.")
})

/** The telemetry settings that count, in the shape in which they are used. */
export interface TelemetrySettings {
  readonly logs: { readonly level: "debug" | "info" | "warn" | "error"; readonly encoding: "console" | "json" }
  /** Where `/metrics` is served; `undefined` when it is off. */
  readonly metrics: { readonly host: string; readonly port: number; readonly level: "basic" | "normal" | "detailed" } | undefined
}

/** Where `service.telemetry` says where `/metrics` is served; `undefined` where it does not, and the default stands. */
export const metricsSetting = (telemetry: Node): Path | undefined => {
  const readers = nodeAt(telemetry, ["metrics", "readers"])
  const pull = readers?._tag === "List" ? readers.items.findIndex((_, i) => nodeAt(readers, [i, "pull"]) !== undefined) : -1
  if (pull !== -1) return ["metrics", "readers", pull, "pull", "exporter", "prometheus", "port"]
  return nodeAt(telemetry, ["metrics", "address"]) === undefined ? undefined : ["metrics", "address"]
}

export const toTelemetrySettings = ({ logs, metrics }: typeof Telemetry.Type): TelemetrySettings => {
  const pulled = metrics.readers?.find((reader) => reader.pull !== undefined)?.pull?.exporter.prometheus
  const address = metrics.address === undefined ? undefined : parseListenAddress(metrics.address)
  const { host, port } = pulled ?? address ?? { host: "localhost", port: 8888 }
  const { level } = metrics
  const off = metrics.readers !== undefined && pulled === undefined
  return {
    logs: { level: logs.level.toLowerCase() as TelemetrySettings["logs"]["level"], encoding: logs.encoding },
    metrics: off || level === "none" ? undefined : { host: host === "" ? "0.0.0.0" : host, port, level }
  }
}
