import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, describe, it } from "@effect/vitest"
import { type Flow, flowKey, addFlows } from "../../../src/domain/loop/ComponentReport.ts"
import { type Decoded, ReportDecoder } from "../../../src/domain/loop/ReportDecoder.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { Backend } from "../../support/Backend.ts"
import { until } from "../../support/Facts.ts"
import { encode } from "../../support/Otlp.ts"
import { fromJson } from "../../support/otlp/fromJson.ts"
import { RunningGateway } from "../../support/RunningGateway.ts"

const stops: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const silent = { telemetry: { metrics: { level: "none" } } }

const collecting = (path: string) => ({
  receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } },
  processors: { batch: { timeout: "100ms" } },
  exporters: { file: { path } },
  service: { pipelines: { metrics: { receivers: ["otlp"], processors: ["batch"], exporters: ["file"] } }, ...silent }
})

const observed = (endpoint: string, backend: string) => ({
  extensions: { observe: { endpoint, instance_uid: "0192f0c1-2b3c-7d4e-8f50-a1b2c3d4e5f6" } },
  receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } },
  exporters: { otlp_http: { endpoint: backend, compression: "none", sending_queue: { queue_size: 50 } } },
  service: { extensions: ["observe"], pipelines: { traces: { receivers: ["otlp"], exporters: ["otlp_http"] } }, ...silent }
})

const trace = encode("traces", {
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "checkout" } }] },
      scopeSpans: [{ spans: [1, 2, 3].map((n) => ({ traceId: Buffer.alloc(16, n), spanId: Buffer.alloc(8, n), name: "s" })) }]
    }
  ]
})

describe("a gateway's own metrics", () => {
  it("go through another gateway to a file, and say there what its books say", async () => {
    const folder = fs.mkdtempSync(join(tmpdir(), "weir-own-"))
    stops.push(() => fs.promises.rm(folder, { recursive: true }))
    const path = join(folder, "metrics.jsonl")
    const collector = await RunningGateway.start(collecting(path))
    stops.push(() => collector.stop())
    const backend = await Backend.start({ protocol: "http", onDelivery: () => {} })
    stops.push(() => backend.kill())
    const endpoint = `http://${collector.service.addresses()[0]!.address}/v1/metrics`
    const gateway = await RunningGateway.start(observed(endpoint, `http://127.0.0.1:${backend.port}`))
    stops.push(() => gateway.stop())
    const url = `http://${gateway.service.addresses()[0]!.address}/v1/traces`
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/x-protobuf" }, body: trace })
    assert.strictEqual(answer.status, 200)

    const written = () => (fs.existsSync(path) ? decodedFile(path) : [])
    const exported = () => sumOf(written(), "exporter")
    await until("the file says that the backend has the spans", () => exported()?.delivered === 3)
    const decoded = written()
    for (const row of gateway.service.books.rows()) {
      const { accepted, delivered, held } = sumOf(decoded, row.component.kind)!
      assert.deepStrictEqual([accepted, delivered, held], [row.accepted, row.delivered, row.held])
    }
    const { queues, agent } = decoded.flatMap(({ components }) => components).at(-1)!
    assert.strictEqual(agent, "0192f0c1-2b3c-7d4e-8f50-a1b2c3d4e5f6")
    assert.deepStrictEqual(queues, [
      { exporter: "otlp_http", signal: "traces", size: 0, capacity: 50, inFlight: 0, heldBytes: 0, failedAttempts: 0 }
    ])
    assert.isTrue(decoded.some(({ reports }) => reports.some(({ observations }) => observations[0]?.received.items === 3)))
  })
})

/** The lines that are whole, read by the decoder of a control plane. */
const decodedFile = (path: string): ReadonlyArray<Decoded> => {
  const lines = fs.readFileSync(path, "utf8").split("\n").slice(0, -1)
  return lines.map((line) => {
    const bytes = fromJson("metrics", Buffer.from(line))
    const decoded = bytes instanceof Malformed ? bytes : new ReportDecoder().decode(bytes)
    if (decoded instanceof Malformed) throw new Error(String(decoded))
    return decoded
  })
}

/** What all reports say of the only component of a kind; `held` is as the last one says. */
const sumOf = (decoded: ReadonlyArray<Decoded>, kind: string): Flow | undefined => {
  const flows = decoded
    .flatMap(({ components }) => components.flatMap(({ flows: some }) => some))
    .filter(({ component }) => component.kind === kind)
  assert.isAtMost(new Set(flows.map(flowKey)).size, 1)
  return flows.length === 0 ? undefined : { ...flows.reduce(addFlows), held: flows.at(-1)!.held }
}
