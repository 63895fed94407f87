import { assert, it } from "@effect/vitest"
import { Agent } from "node:http"
import { gzipSync, zstdCompressSync, deflateSync } from "node:zlib"
import { decodeResponse } from "../../../src/domain/otlp/status/ExportResponse.ts"
import { decodeStatus } from "../../../src/domain/otlp/status/Status.ts"
import { lengthField } from "../../../src/domain/otlp/Write.ts"
import { Refusal } from "../../../src/domain/Refusal.ts"
import { GrpcCode } from "../../../src/domain/GrpcCode.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import { decode } from "../../support/otlp/Reference.ts"
import { request } from "../../support/Requests.ts"
import { Downstream } from "./Downstream.ts"
import { withGate } from "./Gate.ts"
import { ask, json, post, protobuf, type Reply } from "./HttpClient.ts"
import { RawSocket } from "./RawSocket.ts"

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

const spanJson = (fields: object): string =>
  JSON.stringify({ resourceSpans: [{ resource: { later: [{ deep: {} }] }, scopeSpans: [{ spans: [{ name: "s", ...fields }] }] }] })

it.live("row 2: a JSON request, with a charset too, is answered {} as JSON", () =>
  withGate(config, async ({ http, downstream }) => {
    for (const contentType of ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]) {
      const reply = await post(http.port, "traces", spanJson({}), { "content-type": contentType })
      assert.deepStrictEqual([reply.status, reply.headers["content-type"], reply.body.toString()], [200, "application/json", "{}"])
      assert.strictEqual(downstream.arrived.pop()!.items, 1)
    }
  })
)

it.live("row 3: an empty JSON message is a success, and nothing reaches the pipeline", () =>
  withGate(config, async ({ http, downstream }) => {
    const reply = await post(http.port, "traces", "{}", json)
    assert.deepStrictEqual([reply.status, reply.body.toString(), downstream.arrived.length], [200, "{}", 0])
  })
)

it.live("row 6: invalid JSON is answered 400 with a status in JSON", () =>
  withGate(config, async ({ http }) => {
    for (const text of ["", "{", "[]", '{"resourceSpans":7}', '{"resourceSpans":[}']) {
      const reply = await post(http.port, "traces", text, json)
      if (text === "") continue
      assert.deepStrictEqual([reply.status, reply.headers["content-type"]], [400, "application/json"])
      assert.strictEqual(JSON.parse(reply.body.toString()).code, 3)
    }
  })
)

it.live("rows 7 to 10: unknown fields, hex ids of any case, 64-bit integers and enum numbers of JSON arrive as they should", () =>
  withGate(config, async ({ http, downstream }) => {
    const fields = {
      traceId: "5B8EFFF798038103d269b633813fc60c",
      spanId: "EEE19B7EC3C1B174",
      kind: 3,
      startTimeUnixNano: "1790000000000000001",
      endTimeUnixNano: 12,
      unknown: { at: ["any", { depth: 1 }] },
      attributes: [
        { key: "text", value: { intValue: "9007199254740993" } },
        { key: "number", value: { intValue: 42 } }
      ]
    }
    assert.strictEqual((await post(http.port, "traces", spanJson(fields), json)).status, 200)
    const request = downstream.arrived.pop()!.request as never as { resourceSpans: Array<{ scopeSpans: Array<{ spans: Array<object> }> }> }
    assert.deepStrictEqual(request.resourceSpans[0]!.scopeSpans[0]!.spans[0], {
      traceId: [...Buffer.from("5b8efff798038103d269b633813fc60c", "hex")],
      spanId: [...Buffer.from("eee19b7ec3c1b174", "hex")],
      name: "s",
      kind: 3,
      startTimeUnixNano: "1790000000000000001",
      endTimeUnixNano: "12",
      attributes: [
        { key: "text", value: { intValue: "9007199254740993" } },
        { key: "number", value: { intValue: "42" } }
      ]
    } as object)
  })
)

