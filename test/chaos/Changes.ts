import type { Backend } from "../support/Backend.ts"
import type { Seeded } from "../support/Seeded.ts"

/** What a configuration is made from; a change makes another one of it. */
export interface Shape {
  readonly ports: { readonly http: number; readonly grpc: number; readonly moving: number }
  readonly statement: number
  readonly batchSize: number | undefined
  readonly backend: Backend
  readonly consumers: number
  readonly compression: "none" | "gzip" | "zstd"
  /** A second pipeline that sends a copy of all traces elsewhere. */
  readonly hasCopy: boolean
  readonly hasFilter: boolean
}

export const configurationOf = (shape: Shape, copy: Backend): object => {
  const batch = shape.batchSize === undefined ? [] : ["batch"]
  const filter = shape.hasFilter ? ["filter"] : []
  const exporter = {
    endpoint: shape.backend.endpoint,
    compression: shape.compression,
    sending_queue: { queue_size: 100_000, num_consumers: shape.consumers }
  }
  const copying = {
    exporters: { "otlp_http/copy": { endpoint: copy.endpoint, compression: "none", sending_queue: { queue_size: 100_000 } } },
    pipelines: { "traces/copy": { receivers: ["otlp"], exporters: ["otlp_http/copy"] } }
  }
  return {
    receivers: {
      otlp: {
        protocols: { http: { endpoint: `127.0.0.1:${shape.ports.http}` }, grpc: { endpoint: `127.0.0.1:${shape.ports.grpc}` } }
      },
      "otlp/moving": { protocols: { http: { endpoint: `127.0.0.1:${shape.ports.moving}` } } }
    },
    processors: {
      transform: {
        error_mode: "ignore",
        trace_statements: [`set(span.attributes["revision"], ${shape.statement})`],
        log_statements: [`set(log.attributes["revision"], ${shape.statement})`]
      },
      filter: { error_mode: "ignore", traces: { span: [`name == "never"`] } },
      batch: { send_batch_size: shape.batchSize ?? 8192, timeout: "20ms" }
    },
    exporters: { otlp_http: exporter, ...(shape.hasCopy ? copying.exporters : {}) },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: {
        traces: { receivers: ["otlp", "otlp/moving"], processors: [...filter, "transform", ...batch], exporters: ["otlp_http"] },
        logs: { receivers: ["otlp"], processors: ["transform", ...batch], exporters: ["otlp_http"] },
        metrics: { receivers: ["otlp"], exporters: ["otlp_http"] },
        ...(shape.hasCopy ? copying.pipelines : {})
      }
    }
  }
}

/** One thing is changed at a time, as people do, or several. */
export const change = (random: Seeded, shape: Shape, backends: ReadonlyArray<Backend>, movingPort: number): Shape => {
  let next = shape
  for (let times = random.between(1, 3); times > 0; times--) {
    const changes: ReadonlyArray<() => Shape> = [
      () => ({ ...next, statement: next.statement + 1 }),
      () => ({ ...next, batchSize: random.pick([undefined, 10, 100, 8192]) }),
      () => ({ ...next, backend: random.pick(backends) }),
      () => ({ ...next, consumers: random.between(1, 10) }),
      () => ({ ...next, compression: random.pick(["none", "gzip", "zstd"] as const) }),
      () => ({ ...next, hasCopy: !next.hasCopy }),
      () => ({ ...next, hasFilter: !next.hasFilter }),
      () => ({ ...next, ports: { ...next.ports, moving: movingPort } })
    ]
    next = random.pick(changes)()
  }
  return next
}

/** A configuration that cannot be had, and a word that the reason must contain. */
export const invalid = (random: Seeded, base: object, busyPort: number): { readonly configuration: unknown; readonly reason: RegExp } => {
  const { receivers, processors, exporters, service } = base as { readonly [section: string]: { readonly [key: string]: object } }
  const pipelines = service!.pipelines as { readonly [name: string]: object }
  return random.pick([
    { configuration: "receivers: [", reason: /\S/ },
    { configuration: { ...base, exporters: { ...exporters, otlp_htpp: {} } }, reason: /otlp_htpp/ },
    {
      configuration: {
        ...base,
        service: { ...service, pipelines: { ...pipelines, traces: { receivers: ["otlp"], exporters: ["absent"] } } }
      },
      reason: /absent/
    },
    {
      configuration: { ...base, processors: { ...processors, transform: { trace_statements: [`set(span.attributes["a", 1)`] } } },
      reason: /\S/
    },
    { configuration: { ...base, processors: { ...processors, batch: { timeout: "soon" } } }, reason: /timeout|soon/ },
    {
      configuration: {
        ...base,
        receivers: { ...receivers, "otlp/moving": { protocols: { http: { endpoint: `127.0.0.1:${busyPort}` } } } }
      },
      reason: new RegExp(String(busyPort))
    }
  ])
}
