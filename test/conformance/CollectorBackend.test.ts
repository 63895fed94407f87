// The real Collector as the backend: what its `file` exporter writes is the same, whether the SDK sends straight to it or through Weir.
import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { collector, missing } from "../../scripts/peers/Peers.ts"
import { type Signal, signals } from "../../src/domain/Signal.ts"
import { freePort } from "../support/Facts.ts"
import { GatewayProcess } from "../support/GatewayProcess.ts"
import { assertSame, canonical, itemsOf, type Plain } from "../support/Otlp.ts"
import { passThrough } from "../support/PassThrough.ts"
import { logs, metrics, spans } from "../support/SdkData.ts"
import { type Data, type OtlpPorts, sdkExporter } from "../support/SdkExporters.ts"

const data: Data = { traces: spans(50), metrics: await metrics(), logs: logs(50) }
const groups: { readonly [S in Signal]: string } = { traces: "resourceSpans", metrics: "resourceMetrics", logs: "resourceLogs" }

const absent = missing(collector)
if (absent !== undefined) console.log(`The Collector as a backend: skipped, since ${absent}`)

/** A Collector that writes to a file, and the way to it: the ports that the SDK is to send to. */
const written = async (way: (backend: OtlpPorts) => Promise<{ readonly ports: OtlpPorts; readonly stop: () => Promise<unknown> }>) => {
  const folder = mkdtempSync(join(tmpdir(), "weir-file-"))
  const path = join(folder, "telemetry.jsonl")
  const ports = { grpc: await freePort(), http: await freePort() }
  const pipeline = { receivers: ["otlp"], exporters: ["file"] }
  const backend = await GatewayProcess.collector({
    configuration: {
      receivers: {
        otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${ports.grpc}` }, http: { endpoint: `127.0.0.1:${ports.http}` } } }
      },
      exporters: { file: { path } },
      service: { telemetry: { metrics: { level: "none" } }, pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline } }
    }
  }).listening([ports.grpc, ports.http])
  const gateway = await way(ports)
  for (const signal of signals) {
    const exporter = sdkExporter(signal, "HTTP JSON", gateway.ports)
    await exporter.send(data[signal])
    await exporter.close()
  }
  await gateway.stop()
  await backend.stop()
  const requests: ReadonlyArray<Plain> = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
  rmSync(folder, { recursive: true })
  return (signal: Signal) =>
    canonical(requests.filter((request) => request[groups[signal]] !== undefined).flatMap((request) => itemsOf(signal, request)))
}

describe.skipIf(absent !== undefined)("the Collector's file exporter writes the same items through Weir as without it", () => {
  it.each(["http", "grpc"] as const)("Weir exports over %s", async (protocol) => {
    const wanted = await written(async (ports) => ({ ports, stop: async () => {} }))
    const through = await written(async (backend) => {
      const endpoint = protocol === "http" ? `http://127.0.0.1:${backend.http}` : `127.0.0.1:${backend.grpc}`
      const path = await passThrough(protocol, endpoint)
      const weir = await GatewayProcess.weir(path).listening([path.ports.grpc, path.ports.http])
      return { ports: path.ports, stop: () => weir.stop() }
    })
    for (const signal of signals) {
      assert.isAbove(wanted(signal).length, 9, signal)
      assertSame(through(signal), wanted(signal))
    }
  })
})