it.live("row 11: compressed JSON is taken too", () =>
  withGate(config, async ({ http, downstream }) => {
    const reply = await post(http.port, "traces", gzipSync(spanJson({})), { ...json, "content-encoding": "gzip" })
    assert.deepStrictEqual([reply.status, downstream.arrived.length], [200, 1])
  })
)

it.live("row 12: an unknown encoding, snappy, and a header that lies are answered 400 with a status", () =>
  withGate(config, async ({ http }) => {
    for (const encoding of ["br", "snappy", "gzip, gzip", "gzip", "zstd", "deflate"]) {
      const reply = await post(http.port, "traces", one, { ...protobuf, "content-encoding": encoding })
      assert.strictEqual(reply.status, 400)
      assert.strictEqual(decodeStatus(reply.body)!.code, GrpcCode.INVALID_ARGUMENT)
    }
    const cut = await post(http.port, "traces", gzipSync(one).subarray(0, 50), { ...protobuf, "content-encoding": "gzip" })
    assert.strictEqual(cut.status, 400)
  })
)

it.live("row 13: a body that inflates to more items than anybody sends is answered 413", () =>
  withGate({ protocols: { http: {} } }, async ({ http, downstream }) => {
    const spans = new Uint8Array(9_000_000).map((_, i) => (i % 2 === 0 ? 18 : 0))
    const body = gzipSync(lengthField(1, lengthField(2, spans)))
    const reply = await ask({ port: http.port, headers: { ...protobuf, "content-encoding": "gzip" }, body })
    assert.deepStrictEqual([reply.status, reply.headers["retry-after"]], [413, undefined])
    assert.include(decodeStatus(reply.body)?.message ?? "", "items in one request")
    assert.strictEqual(downstream.arrived.length, 0)
  })
)

it.live("row 13: a body over the limit, plain, unannounced or inflated, is answered 413, and the connection is kept", () =>
  withGate({ protocols: { http: { max_request_body_size: 100_000 } } }, async ({ http, downstream, books }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const large = request(
      "traces",
      Array.from({ length: 2000 }, (_, i) => String(i)),
      "acme"
    )
    const announced = { ...protobuf, "content-length": String(large.length) }
    for (const headers of [announced, protobuf]) {
      assert.strictEqual((await ask({ port: http.port, headers, body: large, agent })).status, 413)
    }
    for (const [encoding, compress] of Object.entries({ gzip: gzipSync, zstd: zstdCompressSync, deflate: deflateSync })) {
      for (const size of [200_000, 50_000_000]) {
        const body = compress(Buffer.alloc(size))
        const headers = { ...protobuf, "content-encoding": encoding, "content-length": String(body.length) }
        const reply = await ask({ port: http.port, headers, body, agent })
        assert.strictEqual(reply.status, 413)
        assert.strictEqual(reply.headers["retry-after"], undefined)
      }
    }
    assert.strictEqual((await ask({ port: http.port, headers: protobuf, body: one, agent })).status, 200)
    assert.strictEqual(Object.values(agent.sockets).length + Object.values(agent.freeSockets).length, 1)
    agent.destroy()
    assert.strictEqual(downstream.arrived.length, 1)
    assert.isTrue([...books.rows()].some((row) => row.refused.has("too_large")))
  })
)

it.live("row 16: a signal without a pipeline and an unknown path are answered 404", () =>
  withGate(
    config,
    async ({ http }) => {
      assert.strictEqual((await post(http.port, "logs", request("logs", ["a"], "acme"))).status, 404)
      assert.strictEqual((await ask({ port: http.port, path: "/v2/traces", headers: protobuf, body: one })).status, 404)
      assert.strictEqual((await ask({ port: http.port, path: "/v1/traces?key=x", headers: protobuf, body: one })).status, 200)
    },
    { signals: ["traces"] }
  )
)

