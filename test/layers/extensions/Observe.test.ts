import { afterEach, assert, describe, it } from "@effect/vitest"
import type { Report } from "../../../src/domain/loop/Report.ts"
import { ReportDecoder } from "../../../src/domain/loop/ReportDecoder.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { Backend } from "../../support/Backend.ts"
import { until } from "../../support/Facts.ts"
import { encode } from "../../support/Otlp.ts"
import { RunningGateway } from "../../support/RunningGateway.ts"

const stops: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const configuration = (endpoint: string) => ({
  extensions: { observe: { endpoint, instance_uid: "0192f0c1-2b3c-7d4e-8f50-a1b2c3d4e5f6" } },
  receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } },
  exporters: { debug: { verbosity: "basic" } },
  service: {
    extensions: ["observe"],
    pipelines: { traces: { receivers: ["otlp"], exporters: ["debug"] } },
    telemetry: { metrics: { level: "none" } }
  }
})

describe("the observe extension", () => {
  it("sends what goes through the gateway to an endpoint, and stops with its configuration", async () => {
    const reports: Array<Report> = []
    const decoder = new ReportDecoder()
    const onDelivery = ({ bytes }: { readonly bytes: Uint8Array }) => {
      const decoded = decoder.decode(bytes)
      if (decoded instanceof Malformed) throw new Error(String(decoded))
      reports.push(...decoded.reports)
    }
    const backend = await Backend.start({ protocol: "http", onDelivery })
    stops.push(() => backend.kill())
    const endpoint = `http://127.0.0.1:${backend.port}/v1/metrics`
    const gateway = await RunningGateway.start(configuration(endpoint))
    stops.push(() => gateway.stop())
    const spans = [{ traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1), name: "s" }]
    const body = encode("traces", {
      resourceSpans: [{ resource: { attributes: [{ key: "service.name", value: { stringValue: "checkout" } }] }, scopeSpans: [{ spans }] }]
    })
    const url = `http://${gateway.service.addresses()[0]!.address}/v1/traces`
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/x-protobuf" }, body })
    assert.strictEqual(answer.status, 200)
    const seen = () => reports.flatMap(({ observations }) => observations)
    await until("the span is reported as received and as delivered", () => {
      const sum = (side: "received" | "delivered") => seen().reduce((items, observation) => items + observation[side].items, 0)
      return sum("received") === 1 && sum("delivered") === 1
    })
    assert.deepStrictEqual(seen()[0]!.subject, { tenant: "default", service: "checkout", signal: "traces" })
    assert.strictEqual(reports[0]!.agent, "0192f0c1-2b3c-7d4e-8f50-a1b2c3d4e5f6")
    const { extensions: _, service, ...rest } = configuration(endpoint)
    await gateway.swap({ ...rest, service: { ...service, extensions: [] } })
    assert.isFalse(gateway.service.observer.isOn)
  })

  it("refuses an endpoint that is none, and says where", async () => {
    const failure = await RunningGateway.start(configuration("localhost:4318")).then(
      (gateway) => gateway.stop(),
      (error) => JSON.stringify(error) + String(error)
    )
    assert.match(String(failure), /"?endpoint"?/)
    assert.match(String(failure), /is no URL of HTTP/)
  })
})
