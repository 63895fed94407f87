import { Source } from "../../domain/config/Source.ts"

/** What `weir up` runs when nobody says otherwise: everything on loopback, and what arrives kept in a bounded, rotating file. */
export const defaultConfiguration = new Source(
  "the default of weir up",
  `receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:4317
      http:
        endpoint: 127.0.0.1:4318
processors:
  new_services:
exporters:
  file:
    path: ./weir-data/telemetry.jsonl
    create_directory: true
    rotation:
      max_megabytes: 100
      max_backups: 5
extensions:
  health_check:
    endpoint: 127.0.0.1:13133
  opamp:
    server:
      ws:
        endpoint: ws://127.0.0.1:4320/v1/opamp
    capabilities:
      accepts_remote_config: true
    storage:
      directory: ./weir-data/agent
service:
  extensions: [health_check, opamp]
  telemetry:
    metrics:
      readers:
        - pull: {exporter: {prometheus: {host: 127.0.0.1, port: 8888}}}
  pipelines:
    traces: {receivers: [otlp], processors: [new_services], exporters: [file]}
    metrics: {receivers: [otlp], processors: [new_services], exporters: [file]}
    logs: {receivers: [otlp], processors: [new_services], exporters: [file]}
`
)
