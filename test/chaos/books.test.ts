// The books balance: backends are killed, slowed and revived at random while a graph with a filter, a batch processor, splits, fan-out and
// routing carries three tenants and signals; at every moment the accounts hold, and in the end every item is where the books say it is.
import { assert, describe, it } from "@effect/vitest"
import type { DropReason } from "../../src/domain/DropReason.ts"
import type { Books } from "../../src/domain/Books.ts"
import { type Signal, signals } from "../../src/domain/Signal.ts"
import { Audit } from "../support/Audit.ts"
import { Backend, type Behaviour, type Delivery, hang, ok, permanent, unavailable } from "../support/Backend.ts"
import { freePort, until } from "../support/Facts.ts"
import { scrape } from "../support/GatewayProcess.ts"
import { countItems, Ledger } from "../support/Ledger.ts"
import { type Sample, sumOf } from "../support/Metrics.ts"
import { decode, itemsOf } from "../support/Otlp.ts"
import { grpcTransport, httpTransport, RawSender } from "../support/RawSender.ts"
import { tenantOf } from "../support/Requests.ts"
import { RunningGateway } from "../support/RunningGateway.ts"
import { Seeded } from "../support/Seeded.ts"
import { scale, seed, timeoutMillis } from "./Scale.ts"

const tenants = ["red", "green", "blue"] as const
type Key = `${Signal} ${string}`

/** What one backend was sent, apart for each signal and tenant. */
class Arrivals {
  private readonly ledgers = new Map<Key, Ledger>()

  of(signal: Signal, tenant: string): Ledger {
    const key: Key = `${signal} ${tenant}`
    const ledger = this.ledgers.get(key) ?? new Ledger()
    this.ledgers.set(key, ledger)
    return ledger
  }

  readonly record = (delivery: Delivery): void => {
    const owners = new Set(itemsOf(delivery.signal, decode(delivery.signal, delivery.bytes)).map(tenantOf))
    if (owners.size !== 1) throw new Error(`one request carries ${owners.size} tenants`)
    this.of(delivery.signal, [...owners][0]!).record(delivery)
  }
}

/** Traces go to both backends, metrics to the first, logs by tenant: the red ones to the first, all others to the second. */
const destinations = (signal: Signal, tenant: string): { readonly first: boolean; readonly second: boolean } => ({
  first: signal !== "logs" || tenant === "red",
  second: signal === "traces" || (signal === "logs" && tenant !== "red")
})

/** The filter takes spans whose number ends in 7. */
const isFiltered = (signal: Signal, id: string): boolean => signal === "traces" && id.endsWith("7")

