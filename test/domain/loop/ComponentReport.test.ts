import { assert, describe, it } from "@effect/vitest"
import {
  type ComponentReport,
  componentKinds,
  type Flow,
  flowKey,
  queueKey,
  type QueueState
} from "../../../src/domain/loop/ComponentReport.ts"
import { encodeReport } from "../../../src/domain/loop/EncodeReport.ts"
import { type Report, reportId } from "../../../src/domain/loop/Report.ts"
import { type Decoded, ReportDecoder } from "../../../src/domain/loop/ReportDecoder.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { signals } from "../../../src/domain/Signal.ts"
import { metrics } from "../../../src/layers/telemetry/Metrics.ts"
import { attribute, decode, encode, itemsOf } from "../../support/Otlp.ts"
import { Random } from "../../support/Random.ts"

const start = 1_790_000_000_000
const about = { agent: "0192f0c1-2b3c-7d4e-8f50-a1b2c3d4e5f6", revision: "c0ffee", startUnixMillis: start, endUnixMillis: start + 1000 }
const report: Report = { id: reportId(about.agent, start), ...about, lost: 0, observations: [] }

const randomComponents = (seed: number): ComponentReport => {
  const random = new Random(seed)
  const count = () => (random.chance(0.3) ? 0 : random.int(2 ** 31) * 1000)
  const reasons = () => (random.chance(0.5) ? { queue_full: 1 + random.int(9), sampled: 1 + random.int(9) } : {})
  const flows = Array.from({ length: random.int(12) }, (_, i): Flow => {
    const kind = random.pick(componentKinds)
    const transport = random.pick(["grpc", "http"] as const)
    return {
      component: kind === "receiver" ? { kind, id: `otlp/${i}`, transport } : { kind, id: `${kind}/${i} ü` },
      tenant: random.pick(["default", "tenant-ü", "_other"]),
      signal: random.pick(signals),
      accepted: count(),
      created: count(),
      restored: count(),
      delivered: count(),
      returned: count(),
      held: count(),
      dropped: reasons(),
      refused: reasons()
    }
  })
  const queues = Array.from({ length: 1 + random.int(4) }, (_, i): QueueState => ({
    exporter: `otlp/${i}`,
    signal: random.pick(signals),
    size: count(),
    capacity: 1000,
    inFlight: random.int(9),
    heldBytes: count(),
    failedAttempts: random.int(3)
  }))
  return { ...about, flows, queues }
}

const decoded = (bytes: Uint8Array): Decoded => {
  const found = new ReportDecoder().decode(bytes)
  if (found instanceof Malformed) throw new Error(String(found))
  return found
}

const sorted = (components: ComponentReport): ComponentReport => ({
  ...components,
  flows: components.flows.toSorted((a, b) => (flowKey(a) < flowKey(b) ? -1 : 1)),
  queues: components.queues.toSorted((a, b) => (queueKey(a) < queueKey(b) ? -1 : 1))
})

describe("a report on components", () => {
  it("reads as it was, beside the observations, from its own bytes and from bytes of an independent encoder", () => {
    for (let seed = 0; seed < 80; seed++) {
      const components = randomComponents(seed)
      const bytes = encodeReport(report, components)
      for (const same of [bytes, encode("metrics", decode("metrics", bytes))]) {
        const found = decoded(same)
        assert.deepStrictEqual(found.reports, [report])
        assert.deepStrictEqual(found.components.map(sorted), [sorted(components)], `seed ${seed}`)
      }
    }
  })

  it("is plain OTLP to an independent decoder, under the names of /metrics without Prometheus' suffix", () => {
    const flow: Flow = {
      component: { kind: "receiver", id: "otlp", transport: "grpc" },
      tenant: "acme",
      signal: "traces",
      accepted: 2 ** 40 + 1,
      created: 0,
      restored: 0,
      delivered: 4,
      returned: 0,
      held: 0,
      dropped: { sampled: 3 },
      refused: { queue_full: 2 }
    }
    const queue: QueueState = {
      exporter: "otlp/eu",
      signal: "logs",
      size: 7,
      capacity: 1000,
      inFlight: 2,
      heldBytes: 900,
      failedAttempts: 1
    }
    const items = itemsOf("metrics", decode("metrics", encodeReport(report, { ...about, flows: [flow], queues: [queue] })))
    const ours = items.filter(({ scope }) => String(scope.scope!.name) === "weir.components")
    const prometheus = Object.values(metrics)
    const plain = ours.map(({ metric, item, resource }) => {
      assert.strictEqual(attribute(resource.resource!, "service.instance.id"), about.agent)
      assert.deepStrictEqual([String(item.startTimeUnixNano), String(item.timeUnixNano)], [`${start}000000`, `${start + 1000}000000`])
      const isSum = metric!.sum !== undefined
      if (isSum) assert.deepStrictEqual([String(metric!.sum!.aggregationTemporality), String(metric!.sum!.isMonotonic)], ["1", "true"])
      const name = String(metric!.name)
      const served = prometheus.find(({ names }) => (names as ReadonlyArray<string>).includes(isSum ? `${name}_total` : name))!
      assert.deepStrictEqual([served.unit, served.description], [String(metric!.unit), String(metric!.description)])
      const labels = served.labels.flatMap((label) => {
        const value = attribute(item, label)
        return value === undefined ? [] : [`${label}=${value}`]
      })
      return `${name} ${labels.toSorted().join(" ")} ${String(item.asInt)}`
    })
    const owner = "component=otlp kind=receiver"
    const rest = "signal=traces tenant=acme transport=grpc"
    const exporter = "data_type=logs exporter=otlp/eu"
    assert.deepStrictEqual(plain, [
      `weir_accepted_items ${owner} ${rest} 1099511627777`,
      `weir_delivered_items ${owner} ${rest} 4`,
      `weir_held_items ${owner} ${rest} 0`,
      `weir_dropped_items ${owner} reason=sampled ${rest} 3`,
      `weir_refused_items ${owner} reason=queue_full ${rest} 2`,
      `otelcol_exporter_queue_size ${exporter} 7`,
      `otelcol_exporter_queue_capacity ${exporter} 1000`,
      `otelcol_exporter_in_flight_requests ${exporter} 2`,
      `weir_exporter_queue_bytes ${exporter} 900`,
      `weir_exporter_failed_attempts ${exporter} 1`
    ])
  })

  it("of hostile bytes is a fault or harmless, never an exception", () => {
    const bytes = encodeReport(report, randomComponents(7))
    const random = new Random(1)
    for (let round = 0; round < 3000; round++) {
      const broken = bytes.slice(0, random.chance(0.3) ? random.int(bytes.length) : bytes.length)
      for (let i = 0; i < 1 + random.int(4) && broken.length > 0; i++) broken[random.int(broken.length)] = random.int(256)
      const found = new ReportDecoder().decode(broken)
      if (found instanceof Malformed) continue
      for (const { flows, queues } of found.components) {
        const counts = flows.flatMap(({ accepted, held, dropped, refused }) => [
          accepted,
          held,
          ...Object.values(dropped),
          ...Object.values(refused)
        ])
        for (const count of [...counts, ...queues.flatMap(({ size, capacity }) => [size, capacity])])
          assert.isTrue(Number.isSafeInteger(count) && count >= 0)
      }
    }
  })
})
