import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Books } from "../../../src/domain/Books.ts"
import { MetricsEndpoint } from "../../../src/layers/telemetry/MetricsEndpoint.ts"
import { TelemetryRegistry } from "../../../src/layers/telemetry/Registry.ts"
import { parseMetrics, sumOf } from "../../support/Metrics.ts"

const books = new Books()
const endpoint = (port: number) =>
  MetricsEndpoint.layer({ host: "127.0.0.1", port, level: "normal", books }).pipe(Layer.provideMerge(TelemetryRegistry.layer))

const get = (url: string, init?: RequestInit) =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    return { status: response.status, type: response.headers.get("content-type"), body: await response.text() }
  })

describe("MetricsEndpoint", () => {
  it.live("serves what books and registry say at that moment", () =>
    Effect.gen(function* () {
      const { port } = yield* MetricsEndpoint
      const registry = yield* TelemetryRegistry
      const url = `http://127.0.0.1:${port}`
      const row = books.row({ kind: "exporter", id: "otlp" }, "a", "metrics")
      row.accepted = row.delivered = 5
      registry.observe("exporterQueueCapacity", { exporter: "otlp", data_type: "metrics" }, () => 77)
      const first = yield* get(`${url}/metrics`)
      assert.deepStrictEqual([first.status, first.type], [200, "text/plain; version=0.0.4; charset=utf-8"])
      assert.strictEqual(sumOf(parseMetrics(first.body), "otelcol_exporter_sent_metric_points", { exporter: "otlp" }), 5)
      assert.strictEqual(sumOf(parseMetrics(first.body), "otelcol_exporter_queue_capacity"), 77)
      row.delivered = 6
      const second = yield* get(`${url}/metrics?x=1`)
      assert.strictEqual(sumOf(parseMetrics(second.body), "otelcol_exporter_sent_metric_points"), 6)
      assert.deepStrictEqual([(yield* get(`${url}/`)).status, (yield* get(`${url}/metrics`, { method: "POST" })).status], [404, 405])
      assert.deepStrictEqual(yield* Effect.map(get(`${url}/metrics`, { method: "HEAD" }), ({ status, body }) => [status, body]), [200, ""])
    }).pipe(Effect.provide(endpoint(0)))
  )

  it.live("names the port and the setting when the port is in use, and lets go of the port when it ends", () =>
    Effect.gen(function* () {
      const port = yield* Effect.scoped(
        Effect.gen(function* () {
          const { port } = Context.get(yield* Layer.build(endpoint(0)), MetricsEndpoint)
          const failure = yield* Effect.flip(Effect.scoped(Layer.build(Layer.fresh(endpoint(port)))))
          assert.include(failure.message, `port ${port} is already in use`)
          assert.include(failure.message, "service.telemetry.metrics")
          assert.deepStrictEqual(failure.path, ["telemetry", "metrics", "readers", 0, "pull", "exporter", "prometheus", "port"])
          return port
        })
      )
      yield* Effect.scoped(Layer.build(Layer.fresh(endpoint(port))))
    })
  )
})
