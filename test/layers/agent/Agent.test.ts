// The agent with the SDK's own tracers, loggers and meters, against a gateway and against backends that misbehave, over real sockets.
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"
import { afterEach, assert, describe, it } from "@effect/vitest"
import { type Agent, type AgentOptions, startAgent } from "../../../src/agent.ts"
import { Backend, type Behaviour, hang, ok, permanent } from "../../support/Backend.ts"
import { Collecting } from "../../support/Collecting.ts"
import { until } from "../../support/Facts.ts"
import { attribute, decode, type Item, itemsOf } from "../../support/Otlp.ts"
import { passThrough } from "../../support/PassThrough.ts"
import { RunningGateway } from "../../support/RunningGateway.ts"
import { Seeded } from "../../support/Seeded.ts"

const open: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

const start = (options: Partial<AgentOptions> & { readonly endpoint: string }): Agent => {
  const agent = startAgent({
    service: { name: "checkout", namespace: "shop", version: "1.2.3", instanceId: "checkout-1" },
    global: false,
    ...options
  })
  open.push(() => agent.shutdown(0))
  return agent
}

const collecting = async (behaviour: Behaviour = ok): Promise<Collecting> => {
  const backend = await Collecting.start("http")
  backend.backend.behaviour = behaviour
  open.push(() => backend.stop())
  return backend
}

