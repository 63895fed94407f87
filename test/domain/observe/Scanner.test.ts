import { assert, describe, it } from "@effect/vitest"
import { noMetadata } from "../../../src/domain/Batch.ts"
import { mostBits, Scanner } from "../../../src/domain/observe/Scanner.ts"
import { Tallies } from "../../../src/domain/observe/Tallies.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import { signals } from "../../../src/domain/Signal.ts"
import { decode, encode, itemsOf, type Plain } from "../../support/Otlp.ts"
import { randomRequest } from "../../support/otlp/Payloads.ts"
import { Random } from "../../support/otlp/Random.ts"

const slowSeconds = 1
const origin = (signal: Signal) => ({ signal, tenant: "t", arrivedAt: 0, deadline: Infinity, metadata: noMetadata })

const scan = (signal: Signal, bytes: Uint8Array, as: "received" | "delivered" = "received", bits = 0) => {
  const tallies = new Tallies(1000)
  const scanner = new Scanner(tallies, { slowSeconds })
  scanner.bits = bits
  scanner.scan(origin(signal), bytes, as)
  return new Map(tallies.take().map(({ subject, figures }) => [subject.service, figures]))
}

/** What an independent decoder counts, by service. */
const count = (signal: Signal, bytes: Uint8Array) => {
  const counts = new Map<string, { items: number; errors: number; slow: number; durations: number }>()
  for (const { resource, item } of itemsOf(signal, decode(signal, bytes))) {
    const attributes = (resource.resource?.["attributes"] ?? []) as unknown as ReadonlyArray<Plain>
    const named = attributes.find(({ key }) => String(key) === "service.name")?.["value"]?.["stringValue"]
    const service = named === undefined || String(named) === "" ? "unknown_service" : String(named)
    let sum = counts.get(service)
    if (sum === undefined) counts.set(service, (sum = { items: 0, errors: 0, slow: 0, durations: 0 }))
    sum.items++
    if (signal === "logs") sum.errors += Number(item["severityNumber"]) >= 17 && Number(item["severityNumber"]) <= 24 ? 1 : 0
    if (signal !== "traces") continue
    if (Number(item["status"]?.["code"]) === 2) sum.errors++
    if ([item["startTimeUnixNano"], item["endTimeUnixNano"]].some((time) => Number(time) === 0)) continue
    const nanos = BigInt(String(item["endTimeUnixNano"])) - BigInt(String(item["startTimeUnixNano"]))
    const parent = Buffer.from(String(item["parentSpanId"]), "base64")
    if (nanos > BigInt(slowSeconds * 1e9) && parent.every((byte) => byte === 0)) sum.slow++
    sum.durations += Math.max(0, Number(nanos)) / 1e9
  }
  return counts
}

const span = (traceId: Buffer, more: object = {}) => ({
  traceId,
  spanId: Buffer.alloc(8, 1),
  name: "s",
  startTimeUnixNano: 1,
  endTimeUnixNano: 2,
  ...more
})
const traces = (service: string, spans: ReadonlyArray<object>) =>
  encode("traces", {
    resourceSpans: [{ resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] }, scopeSpans: [{ spans }] }]
  })

