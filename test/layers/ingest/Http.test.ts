import { assert, it } from "@effect/vitest"
import { gzipSync, zstdCompressSync, deflateSync } from "node:zlib"
import { decodeResponse } from "../../../src/domain/otlp/status/ExportResponse.ts"
import { decodeStatus } from "../../../src/domain/otlp/status/Status.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import { decode } from "../../support/otlp/Reference.ts"
import { request } from "../../support/Requests.ts"
import { withGate } from "./Gate.ts"
import { ask, post, protobuf } from "./HttpClient.ts"

const config = { protocols: { http: {} } }
const one = request("traces", ["a", "b"], "acme")

it.live("row 1: a protobuf request is answered 200 with an empty response of its own type", () =>
  withGate(config, async ({ http, downstream, books }) => {
    for (const signal of ["traces", "metrics", "logs"] satisfies ReadonlyArray<Signal>) {
      const bytes = request(signal, ["a", "b", "c"], "acme")
      const reply = await post(http.port, signal, bytes)
      assert.strictEqual(reply.status, 200)
      assert.strictEqual(reply.headers["content-type"], "application/x-protobuf")
      assert.strictEqual(reply.body.length, 0)
      assert.deepStrictEqual(decodeResponse(reply.body), { rejected: 0, message: "" })
      const arrived = downstream.arrived.pop()!
      assert.deepStrictEqual(arrived.request, decode(signal, bytes))
      assert.deepStrictEqual([arrived.tenant, arrived.items, arrived.transport], ["acme", 3, "http"])
    }
    assert.strictEqual([...books.rows()].length, 0)
  })
)

it.live("row 3: an empty message is a success, and nothing reaches the pipeline", () =>
  withGate(config, async ({ http, downstream }) => {
    const reply = await post(http.port, "traces", new Uint8Array(0))
    assert.strictEqual(reply.status, 200)
    assert.strictEqual(downstream.arrived.length, 0)
  })
)

it.live("row 4: any method but POST is answered 405", () =>
  withGate(config, async ({ http }) => {
    for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
      const reply = await ask({ port: http.port, method, headers: protobuf })
      assert.strictEqual(reply.status, 405)
      assert.strictEqual(reply.headers.allow, "POST")
    }
  })
)

it.live("row 5: a missing or unknown content type is answered 415", () =>
  withGate(config, async ({ http }) => {
    for (const headers of [{}, { "content-type": "text/plain" }, { "content-type": "application/grpc" }]) {
      const reply = await ask({ port: http.port, headers, body: one })
      assert.strictEqual(reply.status, 415)
      assert.include(JSON.parse(reply.body.toString()).message, "expected application/x-protobuf")
    }
  })
)

it.live("row 6: truncated protobuf is answered 400 with a status that forbids a retry", () =>
  withGate(config, async ({ http, downstream, books }) => {
    const reply = await post(http.port, "traces", one.subarray(0, one.length - 3))
    assert.strictEqual(reply.status, 400)
    assert.strictEqual(reply.headers["content-type"], "application/x-protobuf")
    assert.strictEqual(reply.headers["retry-after"], undefined)
    const status = decodeStatus(reply.body)!
    assert.strictEqual(status.code, 3)
    assert.include(status.message, "malformed OTLP at byte")
    assert.strictEqual(status.retryAfterMillis, undefined)
    assert.strictEqual(downstream.arrived.length, 0)
    assert.isTrue([...books.rows()].some((row) => row.refused.has("malformed")))
  })
)

it.live("row 11: gzip, zstd and deflate bodies arrive as they were", () =>
  withGate(config, async ({ http, downstream }) => {
    const large = request(
      "traces",
      Array.from({ length: 9000 }, (_, i) => String(i)),
      "acme"
    )
    const codecs = { gzip: gzipSync, zstd: zstdCompressSync, deflate: deflateSync, identity: (bytes: Uint8Array) => bytes }
    for (const [name, compress] of Object.entries(codecs)) {
      for (const bytes of [one, large]) {
        const reply = await post(http.port, "traces", compress(bytes), { ...protobuf, "content-encoding": name })
        assert.strictEqual(reply.status, 200)
        assert.deepStrictEqual(downstream.arrived.pop()!.request, decode("traces", bytes))
      }
    }
  })
)