const endSpan = (agent: Agent, name: string, isError = false): void => {
  const span = agent.tracerProvider.getTracer("test").startSpan(name)
  if (isError) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

const emit = (agent: Agent, severityNumber: SeverityNumber, body: string): void =>
  agent.loggerProvider.getLogger("test").emit({ severityNumber, body })

const forceFlush = (agent: Agent): Promise<void> =>
  (agent.tracerProvider as unknown as { readonly forceFlush: () => Promise<void> }).forceFlush()

const dropped = (agent: Agent, signal: string, reason: string): number =>
  agent.dropped().find((drop) => drop.signal === signal && drop.reason === reason)?.count ?? 0

const names = (items: ReadonlyArray<Item>): ReadonlyArray<string> => items.map(({ item }) => String(item.name))

const quick = { flushMillis: 10 }

describe("startAgent", () => {
  it("sends traces, logs and metrics through a gateway", async () => {
    const backend = await collecting()
    const path = await passThrough("http", backend.backend.endpoint)
    const gateway = await RunningGateway.start(path.configuration)
    open.push(() => gateway.stop())
    const agent = start({ endpoint: `http://127.0.0.1:${path.ports.http}`, limits: quick, resource: { tenant: "acme" } })
    endSpan(agent, "pay")
    emit(agent, SeverityNumber.INFO, "paid")
    agent.meterProvider.getMeter("test").createCounter("payments").add(3)
    const [span] = await backend.take("traces", 1)
    const [log] = await backend.take("logs", 1)
    await agent.shutdown()
    const metrics = await backend.take("metrics", 2)

    for (const { resource } of [span!, log!, metrics[0]!]) {
      const attributes = ["service.name", "service.namespace", "service.version", "service.instance.id", "tenant"]
      assert.deepStrictEqual(
        attributes.map((key) => attribute(resource.resource!, key)),
        ["checkout", "shop", "1.2.3", "checkout-1", "acme"]
      )
    }
    assert.strictEqual(String(span!.item.name), "pay")
    assert.strictEqual(String(span!.item.traceState), "ot=th:0")
    assert.strictEqual(String(log!.item.body!.stringValue), "paid")
    const points = metrics.filter(({ metric }) => String(metric!.name) === "payments")
    assert.deepStrictEqual(
      points.map(({ item }) => String(item.asInt ?? item.asDouble)),
      ["3"]
    )
    assert.deepStrictEqual(agent.dropped(), [])
  })

  it("stays away as long as a backend asks, and then delivers everything", async () => {
    const backend = await collecting({ _tag: "status", http: 429, grpc: 8, retryAfterSeconds: 2 })
    const agent = start({ endpoint: backend.backend.endpoint, limits: quick })
    const startMillis = performance.now()
    for (let i = 0; i < 100; i++) endSpan(agent, `span ${i}`)
    await until("the backend has refused once", () => backend.backend.requests === 1)
    backend.backend.behaviour = ok
    const spans = await backend.take("traces", 100)
    assert.isAtLeast(performance.now() - startMillis, 2000)
    assert.strictEqual(backend.backend.requests, 2)
    assert.strictEqual(new Set(names(spans)).size, 100)
    assert.deepStrictEqual(agent.dropped(), [])
  })

  it("gives up logs below WARN first while the backend is under pressure, and counts them", async () => {
    const backend = await collecting({ _tag: "status", http: 503, grpc: 14, retryAfterSeconds: 1 })
    const agent = start({ endpoint: backend.backend.endpoint, limits: quick })
    endSpan(agent, "first")
    await until("the agent knows", () => {
      emit(agent, SeverityNumber.DEBUG, "detail")
      return dropped(agent, "logs", "pressure") > 0
    })
    const before = dropped(agent, "logs", "pressure")
    for (let i = 0; i < 50; i++) emit(agent, SeverityNumber.INFO, `info ${i}`)
    for (let i = 0; i < 50; i++) emit(agent, SeverityNumber.WARN, `warn ${i}`)
    assert.strictEqual(dropped(agent, "logs", "pressure") - before, 50)
    backend.backend.behaviour = ok
    const arrived = () => backend.items.logs.filter(({ item }) => String(item.body!.stringValue).startsWith("warn"))
    await until("the warnings arrive", () => arrived().length === 50)
  })

  it("tells of its drops and its rates by the application's own metrics", async () => {
    const backend = await collecting(permanent)
    const agent = start({
      endpoint: backend.backend.endpoint,
      limits: quick,
      sampling: { probability: 0.25, rules: [{ name: "refused", probability: 1 }] }
    })
    for (let i = 0; i < 7; i++) endSpan(agent, "refused")
    await until("the refusal is counted", () => dropped(agent, "traces", "permanent_error") === 7)
    backend.backend.behaviour = ok
    await agent.shutdown()
    const points = backend.items.metrics.map(({ metric, item }) => ({
      name: String(metric!.name),
      value: Number(item.asInt ?? item.asDouble),
      attributes: ["signal", "reason", "stage"].map((key) => attribute(item, key)).filter((value) => value !== undefined)
    }))
    assert.sameDeepMembers(points, [
      { name: "weir.agent.dropped", value: 7, attributes: ["traces", "permanent_error"] },
      { name: "weir.agent.sampling.probability", value: 0.25, attributes: ["head"] },
      { name: "weir.agent.sampling.probability", value: 1, attributes: ["pressure"] }
    ])
  })

  it("makes requests smaller for a backend that finds them too large", async () => {
    const maxBytes = 100_000
    const answers: Array<number> = []
    let taken = 0
    const server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray())
      const status = body.length > maxBytes ? 413 : 200
      if (status === 200) taken += itemsOf("traces", decode("traces", body)).length
      answers.push(status)
      response.writeHead(status).end()
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    open.push(async () => server.close())
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const agent = start({ endpoint, limits: quick, compression: "none" })
    for (let i = 0; i < 3000; i++) endSpan(agent, `span ${i}`)
    await forceFlush(agent)
    assert.strictEqual(taken, 3000)
    assert.strictEqual(answers[0], 413)
    assert.deepStrictEqual(agent.dropped(), [])
  })

  it("has delivered when a forced flush resolves, and does not hold it up against a backend that refuses", async () => {
    const backend = await collecting()
    const agent = start({ endpoint: backend.backend.endpoint, limits: { flushMillis: 60_000 } })
    for (let i = 0; i < 1000; i++) endSpan(agent, `span ${i}`)
    await forceFlush(agent)
    assert.strictEqual(backend.items.traces.length, 1000)
    backend.backend.behaviour = { _tag: "status", http: 503, grpc: 14, retryAfterSeconds: 3600 }
    endSpan(agent, "refused")
    await forceFlush(agent)
    assert.strictEqual(backend.items.traces.length, 1000)
    await agent.shutdown(100)
    assert.strictEqual(dropped(agent, "traces", "shutdown"), 1)
  })

  it("counts what a partial success rejected, and does not send it again", async () => {
    const backend = await Backend.start({
      protocol: "http",
      behaviour: { _tag: "partial", rejected: 3 },
      countItems: (signal, bytes) => itemsOf(signal, decode(signal, bytes)).length,
      onDelivery: () => {}
    })
    open.push(() => backend.kill())
    const agent = start({ endpoint: backend.endpoint, limits: quick })
    for (let i = 0; i < 10; i++) endSpan(agent, `span ${i}`)
    await until("the rejection is counted", () => dropped(agent, "traces", "partial_success") === 3)
    assert.strictEqual(backend.requests, 1)
  })

  it("drops what is refused for good, counted, and goes on", async () => {
    const backend = await collecting(permanent)
    const agent = start({ endpoint: backend.backend.endpoint, limits: quick })
    endSpan(agent, "refused")
    await until("the refusal is counted", () => dropped(agent, "traces", "permanent_error") === 1)
    backend.backend.behaviour = ok
    endSpan(agent, "taken")
    assert.deepStrictEqual(names(await backend.take("traces", 1)), ["taken"])
  })

  it("holds errors and metrics longest against a backend that hangs, loses nothing uncounted, and never holds the application up", async () => {
    const backend = await collecting(hang)
    const agent = start({
      endpoint: backend.backend.endpoint,
      limits: { flushMillis: 10, queueItems: 2000, timeoutMillis: 60_000 },
      metricIntervalMillis: 100
    })
    agent.meterProvider.getMeter("test").createCounter("payments").add(3)
    await until("a request hangs", () => backend.backend.requests === 1)
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    open.push(async () => clearInterval(ticking))
    const errors = 500
    for (let i = 0; i < 100_000; i++) {
      endSpan(agent, i % 200 === 0 ? "failed" : "healthy", i % 200 === 0)
      if (i % 1000 === 999) await new Promise(setImmediate)
    }
    assert.isAbove(turns, 10)
    backend.backend.behaviour = ok
    await backend.backend.kill()
    await backend.backend.revive()
    await agent.shutdown(10_000)
    assert.strictEqual(names(backend.items.traces).filter((name) => name === "failed").length, errors)
    const lost = ["sampled", "queue_full"].reduce((sum, reason) => sum + dropped(agent, "traces", reason), 0)
    assert.strictEqual(backend.items.traces.length + lost, 100_000)
    assert.isAbove(backend.items.metrics.length, 0)
    assert.strictEqual(agent.dropped().filter(({ signal }) => signal === "metrics").length, 0)
  })

  it("writes the lowered rate into healthy spans, so that they can be counted back", async () => {
    const backend = await collecting(hang)
    const agent = start({ endpoint: backend.backend.endpoint, limits: { flushMillis: 10, queueItems: 1000, timeoutMillis: 60_000 } })
    await until("the rate is lowered", () => {
      for (let i = 0; i < 100; i++) endSpan(agent, "flood")
      return dropped(agent, "traces", "sampled") > 0
    })
    for (let i = 0; i < 100; i++) endSpan(agent, "after")
    endSpan(agent, "failed", true)
    backend.backend.behaviour = ok
    await backend.backend.kill()
    await backend.backend.revive()
    await agent.shutdown(10_000)
    const states = (wanted: string) =>
      new Set(backend.items.traces.filter(({ item }) => String(item.name) === wanted).map(({ item }) => String(item.traceState)))
    assert.deepStrictEqual(states("after"), new Set(["ot=th:8"]))
    assert.deepStrictEqual(states("failed"), new Set(["ot=th:0"]))
  })

  it("ends by its deadline, and counts what is left", async () => {
    const backend = await collecting(hang)
    const agent = start({ endpoint: backend.backend.endpoint, limits: quick })
    for (let i = 0; i < 10; i++) endSpan(agent, `span ${i}`)
    await until("a request hangs", () => backend.backend.requests === 1)
    await agent.shutdown(100)
    assert.strictEqual(dropped(agent, "traces", "shutdown"), 10)
    endSpan(agent, "late")
    assert.strictEqual(dropped(agent, "traces", "shutdown"), 11)
  })

  it("changes the rate while the application runs: about half of 1000, then about a tenth", async () => {
    const backend = await collecting()
    const agent = start({ endpoint: backend.backend.endpoint, limits: quick, sampling: { probability: 0.5, parentBased: false } })
    const random = new Seeded(5)
    const hex = () => random.between(0, 0xffff).toString(16).padStart(4, "0")
    const thousand = (): number => {
      let kept = 0
      for (let i = 0; i < 1000; i++) {
        const traceId = Array.from({ length: 8 }, hex).join("")
        const parent = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: "1".repeat(16), traceFlags: TraceFlags.SAMPLED })
        const span = agent.tracerProvider.getTracer("test").startSpan("work", {}, parent)
        if (span.isRecording()) kept++
        span.end()
      }
      return kept
    }
    const before = thousand()
    assert.deepStrictEqual(agent.apply('{"sampling":{"probability":0.1,"parentBased":false}}'), { _tag: "Applied" })
    const after = thousand()
    assert.closeTo(before, 500, 64)
    assert.closeTo(after, 100, 38)
    const states = (await backend.take("traces", before + after)).map(({ item }) => String(item.traceState))
    assert.strictEqual(states.filter((state) => state === "ot=th:8").length, before)
    assert.strictEqual(states.filter((state) => state === "ot=th:e666").length, after)
  })

  it("says what is wrong with its options, and with a remote document, and then keeps what it has", () => {
    const service = { name: "checkout" }
    assert.throws(() => startAgent({ service, endpoint: "localhost:4318" }), /endpoint "localhost:4318" is not an http or https URL/)
    assert.throws(() => startAgent({ service, sampling: { probability: 2 } }), /sampling\.probability: .*between 0 and 1/)
    const agent = start({ endpoint: "http://127.0.0.1:1", sampling: { probability: 0.5 } })
    const wrong = ["{", "[]", '{"samplin":{}}', '{"sampling":{"rules":[{"name":"x"}]}}', '{"limits":{"queueItems":0}}', '{"limits":3}']
    for (const document of wrong) {
      const applied = agent.apply(document)
      assert.strictEqual(applied._tag, "Failed", document)
      assert.strictEqual(agent.settings().sampling.probability, 0.5)
    }
    assert.deepInclude(agent.apply('{"sampling":{"rules":[{"name":"x"}]}}'), { message: "sampling.rules.0.probability: Missing key" })
    agent.apply('{"limits":{"queueItems":10}}')
    assert.deepInclude(agent.settings().limits, { queueItems: 10 })
    assert.strictEqual(agent.settings().sampling.probability, 0.5)
    agent.apply("")
    assert.deepInclude(agent.settings().limits, { queueItems: 8192 })
  })
})
