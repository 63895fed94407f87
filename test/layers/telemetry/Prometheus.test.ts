import { assert, describe, it } from "@effect/vitest"
import { Books, maxTenants } from "../../../src/domain/Books.ts"
import type { DropReason } from "../../../src/domain/DropReason.ts"
import type { RefusalReason } from "../../../src/domain/Refusal.ts"
import { signals } from "../../../src/domain/Signal.ts"
import { type Metric, metrics } from "../../../src/layers/telemetry/Metrics.ts"
import { render } from "../../../src/layers/telemetry/Prometheus.ts"
import { showQueue } from "../../../src/layers/telemetry/QueueGauges.ts"
import { Registry } from "../../../src/layers/telemetry/Registry.ts"
import { parseMetrics, sumOf } from "../../support/Metrics.ts"
import { Random } from "../../support/otlp/Random.ts"

const receiver = { kind: "receiver", id: "otlp", transport: "grpc" } as const
const exporter = { kind: "exporter", id: "otlp_http/eu" } as const
const scrape = (books: Books, registry = new Registry(), level: "basic" | "normal" | "detailed" = "normal") =>
  parseMetrics(render({ books, registry, level }))

describe("render", () => {
  it("has the Collector's names and labels, with and without _total", () => {
    const books = new Books()
    for (const tenant of ["a", "b"]) {
      const row = books.row(receiver, tenant, "traces")
      row.accepted += 10
      row.returned += 1
      row.refuse("queue_full", 2)
      const out = books.row(exporter, tenant, "traces")
      out.accepted += 9
      out.delivered += 4
      out.drop("retry_exhausted", 2)
      out.drop("partial_success", 1)
      out.drop("expired", 1)
      out.refuse("queue_full", 3)
    }
    const samples = scrape(books)
    for (const suffix of ["", "_total"]) {
      const has = (name: string, labels: { readonly [name: string]: string }, value: number) =>
        assert.deepStrictEqual(
          samples.filter((sample) => sample.name === name + suffix),
          [{ name: name + suffix, labels, value }]
        )
      has("otelcol_receiver_accepted_spans", { receiver: "otlp", transport: "grpc" }, 18)
      has("otelcol_receiver_refused_spans", { receiver: "otlp", transport: "grpc" }, 4)
      has("otelcol_exporter_sent_spans", { exporter: "otlp_http/eu" }, 8)
      has("otelcol_exporter_send_failed_spans", { exporter: "otlp_http/eu" }, 6)
      has("otelcol_exporter_enqueue_failed_spans", { exporter: "otlp_http/eu" }, 6)
    }
    const dropped = { kind: "exporter", component: "otlp_http/eu", signal: "traces", tenant: "b" }
    assert.strictEqual(sumOf(samples, "weir_dropped_items_total", { ...dropped, reason: "retry_exhausted" }), 2)
    assert.strictEqual(sumOf(samples, "weir_dropped_items_total", { ...dropped, reason: "expired" }), 1)
    assert.strictEqual(sumOf(samples, "weir_refused_items_total", { kind: "receiver", transport: "grpc", reason: "queue_full" }), 4)
  })

  it("counts processors and the memory limiter", () => {
    const books = new Books()
    const row = books.row({ kind: "processor", id: "memory_limiter/x" }, "a", "logs")
    row.accepted += 7
    row.delivered += 5
    row.refuse("memory_limiter", 3)
    const samples = scrape(books)
    assert.strictEqual(sumOf(samples, "otelcol_processor_incoming_items", { processor: "memory_limiter/x", otel_signal: "logs" }), 7)
    assert.strictEqual(sumOf(samples, "otelcol_processor_outgoing_items_total", { processor: "memory_limiter/x" }), 5)
    assert.strictEqual(sumOf(samples, "otelcol_processor_memory_limiter_accepted_log_records", { processor: "memory_limiter/x" }), 7)
    assert.strictEqual(sumOf(samples, "otelcol_processor_memory_limiter_refused_log_records_total", { processor: "memory_limiter/x" }), 3)
  })

  it("lets the books be checked from outside: the equation holds in the samples of every row", () => {
    const rng = new Random(3)
    const books = new Books()
    const drops: ReadonlyArray<DropReason> = ["filtered", "permanent_error", "shutdown"]
    const refusals: ReadonlyArray<RefusalReason> = ["admission", "malformed"]
    for (let i = 0; i < 500; i++) {
      const row = books.row(rng.pick([receiver, exporter]), rng.pick(["a", "b", 'c"\\\nd', "ü"]), rng.pick(signals))
      row.accepted += rng.below(9)
      row.created += rng.below(3)
      row.restored += rng.below(3)
      row.delivered += rng.below(4)
      row.returned += rng.below(2)
      row.drop(rng.pick(drops), rng.below(3))
      row.refuse(rng.pick(refusals), rng.below(3))
    }
    const samples = scrape(books)
    const held = samples.filter(({ name }) => name === "weir_held_items")
    assert.strictEqual(held.length, 2 * 4 * 3)
    for (const { labels, value } of held) {
      const sum = (what: string) => sumOf(samples, `weir_${what}_items_total`, labels)
      assert.strictEqual(sum("accepted") + sum("created") + sum("restored"), sum("delivered") + sum("dropped") + sum("returned") + value)
    }
    assert.strictEqual(
      sumOf(samples, "weir_refused_items_total"),
      [...books.rows()].flatMap((row) => [...row.refused.values()]).reduce((a, b) => a + b, 0)
    )
  })

  it("escapes label values, and keeps the number of tenants bounded", () => {
    const books = new Books()
    books.row(exporter, 'a"b\\c\nd\ud800', "logs").accepted += 1
    const line = render({ books, registry: new Registry(), level: "basic" })
      .split("\n")
      .find((text) => text.startsWith("weir_accepted_items_total"))
    assert.include(line, 'tenant="a\\"b\\\\c\\nd\ufffd"} 1')
    for (let i = 0; i < maxTenants * 2; i++) books.row(exporter, `t${i}`, "logs").accepted += 1
    const samples = scrape(books).filter(({ name }) => name === "weir_accepted_items_total")
    assert.strictEqual(samples.length, maxTenants + 1)
    assert.strictEqual(sumOf(samples, "weir_accepted_items_total"), maxTenants * 2 + 1)
  })

  it("reads what components show, and forgets what they take down", () => {
    const registry = new Registry()
    const queue = { size: 3, capacity: 1000, inFlight: 2, heldBytes: 4096, failedAttempts: 0 }
    const takeDown = showQueue(registry, "otlp", "traces", queue)
    const labels = { exporter: "otlp", data_type: "traces" }
    queue.size = 4
    const samples = scrape(new Books(), registry)
    assert.strictEqual(sumOf(samples, "otelcol_exporter_queue_size", labels), 4)
    assert.strictEqual(sumOf(samples, "otelcol_exporter_queue_capacity", labels), 1000)
    assert.strictEqual(sumOf(samples, "otelcol_exporter_in_flight_requests", labels), 2)
    assert.strictEqual(sumOf(samples, "weir_exporter_queue_bytes", labels), 4096)
    // The next configuration shows the same queue before this one takes it down.
    const next = showQueue(registry, "otlp", "traces", { ...queue, size: 9 })
    takeDown()
    assert.strictEqual(sumOf(scrape(new Books(), registry), "otelcol_exporter_queue_size", labels), 9)
    next()
    assert.isEmpty(scrape(new Books(), registry).filter(({ name }) => name === "otelcol_exporter_queue_size"))
  })

  it("writes distributions with cumulative buckets, which outlive a swap", () => {
    const registry = new Registry()
    const labels = { processor: "batch" }
    for (const size of [5, 10, 11, 8192, 200_000]) registry.histogram("batchSendSize", labels).observe(size)
    const samples = scrape(new Books(), registry)
    const bucket = (le: string) => sumOf(samples, "otelcol_processor_batch_batch_send_size_bucket", { processor: "batch", le })
    assert.deepStrictEqual([bucket("10"), bucket("25"), bucket("9000"), bucket("100000"), bucket("+Inf")], [2, 3, 4, 4, 5])
    assert.strictEqual(sumOf(samples, "otelcol_processor_batch_batch_send_size_sum", labels), 208_218)
    assert.strictEqual(sumOf(samples, "otelcol_processor_batch_batch_send_size_count", labels), 5)
  })

  it("shows what the level asks for", () => {
    const registry = new Registry()
    registry.histogram("batchSendSize", { processor: "batch" }).observe(1)
    registry.histogram("batchSendSizeBytes", { processor: "batch" }).observe(1)
    const has = (level: "basic" | "normal" | "detailed", name: string) =>
      scrape(new Books(), registry, level).some((sample) => sample.name === `otelcol_processor_batch_batch_send_size${name}_count`)
    assert.deepStrictEqual(
      [has("basic", ""), has("normal", ""), has("normal", "_bytes"), has("detailed", "_bytes")],
      [false, true, false, true]
    )
    assert.isAbove(sumOf(scrape(new Books(), registry, "basic"), "otelcol_process_memory_rss"), 1e6)
    assert.isAbove(sumOf(scrape(new Books(), registry, "basic"), "otelcol_process_cpu_seconds_total"), 0)
  })

  it("has one declaration a name, and names that Prometheus accepts", () => {
    const all: ReadonlyArray<Metric> = Object.values(metrics)
    const names = all.flatMap((metric) => metric.names)
    assert.strictEqual(new Set(names).size, names.length)
    for (const name of names) assert.match(name, /^[a-z][a-z0-9_]*$/)
    for (const { labels } of all) for (const label of labels) assert.match(label, /^[a-z][a-z0-9_]*$/)
  })

  it("writes one HELP and one TYPE before the samples of a family, and no labels beside the declared ones", () => {
    const books = new Books()
    for (const signal of signals) books.row(receiver, "a", signal).accepted += 1
    for (const signal of signals) books.row(exporter, "a", signal).drop("expired", 0)
    const seen = new Set<string>()
    let family = ""
    const declared = new Map(
      (Object.values(metrics) as ReadonlyArray<Metric>).flatMap((metric) => metric.names.map((name) => [name, metric]))
    )
    for (const line of render({ books, registry: new Registry(), level: "detailed" }).trimEnd().split("\n")) {
      if (line.startsWith("# HELP")) {
        family = line.split(" ")[2]!
        assert.isFalse(seen.has(family))
        seen.add(family)
      } else if (line.startsWith("# TYPE")) assert.strictEqual(line, `# TYPE ${family} ${declared.get(family)!.type}`)
      else {
        const [sample] = parseMetrics(line)
        assert.strictEqual(sample!.name, family)
        for (const label of Object.keys(sample!.labels)) assert.include(declared.get(family)!.labels, label)
      }
    }
  })
})
