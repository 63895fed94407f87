/**
 * What one measurement does: which pipeline, over which protocol, with which requests and load. Both subjects (Weir, the Collector) get
 * the same configuration, made by `configuration`.
 */
export const pipelines = ["pass", "transform", "filter", "routing"] as const
export const protocols = ["http", "grpc"] as const
export const compressions = ["none", "gzip", "zstd"] as const
export const signals = ["traces", "logs", "metrics"] as const
/**
 * - `saturated`: closed loop, 8 connections, each sends the next request when the last one has been answered.
 * - `rate`: requests fall due at a fixed rate, answered or not.
 * - `latency`: the same rate through a pipeline without batching; measured against the load generator sending straight to the sink.
 */
export const loads = ["saturated", "rate", "latency"] as const

export type Pipeline = (typeof pipelines)[number]
export type Protocol = (typeof protocols)[number]
export type Compression = (typeof compressions)[number]
export type Signal = (typeof signals)[number]
export type LoadKind = (typeof loads)[number]

export interface Case {
  readonly pipeline: Pipeline
  readonly protocol: Protocol
  readonly signal: Signal
  /** Items in a request. */
  readonly items: number
  readonly compression: Compression
  readonly load: LoadKind
  /** Observation is on (Weir only). */
  readonly observe: boolean
}

export const plain: Case = {
  pipeline: "pass",
  protocol: "http",
  signal: "traces",
  items: 100,
  compression: "none",
  load: "saturated",
  observe: false
}

export const describeCase = (it: Case): string =>
  [it.protocol, it.pipeline, it.signal, `${it.items}/request`, it.compression, it.load, it.observe ? "observed" : ""]
    .filter((word) => word !== "traces" && word !== "")
    .join(" ")

export interface Ports {
  readonly receiver: number
  readonly sink: number
  readonly metrics: number
  /** Where observations are sent. */
  readonly observations: number
}

/** Tenants in the payload; the routing pipeline has a pipeline and an exporter for each. */
export const tenants = ["red", "green", "blue", "grey"] as const

/** The attribute that `transform` adds and the one that it takes away. */
export const addedAttribute = "deployment.environment.name"
export const deletedAttribute = "enduser.id"
/** `filter` drops every item that has this path: one in ten. */
export const filteredPath = "/healthz"
export const filteredShare = 0.1

const statements: { readonly [S in Signal]: { readonly key: string; readonly context: string } } = {
  traces: { key: "trace_statements", context: "span" },
  logs: { key: "log_statements", context: "log" },
  metrics: { key: "metric_statements", context: "datapoint" }
}

const filterKeys: { readonly [S in Signal]: readonly [string, string] } = {
  traces: ["traces", "span"],
  logs: ["logs", "log_record"],
  metrics: ["metrics", "datapoint"]
}

const processor = ({ pipeline, signal }: Case): { readonly [id: string]: unknown } => {
  if (pipeline === "transform") {
    const { key, context } = statements[signal]
    const edits = [`set(attributes["${addedAttribute}"], "production")`, `delete_key(attributes, "${deletedAttribute}")`]
    return { transform: { error_mode: "ignore", [key]: [{ context, statements: edits }] } }
  }
  if (pipeline === "filter") {
    const [group, context] = filterKeys[signal]
    return { filter: { error_mode: "ignore", [group]: { [context]: [`attributes["url.path"] == "${filteredPath}"`] } } }
  }
  return {}
}

/** The collector's YAML, as data. */
export const configuration = (it: Case, ports: Ports): unknown => {
  const batch = it.load === "latency" ? {} : { batch: { send_batch_size: 8192, timeout: "200ms" } }
  const processors = { ...processor(it), ...batch }
  const names = Object.keys(processors)
  const exporterType = it.protocol === "grpc" ? "otlp" : "otlphttp"
  const exporter = {
    endpoint: it.protocol === "grpc" ? `127.0.0.1:${ports.sink}` : `http://127.0.0.1:${ports.sink}`,
    compression: it.compression,
    tls: { insecure: true }
  }
  const receivers = { otlp: { protocols: { [it.protocol]: { endpoint: `127.0.0.1:${ports.receiver}` } } } }
  const telemetry = {
    metrics: { readers: [{ pull: { exporter: { prometheus: { host: "127.0.0.1", port: ports.metrics } } } }] },
    logs: { level: "warn" }
  }
  const observe = it.observe ? { observe: { endpoint: `http://127.0.0.1:${ports.observations}/v1/metrics` } } : {}
  const service = { telemetry, extensions: Object.keys(observe) }
  if (it.pipeline !== "routing") {
    return {
      extensions: observe,
      receivers,
      processors,
      exporters: { [exporterType]: exporter },
      service: { ...service, pipelines: { [it.signal]: { receivers: ["otlp"], processors: names, exporters: [exporterType] } } }
    }
  }
  const route = (tenant: string) => `${it.signal}/${tenant}`
  return {
    extensions: observe,
    receivers,
    processors,
    connectors: {
      routing: {
        table: tenants.map((tenant) => ({ condition: `resource.attributes["tenant"] == "${tenant}"`, pipelines: [route(tenant)] }))
      }
    },
    exporters: Object.fromEntries(tenants.map((tenant) => [`${exporterType}/${tenant}`, exporter])),
    service: {
      ...service,
      pipelines: {
        [`${it.signal}/in`]: { receivers: ["otlp"], exporters: ["routing"] },
        ...Object.fromEntries(
          tenants.map((tenant) => [route(tenant), { receivers: ["routing"], processors: names, exporters: [`${exporterType}/${tenant}`] }])
        )
      }
    }
  }
}
