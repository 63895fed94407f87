// An Effect application with the agent's Layer, against a backend that the official decoder reads for.
import { trace } from "@opentelemetry/api"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { RunningAgent } from "../../../src/agent.ts"
import { Collecting } from "../../support/Collecting.ts"
import { attribute } from "../../support/Otlp.ts"

const application = Effect.gen(function* () {
  yield* Effect.log("paid")
  yield* Metric.update(Metric.counter("payments"), 3)
  yield* Effect.void.pipe(Effect.withSpan("charge", { attributes: { "order.id": 7 } }))
  return yield* Effect.fail("declined").pipe(Effect.withSpan("notify"), Effect.ignore)
}).pipe(Effect.withSpan("pay", { kind: "server" }))

const service = { name: "checkout", namespace: "shop", version: "1.2.3" }

describe("RunningAgent", () => {
  it("sends an Effect application's spans, logs and metrics, all when its scope has closed", async () => {
    const backend = await Collecting.start("http")
    const agent = RunningAgent.layer({ service, endpoint: backend.backend.endpoint, resource: { tenant: "acme" }, keepLoggers: false })
    await Effect.runPromise(Effect.provide(application, agent))

    const spans = new Map(backend.items.traces.map((item) => [String(item.item.name), item]))
    assert.sameMembers([...spans.keys()], ["pay", "charge", "notify"])
    for (const { resource, scope, item } of spans.values()) {
      assert.strictEqual(attribute(resource.resource!, "service.name"), "checkout")
      assert.strictEqual(attribute(resource.resource!, "service.namespace"), "shop")
      assert.strictEqual(attribute(resource.resource!, "tenant"), "acme")
      assert.strictEqual(String(scope.scope!.name), "shop.checkout")
      assert.strictEqual(String(scope.scope!.version), "1.2.3")
      assert.strictEqual(String(item.traceState), "ot=th:0")
      assert.deepStrictEqual(item.traceId, spans.get("pay")!.item.traceId)
    }
    assert.deepStrictEqual(spans.get("charge")!.item.parentSpanId, spans.get("pay")!.item.spanId)
    assert.strictEqual(attribute(spans.get("charge")!.item, "order.id"), "7")
    assert.strictEqual(String(spans.get("notify")!.item.status!.code), "2")

    assert.deepStrictEqual(
      backend.items.logs.map(({ item }) => String(item.body!.stringValue)),
      ["paid"]
    )
    assert.deepStrictEqual(backend.items.logs[0]!.item.spanId, spans.get("pay")!.item.spanId)
    const points = backend.items.metrics.filter(({ metric }) => String(metric!.name) === "payments")
    assert.deepStrictEqual(
      points.map(({ item }) => Number(item.asInt ?? item.asDouble)),
      [3]
    )
    assert.strictEqual(attribute(points[0]!.resource.resource!, "service.name"), "checkout")
    await backend.stop()
  })

  it("is found through the OpenTelemetry API while it runs, and only then", async () => {
    const backend = await Collecting.start("http")
    const agent = RunningAgent.layer({ service, endpoint: backend.backend.endpoint })
    const instrumented = Effect.sync(() => trace.getTracer("library").startSpan("query").end())
    await Effect.runPromise(Effect.provide(instrumented, agent))
    assert.isFalse(trace.getTracer("library").startSpan("query").isRecording())
    assert.deepStrictEqual(
      backend.items.traces.map(({ item, scope }) => [String(scope.scope!.name), String(item.name)]),
      [["library", "query"]]
    )
    await backend.stop()
  })

  it.effect("hands its agent to whoever wants to look", () =>
    Effect.gen(function* () {
      const agent = yield* RunningAgent
      assert.strictEqual(agent.settings().sampling.probability, 0.25)
      assert.deepStrictEqual(agent.dropped(), [])
    }).pipe(
      Effect.provide(RunningAgent.layer({ service, endpoint: "http://127.0.0.1:1", shutdownMillis: 0, sampling: { probability: 0.25 } }))
    )
  )
})
