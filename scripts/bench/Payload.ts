/**
 * Requests for the load generator: at least 20,000 distinct items (a repeated payload would flatter every compressor), about 450 B a span,
 * 280 B a log record and 300 B a data point, encoded by the official transformer's protobuf code. Seeded, so every run sends the same.
 */
import { createRequire } from "node:module"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { type Case, type Compression, deletedAttribute, filteredPath, type Signal, tenants } from "./Case.ts"
import { countItems } from "./Wire.ts"

const distinctItems = 20_000

interface Encoder {
  readonly encode: (message: unknown) => { readonly finish: () => Uint8Array }
}
const { opentelemetry } = createRequire(import.meta.url)("otlp-transformer-generated/build/src/generated/root.js")
const encoders: { readonly [S in Signal]: Encoder } = {
  traces: opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest,
  logs: opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest,
  metrics: opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest
}

/** mulberry32: small, seeded, good enough for a payload. */
class Random {
  private state = 0x5eed
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }
  pick<A>(values: ReadonlyArray<A>): A {
    return values[this.below(values.length)]!
  }
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }
  hex(length: number): string {
    return Buffer.from(this.bytes(length / 2)).toString("hex")
  }
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const integer = (key: string, intValue: number) => ({ key, value: { intValue } })

const routes = ["/api/carts/{id}/items", "/api/orders/{id}", "/api/products/search", "/api/checkout", "/api/users/{id}/profile"]

/** Every tenth item is one that the filter pipeline drops; the first of a request never is, since it carries the stamp. */
const path = (random: Random, index: number): string =>
  index % 10 === 5 ? filteredPath : random.pick(routes).replace("{id}", random.hex(8))

const resource = (random: Random, tenant: string) => ({
  attributes: [
    text("tenant", tenant),
    text("service.name", random.pick(["cart", "checkout", "catalogue", "payment"])),
    text("service.version", `2.${random.below(20)}.${random.below(20)}`),
    text("service.instance.id", random.hex(32)),
    text("host.name", `node-${random.below(500)}.eu-central.internal`),
    text("k8s.pod.name", `pod-${random.hex(10)}`),
    text("telemetry.sdk.language", "nodejs"),
    text("telemetry.sdk.name", "opentelemetry")
  ]
})

const scope = { name: "@opentelemetry/instrumentation-http", version: "0.223.0" }

const now = 1_790_000_000_000_000_000n
const nanos = (random: Random): string => (now + BigInt(random.below(1_000_000_000))).toString()

const span = (random: Random, index: number) => ({
  traceId: random.bytes(16),
  spanId: random.bytes(8),
  parentSpanId: random.bytes(8),
  name: `${random.pick(["GET", "POST", "PUT"])} ${random.pick(routes)}`,
  kind: 2,
  startTimeUnixNano: nanos(random),
  endTimeUnixNano: nanos(random),
  attributes: [
    text("http.request.method", random.pick(["GET", "POST", "PUT"])),
    text("url.path", path(random, index)),
    text("url.scheme", "https"),
    text(deletedAttribute, random.hex(12)),
    text("server.address", `shop-${random.below(40)}.example.com`),
    text("client.address", `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`),
    text("user_agent.original", `Mozilla/5.0 (X11; Linux x86_64) Version/${random.below(1000)}`),
    text("network.protocol.version", "1.1"),
    integer("http.response.status_code", random.pick([200, 200, 200, 201, 404, 500])),
    integer("http.response.body.size", random.below(100_000))
  ],
  status: {}
})

const logRecord = (random: Random, index: number) => ({
  timeUnixNano: nanos(random),
  severityNumber: 9,
  severityText: "INFO",
  body: { stringValue: `handled request ${random.hex(8)} for ${random.pick(routes)} in ${random.below(900)} ms` },
  attributes: [
    text("url.path", path(random, index)),
    text(deletedAttribute, random.hex(12)),
    text("code.function.name", random.pick(["handleRequest", "processOrder", "renderPage"])),
    integer("http.response.status_code", random.pick([200, 404, 500]))
  ],
  traceId: random.bytes(16),
  spanId: random.bytes(8)
})

const metric = (random: Random, index: number) => ({
  name: "http.server.request.duration",
  unit: "s",
  histogram: {
    aggregationTemporality: 2,
    dataPoints: [
      {
        startTimeUnixNano: nanos(random),
        timeUnixNano: nanos(random),
        count: "100",
        sum: random.next() * 1000,
        bucketCounts: Array.from({ length: 8 }, () => random.below(100)),
        explicitBounds: [0.01, 0.05, 0.1, 0.5, 1, 5, 10],
        attributes: [
          text("url.path", path(random, index)),
          text(deletedAttribute, random.hex(12)),
          text("server.address", `shop-${random.below(40)}.example.com`),
          integer("http.response.status_code", random.pick([200, 404, 500]))
        ]
      }
    ]
  }
})

/** One resource per hundred items, as an SDK or a merging agent sends them. */
const message = (random: Random, signal: Signal, items: number, tenant: string): unknown => {
  const groups = Array.from({ length: Math.ceil(items / 100) }, (_, group) => Math.min(100, items - group * 100))
  const each = <A>(count: number, make: (random: Random, index: number) => A) => Array.from({ length: count }, (_, i) => make(random, i))
  switch (signal) {
    case "traces":
      return {
        resourceSpans: groups.map((n) => ({ resource: resource(random, tenant), scopeSpans: [{ scope, spans: each(n, span) }] }))
      }
    case "logs":
      return {
        resourceLogs: groups.map((n) => ({ resource: resource(random, tenant), scopeLogs: [{ scope, logRecords: each(n, logRecord) }] }))
      }
    case "metrics":
      return {
        resourceMetrics: groups.map((n) => ({ resource: resource(random, tenant), scopeMetrics: [{ scope, metrics: each(n, metric) }] }))
      }
  }
}

export const compress = (bytes: Uint8Array, compression: Compression): Uint8Array =>
  compression === "gzip" ? gzipSync(bytes, { level: 1 }) : compression === "zstd" ? zstdCompressSync(bytes) : bytes

export interface Request {
  /** As it travels: compressed where the case says so. */
  readonly body: Uint8Array
  readonly items: number
  /** Where the time stamps are to be written; none in compressed bodies. */
  readonly stamps: ReadonlyArray<number>
}

export const requests = (it: Case): ReadonlyArray<Request> => {
  const random = new Random()
  return Array.from({ length: Math.ceil(distinctItems / it.items) }, (_, i) => {
    const encoded = encoders[it.signal].encode(message(random, it.signal, it.items, tenants[i % tenants.length]!)).finish()
    const stamps: Array<number> = []
    countItems(encoded, it.signal, (offset) => stamps.push(offset))
    return { body: compress(encoded, it.compression), items: it.items, stamps: it.compression === "none" ? stamps : [] }
  })
}