const configuration = (
  ports: { readonly http: number; readonly grpc: number; readonly metrics: number },
  first: Backend,
  second: Backend
) => {
  const delivery = {
    timeout: "2s",
    compression: "none",
    tls: { insecure: true },
    retry_on_failure: { initial_interval: "20ms", max_interval: "100ms", max_elapsed_time: "2500ms" },
    sending_queue: { num_consumers: 3, queue_size: 600, sizer: "items", batch: { flush_timeout: "10ms", min_size: 20, max_size: 45 } }
  }
  return {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${ports.http}` }, grpc: { endpoint: `127.0.0.1:${ports.grpc}` } } } },
    processors: {
      filter: { error_mode: "ignore", traces: { span: [`IsMatch(attributes["test.id"], "7$")`] } },
      batch: { send_batch_size: 60, send_batch_max_size: 70, timeout: "15ms" }
    },
    connectors: {
      routing: {
        default_pipelines: ["logs/second"],
        table: [{ condition: `resource.attributes["tenant"] == "red"`, pipelines: ["logs/first"] }]
      }
    },
    exporters: { "otlp_http/first": { endpoint: first.endpoint, ...delivery }, "otlp/second": { endpoint: second.endpoint, ...delivery } },
    service: {
      telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: "127.0.0.1", port: ports.metrics } } } }] } },
      pipelines: {
        traces: { receivers: ["otlp"], processors: ["filter"], exporters: ["otlp_http/first", "otlp/second"] },
        metrics: { receivers: ["otlp"], processors: ["batch"], exporters: ["otlp_http/first"] },
        logs: { receivers: ["otlp"], exporters: ["routing"] },
        "logs/first": { receivers: ["routing"], exporters: ["otlp_http/first"] },
        "logs/second": { receivers: ["routing"], processors: ["batch"], exporters: ["otlp/second"] }
      }
    }
  }
}

const exporters = [
  { id: "otlp_http/first", side: "first" },
  { id: "otlp/second", side: "second" }
] as const

/** Held by the equation, and held by the queues and what is under way: two counts of the same, in one look. Returns how much. */
const assertQueuesHoldWhatTheBooksSay = (samples: ReadonlyArray<Sample>): number => {
  let total = 0
  for (const { id } of exporters) {
    for (const signal of signals) {
      const queued = sumOf(samples, "otelcol_exporter_queue_size", { exporter: id, data_type: signal })
      const held = sumOf(samples, "weir_held_items", { kind: "exporter", component: id, signal })
      assert.strictEqual(queued, held, `${signal} in the queue of ${id}, seed ${seed}`)
      total += queued
    }
  }
  return total
}

/** What chance might leave out. */
const everyReasonComesUp = async (audit: Audit, id: string, backend: Backend): Promise<void> => {
  const comesUp = (reason: DropReason) =>
    until(`items are dropped by ${id} for ${reason}`, () => audit.sum("exporter", id, (row) => row.dropped.get(reason) ?? 0) > 0)
  backend.behaviour = { _tag: "partial", rejected: 5 }
  await comesUp("partial_success")
  backend.behaviour = permanent
  await comesUp("permanent_error")
  await backend.kill()
  await comesUp("retry_exhausted")
  await backend.revive()
  backend.behaviour = ok
}

const assertEqualsBooks = (samples: ReadonlyArray<Sample>, books: Books): void => {
  for (const row of books.rows()) {
    const labels = { kind: row.component.kind, component: row.component.id, signal: row.signal, tenant: row.tenant }
    const of = row.component.transport === undefined ? labels : { ...labels, transport: row.component.transport }
    const shown = (name: string) => sumOf(samples, `weir_${name}_items_total`, of)
    const { accepted, created, delivered, droppedItems, returned } = row
    assert.deepEqual(
      [shown("accepted"), shown("created"), shown("delivered"), shown("dropped"), shown("returned")],
      [accepted, created, delivered, droppedItems, returned],
      JSON.stringify(of)
    )
  }
}

describe("the books", () => {
  it("balance while backends die, hang, refuse, reject and recover", { timeout: timeoutMillis }, async () => {
    const random = new Seeded(seed)
    const arrivals = { first: new Arrivals(), second: new Arrivals() }
    const first = await Backend.start({ protocol: "http", countItems, onDelivery: arrivals.first.record })
    const second = await Backend.start({ protocol: "grpc", countItems, onDelivery: arrivals.second.record })
    const ports = { http: await freePort(), grpc: await freePort(), metrics: await freePort() }
    const gateway = await RunningGateway.start(configuration(ports, first, second))
    const audit = new Audit(gateway.service.books)
    let mostQueued = 0
    const endWatch = audit.watch()

    const sent = new Arrivals()
    const senders = signals.flatMap((signal) =>
      tenants.map(
        (tenant, i) =>
          new RawSender({
            name: `${tenant}-${signal}`,
            transport: i % 2 === 0 ? httpTransport(() => ports.http) : grpcTransport(() => ports.grpc),
            ledger: sent.of(signal, tenant),
            signal,
            next: () => ({ items: random.between(1, 40), tenant }),
            pauseMillis: random.between(1, 15)
          })
      )
    )

    const behaviours: ReadonlyArray<() => Behaviour> = [
      () => ok,
      () => ok,
      () => unavailable,
      () => permanent,
      () => hang,
      () => ({ _tag: "slow", millis: random.between(5, 60) }),
      () => ({ _tag: "partial", rejected: random.between(1, 60) }),
      () => ({ _tag: "status", http: 429, grpc: 8, retryAfterSeconds: 1 })
    ]
    try {
      for (const { id, side } of exporters) await everyReasonComesUp(audit, id, side === "first" ? first : second)
      for (let round = 0; round < scale(60, 3000); round++) {
        const backend = random.pick([first, second])
        if (random.next() < 0.25) await (backend.isAlive ? backend.kill() : backend.revive())
        else backend.behaviour = random.pick(behaviours)()
        const passed = audit.looks
        mostQueued = Math.max(mostQueued, assertQueuesHoldWhatTheBooksSay(await scrape(ports.metrics)))
        await until("time passes", () => audit.looks >= passed + 50)
      }
      await Promise.all(senders.map((sender) => sender.stop()))
      for (const backend of [first, second]) {
        backend.behaviour = ok
        if (!backend.isAlive) await backend.revive()
      }
      await until("nothing is held any more", () => audit.held().length === 0)
      assertEqualsBooks(await scrape(ports.metrics), gateway.service.books)
    } finally {
      await Promise.all(senders.map((sender) => sender.stop()))
      await gateway.stop()
      await first.kill()
      await second.kill()
      endWatch()
    }
    audit.look()

    for (const sender of senders) assert.deepEqual(sender.breaks, [], `seed ${seed}`)
    for (const signal of signals) {
      for (const tenant of tenants) {
        const of = { signal, tenant }
        const where = `${signal} of ${tenant}, seed ${seed}`
        const { accepted } = sent.of(signal, tenant)
        assert.strictEqual(
          audit.sum("receiver", "otlp", (row) => row.accepted - row.returned, of),
          accepted.size,
          `accepted, ${where}`
        )
        const kept = [...accepted].filter((id) => !isFiltered(signal, id))
        for (const { id, side } of exporters) {
          const there = arrivals[side].of(signal, tenant)
          if (!destinations(signal, tenant)[side]) {
            assert.strictEqual(there.arrivals.size, 0, `what should not have come to ${id}, ${where}`)
            continue
          }
          assert.deepEqual(there.repeated(), [], `twice at ${id}, ${where}`)
          assert.strictEqual(
            audit.sum("exporter", id, (row) => row.accepted, of),
            kept.length,
            `accepted by ${id}, ${where}`
          )
          assert.strictEqual(
            audit.sum("exporter", id, (row) => row.delivered, of),
            there.delivered,
            `delivered by ${id}, ${where}`
          )
          const rejected = audit.sum("exporter", id, (row) => row.dropped.get("partial_success") ?? 0, of)
          assert.strictEqual(rejected, there.rejected, `rejected by the backend of ${id}, ${where}`)
          const missing = kept.filter((item) => !there.arrivals.has(item))
          const dropped = audit.sum("exporter", id, (row) => row.droppedItems, of) - rejected
          assert.strictEqual(missing.length, dropped, `dropped by ${id}, ${where}`)
          assert.deepEqual(
            [...there.arrivals.keys()].filter((item) => !accepted.has(item)),
            [],
            `never accepted, but at ${id}, ${where}`
          )
        }
      }
    }
    assert.isAbove(audit.looks, 1000)
    assert.isAbove(mostQueued, 100)
  })
})
