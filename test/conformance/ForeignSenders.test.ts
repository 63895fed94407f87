// telemetrygen (Go) and the Python SDK send through Weir: every item arrives, equal field by field.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { missing, python, telemetrygen } from "../../scripts/peers/Peers.ts"
import { type Signal, signals } from "../../src/domain/Signal.ts"
import { Collecting } from "../support/Collecting.ts"
import { GatewayProcess } from "../support/GatewayProcess.ts"
import { assertSame, canonical, decode, type Item, itemsOf } from "../support/Otlp.ts"
import { passThrough } from "../support/PassThrough.ts"
import type { OtlpPorts } from "../support/SdkExporters.ts"

const run = promisify(execFile)

for (const peer of [telemetrygen, python]) {
  const absent = missing(peer)
  if (absent !== undefined) console.log(`Foreign senders: some are skipped, since ${absent}`)
}

let backend: Collecting
let weir: GatewayProcess
let ports: OtlpPorts

beforeAll(async () => {
  backend = await Collecting.start("grpc")
  const path = await passThrough("grpc", backend.backend.endpoint)
  ports = path.ports
  weir = await GatewayProcess.weir(path).listening([ports.grpc, ports.http])
})

afterAll(async () => {
  await weir?.stop()
  await backend?.stop()
})

/** Fields whose values differ from run to run; only their presence is compared. */
const varying = new Set(
  (
    "traceId spanId parentSpanId timeUnixNano startTimeUnixNano endTimeUnixNano observedTimeUnixNano " +
    "exemplars asInt asDouble sum count bucketCounts phase"
  ).split(" ")
)

const masked = (items: ReadonlyArray<Item>): ReadonlyArray<string> =>
  canonical(items.map((item) => JSON.parse(JSON.stringify(item, (key, value) => (varying.has(key) ? String(value).length > 1 : value)))))

/** Items by signal that one run of telemetrygen makes. */
const generated: { readonly [S in Signal]: number } = { traces: 200, metrics: 100, logs: 100 }

describe.skipIf(missing(telemetrygen) !== undefined)("telemetrygen", () => {
  const generate = async (signal: Signal, protocol: "grpc" | "http", port: number): Promise<void> => {
    const args = [signal, `--${signal}`, "50", "--workers", "2", "--rate", "0", "--otlp-insecure", "--otlp-endpoint", `127.0.0.1:${port}`]
    const attributes = ["--otlp-attributes", 'tenant="go"', "--telemetry-attributes", 'text="Grüße"']
    const path = protocol === "http" ? ["--otlp-http", "--otlp-http-url-path", `/v1/${signal}`] : []
    await run(telemetrygen.program, [...args, ...attributes, ...path])
  }

  for (const signal of signals) {
    for (const protocol of ["grpc", "http"] as const) {
      it(`${signal} over ${protocol}`, async () => {
        const straight = await Collecting.start(protocol)
        await generate(signal, protocol, straight.backend.port)
        await generate(signal, protocol, ports[protocol])
        const wanted = await straight.take(signal, generated[signal])
        const items = await backend.take(signal, generated[signal])
        await straight.stop()
        assertSame(masked(items), masked(wanted))
        const spanIds = new Set(items.map(({ item }) => String(item.spanId)))
        if (signal === "traces") {
          assert.strictEqual(spanIds.size, generated.traces)
          for (const { item } of items) assert.isTrue(String(item.parentSpanId) === "" || spanIds.has(String(item.parentSpanId)))
        }
      })
    }
  }
})

describe.skipIf(missing(python) !== undefined)("the Python SDK", () => {
  const script = fileURLToPath(new URL("./python_sender.py", import.meta.url))

  for (const protocol of ["grpc", "http"] as const) {
    it(`sends all signals over ${protocol}`, async () => {
      const { stdout } = await run(python.program, [script, protocol, `http://127.0.0.1:${ports[protocol]}`])
      const own: { readonly [S in Signal]: string } = JSON.parse(stdout)
      for (const signal of signals) {
        const wanted = canonical(itemsOf(signal, decode(signal, Buffer.from(own[signal], "base64"))))
        assertSame(canonical(await backend.take(signal, wanted.length)), wanted)
      }
    })
  }
})