describe("the scanner", () => {
  it("counts what an independent decoder counts, for every signal", () => {
    for (const signal of signals) {
      let subjects = 0
      for (let seed = 0; seed < 60; seed++) {
        const bytes = randomRequest(signal, new Random(seed))
        const expected = count(signal, bytes)
        const actual = scan(signal, bytes)
        subjects += expected.size
        assert.deepStrictEqual(
          new Map([...actual].map(([service, { received }]) => [service, [received.items, received.errors, received.slow]])),
          new Map([...expected].map(([service, { items, errors, slow }]) => [service, [items, errors, slow]])),
          `${signal}, seed ${seed}`
        )
      }
      assert.isAbove(subjects, 20)
    }
  })

  it("counts all bytes of a request, and the durations of spans in seconds", () => {
    const root = { startTimeUnixNano: "1790000000000000000", endTimeUnixNano: "1790000001500000001" }
    const child = { startTimeUnixNano: "4294967295", endTimeUnixNano: "4294967296", parentSpanId: Buffer.alloc(8, 2) }
    const backwards = { startTimeUnixNano: "2000", endTimeUnixNano: "1000" }
    const timeless = { startTimeUnixNano: undefined, endTimeUnixNano: undefined, status: { code: 2 } }
    const bytes = traces(
      "checkout",
      [root, child, backwards, timeless].map((more) => span(Buffer.alloc(16, 7), more))
    )
    const { received, delivered, durations } = scan("traces", bytes).get("checkout")!
    assert.deepStrictEqual(received, { items: 4, bytes: bytes.length, errors: 1, slow: 1 })
    assert.deepStrictEqual(delivered, { items: 0, bytes: 0, errors: 0, slow: 0 })
    assert.deepStrictEqual([durations!.count, durations!.zeroCount, durations!.min, durations!.max], [3, 1, 0, 1.500000001])
    assert.closeTo(durations!.sum, 1.500000002, 1e-12)
  })

  it("counts severities of log records by range", () => {
    const records = [0, 1, 4, 5, 9, 13, 16, 17, 20, 21, 24, 25].map((severityNumber) => ({ severityNumber }))
    const bytes = encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] })
    const { severities, received } = scan("logs", bytes).get("unknown_service")!
    assert.deepStrictEqual(severities, { UNSPECIFIED: 2, TRACE: 2, DEBUG: 1, INFO: 1, WARN: 2, ERROR: 2, FATAL: 2 })
    assert.strictEqual(received.errors, 4)
  })

  it("estimates errors from a part of the traces without bias, and the same part on both sides", () => {
    const random = new Random(5)
    const bits = 3
    const spans = Array.from({ length: 20_000 }, () =>
      span(Buffer.from(Array.from({ length: 16 }, () => random.below(256))), random.chance(0.3) ? { status: { code: 2 } } : {})
    )
    const errors = spans.filter((one) => "status" in one).length
    const bytes = traces("s", spans)
    const { received, durations } = scan("traces", bytes, "received", bits).get("s")!
    const { delivered } = scan("traces", bytes, "delivered", bits).get("s")!
    assert.strictEqual(received.items, 20_000)
    assert.deepStrictEqual(delivered, received)
    // Standard deviation of the estimate: sqrt(errors * 7).
    assert.closeTo(received.errors, errors, 4 * Math.sqrt(errors * (2 ** bits - 1)))
    assert.closeTo(durations!.count, 20_000 / 2 ** bits, 4 * Math.sqrt(20_000 / 2 ** bits))
  })

  it("counts an untouched chunk as delivered just as it counted it as received, also when it looks at other traces by then", () => {
    const tallies = new Tallies(10)
    const scanner = new Scanner(tallies, { slowSeconds })
    const bytes = traces(
      "s",
      [1, 2, 3].map((i) => span(Buffer.alloc(16, i), { status: { code: 2 } }))
    )
    scanner.scan(origin("traces"), bytes, "received")
    scanner.bits = mostBits
    scanner.age()
    scanner.scan(origin("traces"), bytes, "delivered")
    const [{ figures }] = tallies.take() as [ReturnType<typeof tallies.take>[number]]
    assert.deepStrictEqual(figures.delivered, { items: 3, bytes: bytes.length, errors: 3, slow: 0 })
    scanner.age()
    scanner.age()
    scanner.scan(origin("traces"), bytes, "delivered")
    assert.deepStrictEqual(tallies.take()[0]!.figures.delivered, { items: 3, bytes: bytes.length, errors: 0, slow: 0 })
  })

  it("keeps to its subjects: the others share one, and idle ones make room", () => {
    const tallies = new Tallies(2)
    const scanner = new Scanner(tallies, { slowSeconds })
    const send = (service: string) => scanner.scan(origin("traces"), traces(service, [span(Buffer.alloc(16, 1))]), "received")
    for (const service of ["a", "b", "c", "d"]) send(service)
    const services = () => tallies.take().map(({ subject, figures }) => [subject.tenant, subject.service, figures.received.items])
    assert.deepStrictEqual(services(), [
      ["t", "a", 1],
      ["t", "b", 1],
      ["_other", "_other", 2]
    ])
    for (let second = 0; second < 60; second++) {
      send("a")
      services()
    }
    send("e")
    assert.deepStrictEqual(services(), [["t", "e", 1]])
  })

  it("of hostile bytes ends in bounded time and counts nothing that is not there", () => {
    const random = new Random(3)
    for (const signal of signals) {
      const bytes = randomRequest(signal, new Random(11))
      for (let round = 0; round < 2000; round++) {
        const broken = bytes.slice(0, random.below(bytes.length + 1))
        for (let i = 0; i < 3 && broken.length > 0; i++) broken[random.below(broken.length)] = random.below(256)
        for (const { received } of scan(signal, broken, "received", random.below(mostBits)).values()) {
          assert.isAtMost(received.items, broken.length)
          assert.isAtMost(received.bytes, broken.length)
        }
      }
    }
  })
})
