import { assert, describe, it } from "@effect/vitest"
import { encodeReport } from "../../../src/domain/loop/EncodeReport.ts"
import type { Observation } from "../../../src/domain/loop/Observation.ts"
import { type Report, reportId } from "../../../src/domain/loop/Report.ts"
import { ReportDecoder } from "../../../src/domain/loop/ReportDecoder.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { signals } from "../../../src/domain/Signal.ts"
import { histogramOf } from "../../../src/domain/stats/HistogramRecorder.ts"
import { attribute, decode, encode, itemsOf, type Plain } from "../../support/Otlp.ts"
import { Random } from "../../support/Random.ts"

const agent = "0192f0c1-2b3c-7d4e-8f50-a1b2c3d4e5f6"
const start = 1_790_000_000_000

const volume = (random: Random) => ({
  items: random.int(1000),
  bytes: random.int(2 ** 31) * 1024,
  errors: random.int(3),
  slow: random.int(2)
})

const randomReport = (seed: number): Report => {
  const random = new Random(seed)
  const about = {
    agent,
    revision: random.chance(0.5) ? "c0ffee" : "",
    startUnixMillis: start + seed * 1000,
    endUnixMillis: start + seed * 1000 + 1000
  }
  const observations = Array.from({ length: random.int(8) }, (_, i): Observation => {
    const durations = random.chance(0.5)
      ? histogramOf(Array.from({ length: 1 + random.int(40) }, () => 10 ** (random.next() * 12 - 9)))
      : undefined
    return {
      ...about,
      subject: { tenant: random.pick(["default", "tenant-ü", "a/b"]), service: `service ${i}`, signal: random.pick(signals) },
      received: { ...volume(random), items: 1 + random.int(9) },
      delivered: volume(random),
      dropped: random.chance(0.5) ? { sampled: 1 + random.int(9), queue_full: 1 + random.int(9) } : {},
      durations,
      severities: random.chance(0.5) ? { ERROR: 1 + random.int(9), UNSPECIFIED: 1 } : {}
    }
  })
  return { id: reportId(agent, about.startUnixMillis), ...about, lost: random.int(3), observations }
}

const reports = (decoder: ReportDecoder, bytes: Uint8Array): ReadonlyArray<Report> => {
  const decoded = decoder.decode(bytes)
  if (decoded instanceof Malformed) throw new Error(String(decoded))
  return decoded.reports
}

/** Observations in an order of their own. */
const sorted = (report: Report): Report => ({
  ...report,
  observations: report.observations.toSorted((a, b) => (a.subject.service < b.subject.service ? -1 : 1))
})

/** An encoder of others: the official transformer's protobuf code writes what it has read. */
const rewritten = (bytes: Uint8Array): Uint8Array => encode("metrics", decode("metrics", bytes))

describe("a report", () => {
  it("reads as it was, from its own bytes and from bytes of an independent encoder", () => {
    for (let seed = 0; seed < 80; seed++) {
      const report = randomReport(seed)
      for (const bytes of [encodeReport(report), rewritten(encodeReport(report))]) {
        assert.deepStrictEqual(reports(new ReportDecoder(), bytes).map(sorted), [sorted(report)], `seed ${seed}`)
      }
    }
  })

  it("is plain OTLP to an independent decoder: delta sums and histograms with times, subject and sender", () => {
    const about = { agent, revision: "c0ffee", startUnixMillis: start, endUnixMillis: start + 1000 }
    const observation: Observation = {
      ...about,
      subject: { tenant: "acme", service: "checkout", signal: "traces" },
      received: { items: 3, bytes: 2 ** 40 + 1, errors: 1, slow: 0 },
      delivered: { items: 2, bytes: 700, errors: 1, slow: 0 },
      dropped: { sampled: 1 },
      durations: histogramOf([0, 0.5, 4]),
      severities: {}
    }
    const request = decode("metrics", encodeReport({ id: reportId(agent, start), ...about, lost: 2, observations: [observation] }))
    const items = itemsOf("metrics", request)
    const plain = items.map(({ metric, item, resource }) => {
      const sender = resource.resource!
      assert.deepStrictEqual(
        ["service.name", "service.instance.id", "weir.revision"].map((key) => attribute(sender, key)),
        ["weir", agent, "c0ffee"]
      )
      assert.deepStrictEqual([String(item.startTimeUnixNano), String(item.timeUnixNano)], [`${start}000000`, `${start + 1000}000000`])
      const data = (metric!.sum ?? metric!.exponentialHistogram)!
      assert.strictEqual(Number(data.aggregationTemporality), 1)
      const by = ["service", "tenant", "signal", "reason"].map((key) => attribute(item, key) ?? "").join(" ")
      return [String(metric!.name), String(metric!.unit), by, String(item.asInt ?? item.count)]
    })
    const subject = "checkout acme traces "
    assert.deepStrictEqual(plain, [
      ["weir.observations.lost", "{batch}", "   ", "2"],
      ["weir.received.items", "{item}", subject, "3"],
      ["weir.received.bytes", "By", subject, "1099511627777"],
      ["weir.received.errors", "{item}", subject, "1"],
      ["weir.delivered.items", "{item}", subject, "2"],
      ["weir.delivered.bytes", "By", subject, "700"],
      ["weir.delivered.errors", "{item}", subject, "1"],
      ["weir.dropped.items", "{item}", `${subject}sampled`, "1"],
      ["weir.received.duration", "s", subject, "3"]
    ])
    const histogram = items.at(-1)!.item
    assert.deepStrictEqual(
      [histogram.scale, histogram.zeroCount, histogram.sum, histogram.min, histogram.max, (histogram.positive as Plain).offset].map(Number),
      [4, 1, 4.5, 0, 4, -17]
    )
  })

  it("without subjects still says that the agent was watching", () => {
    const report: Report = {
      id: reportId(agent, start),
      agent,
      revision: "",
      startUnixMillis: start,
      endUnixMillis: start + 1000,
      lost: 0,
      observations: []
    }
    assert.deepStrictEqual(reports(new ReportDecoder(), encodeReport(report)), [report])
  })

  it("of hostile bytes is a fault or harmless, never an exception", () => {
    const bytes = encodeReport(randomReport(7))
    const random = new Random(1)
    for (let round = 0; round < 3000; round++) {
      const broken = bytes.slice(0, random.chance(0.3) ? random.int(bytes.length) : bytes.length)
      for (let i = 0; i < 1 + random.int(4) && broken.length > 0; i++) broken[random.int(broken.length)] = random.int(256)
      const decoded = new ReportDecoder().decode(broken)
      if (decoded instanceof Malformed) continue
      for (const { observations } of decoded.reports) {
        for (const { received, delivered } of observations) {
          for (const count of [...Object.values(received), ...Object.values(delivered)])
            assert.isTrue(Number.isInteger(count) && count >= 0)
        }
      }
    }
  })
})
