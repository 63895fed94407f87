import { assert, describe, it } from "@effect/vitest"
import type { Report } from "../../../src/domain/loop/Report.ts"
import { ReportDecoder } from "../../../src/domain/loop/ReportDecoder.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { quantile } from "../../../src/domain/stats/ExponentialHistogram.ts"
import { encode } from "../../support/Otlp.ts"

// What the connector of Collector v0.161 sends, written by the official protobuf code.
const start = 1_790_000_000
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const nanos = (second: number) => `${start + second}000000000`
const [DELTA, CUMULATIVE] = [1, 2]

const attributes = (service: string, status: string, more: ReadonlyArray<object> = []) => [
  text("service.name", service),
  text("span.name", "GET /"),
  text("span.kind", "SPAN_KIND_SERVER"),
  text("status.code", status),
  ...more
]

interface Call {
  readonly service: string
  readonly status: string
  readonly calls: number
  readonly more?: ReadonlyArray<object>
}

const request = (temporality: number, from: number, to: number, calls: ReadonlyArray<Call>, histogram: object = {}) =>
  encode("metrics", {
    resourceMetrics: [
      {
        resource: { attributes: [text("service.name", "of-the-resource"), text("weir.agent", "collector-1")] },
        scopeMetrics: [
          {
            scope: { name: "spanmetricsconnector" },
            metrics: [
              {
                name: "traces.span.metrics.calls",
                sum: {
                  aggregationTemporality: temporality,
                  isMonotonic: true,
                  dataPoints: calls.map(({ service, status, calls, more }) => ({
                    attributes: attributes(service, status, more),
                    startTimeUnixNano: nanos(from),
                    timeUnixNano: nanos(to),
                    asInt: calls
                  }))
                }
              },
              { name: "traces.span.metrics.duration", unit: "ms", ...histogram },
              { name: "unrelated", gauge: { dataPoints: [{ timeUnixNano: nanos(to), asDouble: 1 }] } }
            ]
          }
        ]
      }
    ]
  })

const decode = (decoder: ReportDecoder, bytes: Uint8Array): ReadonlyArray<Report> => {
  const decoded = decoder.decode(bytes)
  if (decoded instanceof Malformed) throw new Error(String(decoded))
  return decoded.reports
}

/** Each report as (agent, from, to, tenant, service, items, errors), in seconds after the start. */
const volumes = (reports: ReadonlyArray<Report>) =>
  reports.map(({ agent, startUnixMillis, endUnixMillis, observations: [{ subject, received }] }) => [
    agent,
    startUnixMillis / 1000 - start,
    endUnixMillis / 1000 - start,
    subject.tenant,
    subject.service,
    received.items,
    received.errors
  ])

describe("metrics of a collector's span_metrics connector", () => {
  it("with delta temporality are what arrived, by service and tenant, until the next are sent", () => {
    const bytes = request(DELTA, 0, 60, [
      { service: "checkout", status: "STATUS_CODE_UNSET", calls: 90 },
      { service: "checkout", status: "STATUS_CODE_ERROR", calls: 10 },
      { service: "cart", status: "STATUS_CODE_OK", calls: 5, more: [text("tenant", "acme")] }
    ])
    assert.deepStrictEqual(volumes(decode(new ReportDecoder(), bytes)), [
      ["collector-1", 60, 120, "default", "checkout", 100, 10],
      ["collector-1", 60, 120, "acme", "cart", 5, 0]
    ])
    const ids = new Set([bytes, bytes].flatMap((same) => decode(new ReportDecoder(), same)).map(({ id }) => id))
    assert.strictEqual(ids.size, 2, "a repeated request has the same ids")
  })

  it("with cumulative temporality count from one report to the next; a new series and a restart from their beginning", () => {
    const decoder = new ReportDecoder()
    const call = (calls: number, status = "STATUS_CODE_UNSET"): Call => ({ service: "checkout", status, calls })
    assert.deepStrictEqual(volumes(decode(decoder, request(CUMULATIVE, -900, 60, [call(5000)]))), [], "how much of it is old is not known")
    assert.deepStrictEqual(volumes(decode(decoder, request(CUMULATIVE, -900, 120, [call(5100)]))), [
      ["collector-1", 120, 180, "default", "checkout", 100, 0]
    ])
    assert.deepStrictEqual(volumes(decode(decoder, request(CUMULATIVE, -900, 120, [call(5100)]))), [], "again")
    assert.deepStrictEqual(volumes(decode(decoder, request(CUMULATIVE, 130, 180, [call(7, "STATUS_CODE_ERROR"), call(30)]))), [
      ["collector-1", 180, 230, "default", "checkout", 37, 7]
    ])
  })

  it("of a second or two count in their seconds, which detectors have not looked at yet", () => {
    const call: Call = { service: "checkout", status: "STATUS_CODE_UNSET", calls: 10 }
    assert.deepStrictEqual(volumes(decode(new ReportDecoder(), request(DELTA, 0, 2, [call]))), [
      ["collector-1", 0, 2, "default", "checkout", 10, 0]
    ])
    assert.deepStrictEqual(volumes(decode(new ReportDecoder(), request(DELTA, 0, 3, [call]))), [
      ["collector-1", 3, 6, "default", "checkout", 10, 0]
    ])
  })

  it("have durations, out of explicit and exponential histograms, in seconds", () => {
    const point = { attributes: attributes("checkout", "STATUS_CODE_UNSET"), startTimeUnixNano: nanos(0), timeUnixNano: nanos(60) }
    const explicit = {
      histogram: {
        aggregationTemporality: DELTA,
        dataPoints: [{ ...point, count: 100, sum: 9000, explicitBounds: [50, 100, 200], bucketCounts: [10, 80, 10, 0] }]
      }
    }
    const [durations] = decode(new ReportDecoder(), request(DELTA, 0, 60, [], explicit)).map(
      ({ observations }) => observations[0]!.durations!
    )
    assert.deepStrictEqual([durations!.count, durations!.sum], [100, 9])
    assert.isTrue(quantile(durations!, 0.5)! > 0.05 && quantile(durations!, 0.5)! < 0.1)
    const exponential = {
      exponentialHistogram: {
        aggregationTemporality: DELTA,
        dataPoints: [
          { ...point, count: 4, sum: 4096, scale: 0, zeroCount: 0, positive: { offset: 9, bucketCounts: [4] }, min: 1024, max: 1024 }
        ]
      }
    }
    const [other] = decode(new ReportDecoder(), request(DELTA, 0, 60, [], exponential)).map(
      ({ observations }) => observations[0]!.durations!
    )
    assert.deepStrictEqual([other!.count, other!.sum, quantile(other!, 0.5)], [4, 4.096, 1.024])
  })
})