it.live("row 17: what a backend says on the synchronous path reaches the client with its hint", () =>
  withGate({ ...config, after: "delivery" }, async ({ http, downstream, books }) => {
    downstream.mode = "hold"
    const failures = [
      [new Refusal("backend", GrpcCode.UNAVAILABLE, "down", 5000), 503, "5"],
      [new Refusal("backend", GrpcCode.RESOURCE_EXHAUSTED, "slow", 1500), 429, "2"],
      [new Refusal("backend", GrpcCode.RESOURCE_EXHAUSTED, "too large", undefined), 413, undefined],
      [new Refusal("backend", GrpcCode.PERMISSION_DENIED, "no", undefined), 403, undefined]
    ] as const
    for (const [failure, status, hint] of failures) {
      const reply = post(http.port, "traces", one)
      await downstream.holds(1)
      downstream.held.pop()!.end({ returned: 2, failure })
      const { headers, body, ...rest } = await reply
      assert.deepStrictEqual([rest.status, headers["retry-after"]], [status, hint])
      assert.deepStrictEqual(decodeStatus(body), {
        code: failure.code,
        message: failure.message,
        retryAfterMillis: failure.retryAfterMillis
      })
    }
    // The receiver's metrics say refused for what the client was told no about, although it had been handed on.
    const row = books.row({ kind: "receiver", id: "otlp", transport: "http" }, "acme", "traces")
    assert.deepStrictEqual([row.refusedLate, row.refused.get("backend"), row.refusedRequests.get("backend")], [8, 8, 4])
  })
)

it.live("row 18: overload is answered 503 with a hint and a status, before the body is read where that can be told", () =>
  withGate({ protocols: { http: {} }, max_in_flight_bytes: 1000 }, async ({ http, downstream, books }) => {
    const large = request(
      "traces",
      Array.from({ length: 100 }, (_, i) => String(i)),
      "acme"
    )
    const expectOverload = ({ status, headers, body }: Reply) => {
      assert.deepStrictEqual([status, headers["retry-after"]], [503, "1"])
      assert.strictEqual(decodeStatus(body)!.retryAfterMillis, 1000)
    }
    expectOverload(await post(http.port, "traces", large))
    expectOverload(await ask({ port: http.port, headers: protobuf, body: large }))
    downstream.refusing = Refusal.memoryLimit
    expectOverload(await post(http.port, "traces", one))
    downstream.mode = "refuse"
    expectOverload(await post(http.port, "traces", one))
    const reasons = [...books.rows()].flatMap((row) => [...row.refused.keys()])
    assert.includeMembers(reasons, ["admission", "memory_limiter"])
  })
)

it.live("the graph is asked about a body by what it announces, and about one that announces nothing as it comes", () => {
  const asked: Array<number> = []
  const downstream = new Downstream()
  downstream.refusal = (announced) => (asked.push(announced) > 2 ? Refusal.memoryLimit : undefined)
  return withGate(
    config,
    async ({ http, books }) => {
      assert.strictEqual((await post(http.port, "traces", one)).status, 200)
      const socket = new RawSocket(http.port)
      socket.write("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n")
      assert.match(await socket.write("1\r\n\n\r\n").until(/memory usage/), /^HTTP\/1.1 503 /)
      socket.close()
      assert.deepStrictEqual(asked, [one.length, 0, 0])
      const row = books.row({ kind: "receiver", id: "otlp", transport: "http" }, "default", "traces")
      assert.strictEqual(row.refusedRequests.get("memory_limiter"), 1)
    },
    { downstream }
  )
})

it.live("row 21: items that a backend turned down are told as a partial success, in both encodings", () =>
  withGate({ ...config, after: "delivery" }, async ({ http, downstream }) => {
    downstream.mode = "hold"
    const failure = new Refusal("backend", GrpcCode.INVALID_ARGUMENT, "too old", undefined)
    const binary = post(http.port, "traces", one)
    await downstream.holds(1)
    downstream.held.pop()!.end({ delivered: 1, dropped: 1, failure })
    assert.deepStrictEqual(decodeResponse((await binary).body), { rejected: 1, message: "too old" })
    const text = post(http.port, "traces", spanJson({}), json)
    await downstream.holds(1)
    downstream.held.pop()!.end({ dropped: 1, failure })
    assert.strictEqual((await text).body.toString(), '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}')
  })
)

