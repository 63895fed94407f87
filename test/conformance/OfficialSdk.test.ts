// The official JavaScript SDK sends through Weir to a backend that the official transformer decodes for: every item arrives, equal field
// by field to what the SDK's own protobuf exporter sends straight to such a backend.
import { afterAll, beforeAll, describe, it } from "@effect/vitest"
import { signals, type Signal } from "../../src/domain/Signal.ts"
import { Collecting } from "../support/Collecting.ts"
import { GatewayProcess } from "../support/GatewayProcess.ts"
import { assertSame, canonical } from "../support/Otlp.ts"
import { type PassThrough, passThrough } from "../support/PassThrough.ts"
import { RunningGateway } from "../support/RunningGateway.ts"
import { logs, metrics, spans } from "../support/SdkData.ts"
import { type Data, encodings, type OtlpPorts, sdkExporter } from "../support/SdkExporters.ts"

const data: Data = { traces: spans(50), metrics: await metrics(), logs: logs(50) }

const expected = async (signal: Signal): Promise<ReadonlyArray<string>> => {
  const straight = await Collecting.start("http")
  const exporter = sdkExporter(signal, "HTTP protobuf", { grpc: 0, http: straight.backend.port })
  await exporter.send(data[signal])
  await exporter.close()
  await straight.stop()
  return canonical(straight.items[signal])
}

/** As a process, and as Layers in this one. */
const start = async (form: "process" | "Layers", path: PassThrough): Promise<{ readonly stop: () => Promise<unknown> }> =>
  form === "process" ? GatewayProcess.weir(path).listening([path.ports.grpc, path.ports.http]) : RunningGateway.start(path.configuration)

describe.each([
  ["process", "http"],
  ["process", "grpc"],
  ["Layers", "http"],
  ["Layers", "grpc"]
] as const)("through Weir as a %s and its %s exporter", (form, outgoing) => {
  let backend: Collecting
  let weir: { readonly stop: () => Promise<unknown> }
  let ports: OtlpPorts

  beforeAll(async () => {
    backend = await Collecting.start(outgoing)
    const path = await passThrough(outgoing, backend.backend.endpoint)
    ports = path.ports
    weir = await start(form, path)
  })

  afterAll(async () => {
    await weir.stop()
    await backend.stop()
  })

  describe.each(signals)("%s", (signal) => {
    for (const encoding of encodings) {
      for (const compression of ["none", "gzip"] as const) {
        it(`sent as ${encoding}, ${compression === "none" ? "plain" : compression}`, async () => {
          const wanted = await expected(signal)
          const exporter = sdkExporter(signal, encoding, ports, compression)
          await exporter.send(data[signal])
          await exporter.close()
          assertSame(canonical(await backend.take(signal, wanted.length)), wanted)
        })
      }
    }
  })
})
