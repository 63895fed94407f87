import type { OtlpPorts } from "./SdkExporters.ts"
import { freePort } from "./Facts.ts"

/** The simplest gateway: every signal in over both protocols, and out to one backend. */
export interface PassThrough {
  readonly configuration: unknown
  readonly ports: OtlpPorts
}

export const passThrough = async (protocol: "http" | "grpc", endpoint: string): Promise<PassThrough> => {
  const ports = { grpc: await freePort(), http: await freePort() }
  const exporter = protocol === "http" ? "otlp_http" : "otlp"
  const pipeline = { receivers: ["otlp"], exporters: [exporter] }
  const protocols = { grpc: { endpoint: `127.0.0.1:${ports.grpc}` }, http: { endpoint: `127.0.0.1:${ports.http}` } }
  return {
    ports,
    configuration: {
      receivers: { otlp: { protocols } },
      exporters: { [exporter]: { endpoint, tls: { insecure: true } } },
      service: {
        telemetry: { metrics: { level: "none" } },
        pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline }
      }
    }
  }
}
