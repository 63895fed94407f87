import { afterEach, assert, describe, it } from "@effect/vitest"
import { noMetadata, Batch } from "../../../src/domain/Batch.ts"
import { Books } from "../../../src/domain/Books.ts"
import type { Figures } from "../../../src/domain/loop/Figures.ts"
import { Observer } from "../../../src/layers/observation/Observer.ts"
import { Turns } from "../../../src/streams/Turns.ts"
import { CountingLease, RecordingAck } from "../../support/Accounts.ts"
import { type Behaviour, Backend, ok, permanent } from "../../support/Backend.ts"
import { until } from "../../support/Facts.ts"
import { encode } from "../../support/Otlp.ts"
import { RunningGateway } from "../../support/RunningGateway.ts"

const span = (i: number, more: object = {}) => ({
  traceId: Buffer.alloc(16, i + 1),
  spanId: Buffer.alloc(8, i + 1),
  name: "s",
  startTimeUnixNano: "1790000000000000000",
  endTimeUnixNano: "1790000002000000000",
  ...more
})

const group = (service: string, tenant: string, spans: ReadonlyArray<object>) => ({
  resource: {
    attributes: [
      { key: "service.name", value: { stringValue: service } },
      { key: "tenant", value: { stringValue: tenant } }
    ]
  },
  scopeSpans: [{ spans }]
})

/** Two services of two tenants: 6 and 4 spans, of them 2 and 0 errors; all are slow roots. */
const request = encode("traces", {
  resourceSpans: [
    group(
      "checkout",
      "acme",
      Array.from({ length: 6 }, (_, i) => span(i, i < 2 ? { status: { code: 2 } } : {}))
    ),
    group(
      "cart",
      "initech",
      Array.from({ length: 4 }, (_, i) => span(i))
    )
  ]
})

const stops: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const backend = async (behaviour: Behaviour = ok): Promise<string> => {
  const started = await Backend.start({ protocol: "http", behaviour, onDelivery: () => {}, countItems: () => 10 })
  stops.push(() => started.kill())
  return `http://127.0.0.1:${started.port}`
}

const gateway = async (parts: object, pipeline: object): Promise<RunningGateway> => {
  const running = await RunningGateway.start({
    receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } },
    ...parts,
    service: { pipelines: { traces: { receivers: ["otlp"], ...pipeline } }, telemetry: { metrics: { level: "none" } } }
  })
  stops.push(() => running.stop())
  return running
}

const send = async (running: RunningGateway, body: Uint8Array): Promise<number> => {
  const url = `http://${running.service.addresses()[0]!.address}/v1/traces`
  return (await fetch(url, { method: "POST", headers: { "content-type": "application/x-protobuf" }, body })).status
}

/** Everything seen, by tenant and service, once nothing is held any more. */
const seen = async (running: RunningGateway): Promise<ReadonlyMap<string, Figures>> => {
  await until("nothing is held", () => running.service.balance().held === 0)
  const { subjects } = running.service.observer.take()
  return new Map(subjects.map(({ subject, figures }) => [`${subject.tenant}/${subject.service}`, figures]))
}

const volumes = (figures: Figures | undefined) => ({
  received: figures?.received.items,
  delivered: [figures?.delivered.items, figures?.delivered.errors, figures?.delivered.slow],
  dropped: figures?.dropped
})

describe("the observer of a gateway", () => {
  it("sees by service and tenant what arrives and what an exporter delivers", async () => {
    const running = await gateway(
      { exporters: { otlp_http: { endpoint: await backend(), compression: "none" } } },
      { exporters: ["otlp_http"] }
    )
    assert.strictEqual(await send(running, request), 200)
    assert.deepStrictEqual(await seen(running), new Map(), "off, it sees nothing")
    running.service.observer.turn(true)
    assert.strictEqual(await send(running, request), 200)
    const figures = await seen(running)
    assert.deepStrictEqual([...figures.keys()].toSorted(), ["acme/checkout", "initech/cart"])
    const checkout = figures.get("acme/checkout")!
    assert.deepStrictEqual(checkout.delivered, checkout.received)
    assert.deepStrictEqual([checkout.received.items, checkout.received.errors, checkout.received.slow], [6, 2, 6])
    assert.strictEqual(checkout.received.bytes + figures.get("initech/cart")!.received.bytes, request.length)
    assert.deepStrictEqual([checkout.durations!.count, checkout.durations!.max], [6, 2])
  })

  it("counts the items of a fan-out as delivered once, by the destination that does not only show them", async () => {
    const exporters = { debug: {}, "otlp_http/a": { endpoint: await backend() }, "otlp_http/b": { endpoint: await backend() } }
    const running = await gateway({ exporters }, { exporters: ["debug", "otlp_http/a", "otlp_http/b"] })
    running.service.observer.turn(true)
    await send(running, request)
    assert.deepStrictEqual(volumes((await seen(running)).get("acme/checkout")), { received: 6, delivered: [6, 2, 6], dropped: {} })
  })

  it("counts what a processor drops by tenant, what a backend refuses for good by service", async () => {
    const exporters = { otlp_http: { endpoint: await backend(permanent) } }
    const processors = { filter: { traces: { span: ["status.code == 2"] } } }
    const running = await gateway({ exporters, processors }, { processors: ["filter"], exporters: ["otlp_http"] })
    running.service.observer.turn(true)
    await send(running, request)
    const figures = await seen(running)
    assert.deepStrictEqual(volumes(figures.get("acme/checkout")), { received: 6, delivered: [0, 0, 0], dropped: { permanent_error: 4 } })
    assert.deepStrictEqual(figures.get("acme/*")!.dropped, { filtered: 2 })
    assert.deepStrictEqual(figures.get("initech/cart")!.dropped, { permanent_error: 4 })
  })

  it("does not count what was refused as received", async () => {
    const running = await gateway(
      { exporters: { otlp_http: { endpoint: await backend(permanent), sending_queue: { enabled: false } } } },
      { exporters: ["otlp_http"] }
    )
    running.service.observer.turn(true)
    assert.strictEqual(await send(running, new Uint8Array([1, 2, 3])), 400)
    assert.deepStrictEqual(await seen(running), new Map())
  })
})

