import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { GrpcCode } from "../../../src/domain/GrpcCode.ts"
import { decodeResponse, encodeResponse } from "../../../src/domain/otlp/status/ExportResponse.ts"
import { builtIn } from "../../../src/layers/BuiltIn.ts"
import { layerYaml } from "../../../src/layers/Configured.ts"
import { Gateway } from "../../../src/layers/Gateway.ts"
import { Components } from "../../../src/layers/graph/Components.ts"
import { request } from "../../support/Requests.ts"
import { OfficialClient } from "../ingest/GrpcClient.ts"
import { post } from "../ingest/HttpClient.ts"
import { httpBackend } from "./HttpBackend.ts"

/** Answers to senders that wait, through a whole gateway: what the backend says is what they are told. */
const withGateway = (
  options: { readonly receiver?: string; readonly exporter?: string; readonly processors?: string },
  answer: { readonly status: number; readonly body?: Uint8Array },
  body: (ports: { readonly http: number; readonly grpc: number }) => Promise<void>
) =>
  Effect.gen(function* () {
    const backend = yield* httpBackend((received, response) => {
      received.resume()
      received.on("end", () => response.writeHead(answer.status, { "content-type": "application/x-protobuf" }).end(answer.body))
    })
    const yaml = `
receivers: { otlp: { ${options.receiver ?? ""} protocols: { http: { endpoint: "127.0.0.1:0" }, grpc: { endpoint: "127.0.0.1:0" } } } }
processors: { batch: { timeout: 10ms } }
exporters: { otlp_http: { endpoint: "${backend.url}", ${options.exporter ?? ""} } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], processors: [${options.processors ?? ""}], exporters: [otlp_http] } }
`
    const context = yield* Layer.build(layerYaml(yaml).pipe(Layer.provide(Components.layer(...builtIn))))
    const gateway = yield* Gateway.pipe(Effect.provide(context))
    const portOf = (protocol: string) =>
      Number(
        gateway
          .addresses()
          .find((bound) => bound.protocol === protocol)!
          .address.split(":")[1]
      )
    yield* Effect.promise(() => body({ http: portOf("http"), grpc: portOf("grpc") }))
  }).pipe(Effect.scoped)

const ten = request("traces", ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], "acme")
const waiting = [
  { receiver: "after: delivery," },
  { receiver: "after: delivery,", processors: "batch" },
  { exporter: "sending_queue: { wait_for_result: true }" },
  { exporter: "sending_queue: { enabled: false }" }
]

describe("a sender that waits for the delivery", () => {
  for (const options of waiting) {
    it.live(`is told what a backend has rejected, on both transports: ${JSON.stringify(options)}`, () =>
      withGateway(options, { status: 200, body: encodeResponse({ rejected: 3, message: "too old" }) }, async ({ http, grpc }) => {
        const reply = await post(http, "traces", ten)
        assert.strictEqual(reply.status, 200)
        assert.deepStrictEqual(decodeResponse(reply.body), { rejected: 3, message: "too old" })
        const client = new OfficialClient(grpc)
        const { code, message } = await client.export("traces", ten)
        assert.strictEqual(code, 0)
        assert.deepStrictEqual(decodeResponse(message!), { rejected: 3, message: "too old" })
        client.close()
      })
    )

    it.live(`is refused what a backend refuses, on both transports: ${JSON.stringify(options)}`, () =>
      withGateway(options, { status: 400 }, async ({ http, grpc }) => {
        assert.strictEqual((await post(http, "traces", ten)).status, 400)
        const client = new OfficialClient(grpc)
        assert.strictEqual((await client.export("traces", ten)).code, GrpcCode.INVALID_ARGUMENT)
        client.close()
      })
    )

    it.live(`is told not to come again with what is too large for a backend, on both transports: ${JSON.stringify(options)}`, () =>
      withGateway(options, { status: 413 }, async ({ http, grpc }) => {
        const { status, headers } = await post(http, "traces", ten)
        assert.deepStrictEqual([status, headers["retry-after"]], [413, undefined])
        const client = new OfficialClient(grpc)
        assert.strictEqual((await client.export("traces", ten)).code, GrpcCode.RESOURCE_EXHAUSTED)
        client.close()
      })
    )
  }
})