it.live("row 23: a preflight is answered with permission for allowed origins only", () =>
  withGate(
    { protocols: { http: { cors: { allowed_origins: ["https://*.example.com"], allowed_headers: ["X-Key"], max_age: 7 } } } },
    async ({ http }) => {
      const preflight = (origin: string, method = "POST", asked = "content-type, x-key") =>
        ask({
          port: http.port,
          method: "OPTIONS",
          headers: { origin, "access-control-request-method": method, "access-control-request-headers": asked }
        })
      const allowed = await preflight("https://app.example.com")
      assert.strictEqual(allowed.status, 204)
      assert.strictEqual(allowed.headers["access-control-allow-origin"], "https://app.example.com")
      assert.strictEqual(allowed.headers["access-control-allow-headers"], "content-type, x-key")
      assert.strictEqual(allowed.headers["access-control-max-age"], "7")
      for (const refused of [
        await preflight("https://example.org"),
        await preflight("https://app.example.com.evil.org"),
        await preflight("https://app.example.com", "DELETE"),
        await preflight("https://app.example.com", "POST", "x-other")
      ]) {
        assert.strictEqual(refused.status, 204)
        assert.strictEqual(refused.headers["access-control-allow-origin"], undefined)
        assert.strictEqual(refused.headers["access-control-allow-headers"], undefined)
      }
      const sent = await post(http.port, "traces", one, { ...protobuf, origin: "https://app.example.com" })
      assert.deepStrictEqual([sent.status, sent.headers["access-control-allow-origin"]], [200, "https://app.example.com"])
      const other = await post(http.port, "traces", one, { ...protobuf, origin: "https://example.org" })
      assert.deepStrictEqual([other.status, other.headers["access-control-allow-origin"]], [200, undefined])
    }
  )
)

it.live("a client that goes away before its answer is noticed", () =>
  withGate({ ...config, after: "delivery" }, async ({ http, downstream }) => {
    downstream.mode = "hold"
    const agent = new Agent()
    const reply = ask({ port: http.port, headers: protobuf, body: one, agent }).catch(() => undefined)
    await downstream.holds(1)
    agent.destroy()
    await reply
    while (!downstream.held[0]!.ack.cancelled) await new Promise(setImmediate)
    downstream.held[0]!.end({ returned: 2 })
  })
)

it.live("an answer that never comes is 503 after answer_timeout", () =>
  withGate({ ...config, after: "delivery", answer_timeout: "200ms" }, async ({ http, downstream }) => {
    downstream.mode = "ignore"
    const reply = await post(http.port, "traces", one)
    assert.deepStrictEqual([reply.status, reply.headers["retry-after"]], [503, "1"])
    assert.isTrue(downstream.held[0]!.ack.cancelled)
  })
)

it.live("an exporter without a queue makes the answer wait for it, whatever the policy", () =>
  withGate(config, async ({ http, downstream }) => {
    downstream.mode = "hold"
    downstream.waitForResult = true
    const reply = post(http.port, "traces", one)
    await downstream.holds(1)
    downstream.held[0]!.end({ returned: 2, failure: new Refusal("backend", GrpcCode.UNAVAILABLE, "down", undefined) })
    assert.strictEqual((await reply).status, 503)
  })
)

it.live("metadata, response headers and single-request connections are as configured", () =>
  withGate(
    { protocols: { http: { include_metadata: true, response_headers: { "X-Gateway": "weir" }, keep_alives_enabled: false } } },
    async ({ http, downstream }) => {
      const reply = await post(http.port, "traces", one, { ...protobuf, "X-Tenant": "t1" })
      assert.deepStrictEqual([reply.headers["x-gateway"], reply.headers.connection], ["weir", "close"])
      assert.deepStrictEqual(downstream.arrived[0]!.metadata["x-tenant"], ["t1"])
    }
  )
)