describe("the observer", () => {
  const big = encode("traces", {
    resourceSpans: [
      group(
        "checkout",
        "acme",
        Array.from({ length: 20_000 }, (_, i) => span(i % 200))
      )
    ]
  })
  const batch = (bytes: Uint8Array, items: number) => {
    const lease = new CountingLease()
    const origin = { signal: "traces" as const, tenant: "acme", arrivedAt: 0, deadline: Infinity, metadata: noMetadata }
    return { lease, batch: new Batch(origin, [bytes], items, bytes.length, lease, new RecordingAck()) }
  }
  /** Turns that are taken when the test says so. */
  const byHand = () => {
    const deferred: Array<() => void> = []
    const turns = new Turns({ budgetMillis: 0, now: () => 0, defer: (callback) => deferred.push(callback) })
    const runAll = (): number => {
      let count = 0
      for (let next = deferred.shift(); next !== undefined; next = deferred.shift(), count++) next()
      return count
    }
    return { turns, runAll }
  }

  it("looks at a large batch in later turns, and lets go of its memory then", () => {
    const { turns, runAll } = byHand()
    const observer = new Observer(new Books(), {}, turns)
    observer.turn(true)
    const { batch: large, lease } = batch(big, 20_000)
    observer.received(large)
    lease.release()
    assert.deepStrictEqual([lease.frees, observer.take().subjects.length], [0, 0])
    assert.isAbove(runAll(), 1)
    assert.strictEqual(lease.frees, 1)
    assert.strictEqual(observer.take().subjects[0]!.figures.received.items, 20_000)
  })

  it("with too much waiting loses observations, counted, and holds no more", () => {
    const { turns, runAll } = byHand()
    const observer = new Observer(new Books(), { waitingBytes: big.length }, turns)
    observer.turn(true)
    const held = Array.from({ length: 3 }, () => batch(big, 20_000))
    for (const { batch: large, lease } of held) {
      observer.received(large)
      lease.release()
    }
    assert.deepStrictEqual(
      held.map(({ lease }) => lease.frees),
      [0, 1, 1]
    )
    assert.strictEqual(observer.take().lost, 2)
    assert.strictEqual(observer.lostBatches, 2)
    observer.turn(false)
    runAll()
    assert.deepStrictEqual(
      held.map(({ lease }) => lease.frees),
      [1, 1, 1]
    )
  })

  it("looks at fewer traces when there are many spans, and at all again when there are few", () => {
    const observer = new Observer(new Books(), { looksPerSecond: 100, waitingBytes: 1 << 30 }, byHand().turns)
    observer.turn(true)
    const spans = Array.from({ length: 1000 }, (_, i) =>
      span(0, { traceId: Buffer.from([...Array(14).keys(), i >> 8, i & 255]), status: { code: 2 } })
    )
    const second = (batches: number, spansEach = 1000) => {
      const bytes = encode("traces", { resourceSpans: [group("checkout", "acme", spans.slice(0, spansEach))] })
      for (let i = 0; i < batches; i++) {
        observer.received(batch(bytes, spansEach).batch)
        observer.delivered(batch(bytes, spansEach).batch, 0)
      }
      const { received, durations } = observer.take().subjects[0]!.figures
      return { items: received.items, errors: received.errors, looks: durations!.count }
    }
    second(10)
    const busy = second(10)
    assert.strictEqual(busy.items, 10_000)
    assert.isAtMost(busy.looks, 200)
    assert.closeTo(busy.errors, 10_000, 1000)
    second(1, 50)
    assert.deepStrictEqual(second(1, 50), { items: 50, errors: 50, looks: 50 })
  })
})
