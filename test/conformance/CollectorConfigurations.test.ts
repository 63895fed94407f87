// Configuration files of the collector run unchanged, and do the same: what the real Collector makes of the SDK's telemetry, Weir makes too.
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { collector, missing } from "../../scripts/peers/Peers.ts"
import { type Signal, signals } from "../../src/domain/Signal.ts"
import { Collecting } from "../support/Collecting.ts"
import { freePort } from "../support/Facts.ts"
import { GatewayProcess, type Spawning } from "../support/GatewayProcess.ts"
import { assertSame, canonicalMaps } from "../support/Otlp.ts"
import { logs, metrics, spans } from "../support/SdkData.ts"
import { type Data, sdkExporter } from "../support/SdkExporters.ts"

const data: Data = { traces: spans(50), metrics: await metrics(), logs: logs(50) }

/** Runs a gateway on a fixture, sends all signals through it, drains it and returns what the backend has then. */
const outcome = async (fixture: string, spawn: (spawning: Spawning) => GatewayProcess) => {
  const http = await Collecting.start("http")
  const grpc = await Collecting.start("grpc")
  const ports = { grpc: await freePort(), http: await freePort() }
  const gateway = await spawn({
    configuration: readFileSync(new URL(`./fixtures/${fixture}.yaml`, import.meta.url), "utf8"),
    env: {
      GRPC_PORT: String(ports.grpc),
      HTTP_PORT: String(ports.http),
      HEALTH_PORT: String(await freePort()),
      BACKEND_PORT: String(http.backend.port),
      GRPC_BACKEND_PORT: String(grpc.backend.port)
    }
  }).listening([ports.grpc, ports.http])
  try {
    for (const signal of signals) {
      const exporter = sdkExporter(signal, "gRPC", ports)
      await exporter.send(data[signal])
      await exporter.close()
    }
  } finally {
    await gateway.stop()
    await http.stop()
    await grpc.stop()
  }
  return (signal: Signal) => canonicalMaps([...http.items[signal], ...grpc.items[signal]])
}

const absent = missing(collector)
if (absent !== undefined) console.log(`Collector configurations: not compared, since ${absent}`)

describe.each(["agent", "gateway", "sidecar"])("%s.yaml", (fixture) => {
  it("runs and delivers", async () => {
    const delivered = await outcome(fixture, GatewayProcess.weir)
    for (const signal of signals) assert.isAbove(delivered(signal).length, 0, signal)
  })

  it.skipIf(absent !== undefined)("makes of every item what the Collector makes of it", async () => {
    const wanted = await outcome(fixture, GatewayProcess.collector)
    const delivered = await outcome(fixture, GatewayProcess.weir)
    for (const signal of signals) {
      assert.isAbove(wanted(signal).length, 0, signal)
      assertSame(delivered(signal), wanted(signal))
    }
  })
})
