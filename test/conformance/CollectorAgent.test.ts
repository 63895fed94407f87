// The OpenTelemetry Collector as an agent of `weir control`, by its own OpAMP extension; what its span_metrics connector makes of the spans
// of the official SDK becomes a finding.
import { assert, describe, it } from "@effect/vitest"
import { randomUUID } from "node:crypto"
import { fleetCollector, missing } from "../../scripts/peers/Peers.ts"
import { ControlPlane, untilAgent } from "../support/ControlPlane.ts"
import { freePort, until } from "../support/Facts.ts"
import { GatewayProcess } from "../support/GatewayProcess.ts"
import { sdkExporter } from "../support/SdkExporters.ts"
import { spans } from "../support/SdkData.ts"

const absent = missing(fleetCollector)
if (absent !== undefined) console.log(`The Collector as an agent: skipped, since ${absent}`)

const detectors = {
  "threshold/errors": { metric: "received.error_ratio", kind: "errors", above: 0.1, window: "5s", for: "5s" }
}

const collectorOf = async (plane: ControlPlane, instanceUid: string, transport: "ws" | "http", flushInterval: string) => {
  const ports = { grpc: await freePort(), http: await freePort() }
  const server =
    transport === "ws"
      ? { ws: { endpoint: plane.opampEndpoint } }
      : { http: { endpoint: plane.opampEndpoint.replace("ws:", "http:"), polling_interval: "1s" } }
  const process = GatewayProcess.collector(
    {
      configuration: {
        receivers: {
          otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${ports.grpc}` }, http: { endpoint: `127.0.0.1:${ports.http}` } } }
        },
        connectors: { spanmetrics: { metrics_flush_interval: flushInterval, dimensions: [{ name: "tenant" }] } },
        exporters: { debug: {}, otlphttp: { endpoint: `http://127.0.0.1:${plane.ports.otlp}` } },
        extensions: { opamp: { instance_uid: instanceUid, server, agent_description: { non_identifying_attributes: { ring: "stock" } } } },
        service: {
          extensions: ["opamp"],
          telemetry: { metrics: { level: "none" } },
          pipelines: {
            traces: { receivers: ["otlp"], exporters: ["spanmetrics", "debug"] },
            metrics: { receivers: ["spanmetrics"], exporters: ["otlphttp"] }
          }
        }
      }
    },
    fleetCollector
  )
  await process.listening([ports.grpc, ports.http])
  return { process, ports }
}

describe.skipIf(absent !== undefined)("the Collector as an agent", () => {
  for (const [transport, connection] of [
    ["ws", "websocket"],
    ["http", "http"]
  ] as const) {
    it(`is in the fleet over ${transport}, and is offered nothing`, { timeout: 180_000 }, async () => {
      await using plane = await ControlPlane.start()
      const uid = randomUUID()
      const { process } = await collectorOf(plane, uid, transport, "1s")
      const agent = await untilAgent("it is online and has told everything", plane, uid, (known) => {
        return known.status === "online" && known.health !== null && known.effective_config !== null
      })
      assert.strictEqual(agent.connection, connection)
      assert.include(agent.labels, { "service.name": "otelcol", "service.version": "0.149.0", ring: "stock" })
      assert.isTrue(agent.health!.healthy)
      assert.match(agent.effective_config![0]!.body, /spanmetrics/)
      assert.isFalse(agent.accepts_remote_config)
      const push = { agents: { instance_uid: uid }, document: "processors: {}", now: true, reason: "a test", by: "a test" }
      const refusal = await plane.wish("push", push).then(String, (error: Error) => error.message)
      assert.match(refusal, /^push: 409 .*take no configuration/)
      assert.isNull((await plane.agent(uid))!.desired_hash)
      await process.stop()
      // Who only asks now and then says no goodbye, and is missed after three heartbeats.
      if (transport === "ws") await untilAgent("it has left", plane, uid, ({ status }) => status === "offline")
    })
  }

  for (const flushInterval of ["1s", "6s"]) {
    it(`feeds findings by span_metrics, flushed every ${flushInterval}`, { timeout: 180_000 }, async () => {
      await using plane = await ControlPlane.start({ weir: { detectors } })
      const { process, ports } = await collectorOf(plane, randomUUID(), "ws", flushInterval)
      const exporter = sdkExporter("traces", "HTTP protobuf", ports)
      await until(
        "the failing service is found",
        async () => {
          await exporter.send(spans(10))
          return (await plane.findings()).open.length > 0
        },
        60_000
      )
      const [finding] = (await plane.findings()).open
      assert.strictEqual(finding!.detector, "threshold/errors")
      assert.deepStrictEqual(finding!.subject, { tenant: "grün", service: "checkout", signal: "traces" })
      assert.closeTo(finding!.value!, 0.3, 0.05)
      await exporter.close()
      await process.stop()
    })
  }
})
