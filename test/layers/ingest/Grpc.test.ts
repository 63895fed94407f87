import { assert, it } from "@effect/vitest"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { GrpcCode } from "../../../src/domain/GrpcCode.ts"
import { Refusal } from "../../../src/domain/Refusal.ts"
import { decodeResponse } from "../../../src/domain/otlp/status/ExportResponse.ts"
import { signals } from "../../../src/domain/Signal.ts"
import { decode } from "../../support/otlp/Reference.ts"
import { request } from "../../support/Requests.ts"
import { Downstream } from "./Downstream.ts"
import { frame, OfficialClient, RawHttp2 } from "./GrpcClient.ts"
import { withGate } from "./Gate.ts"

const config = { protocols: { grpc: {} } }
const one = request("traces", ["a", "b"], "acme")
const ids = (count: number) => Array.from({ length: count }, (_, i) => String(i))

it.live("every signal is taken and answered OK with partial_success unset", () =>
  withGate(config, async ({ grpc, downstream }) => {
    const client = new OfficialClient(grpc.port)
    for (const signal of signals) {
      const bytes = request(signal, ["a", "b", "c"], "acme")
      const reply = await client.export(signal, bytes)
      assert.strictEqual(reply.code, 0)
      assert.strictEqual(reply.message!.length, 0)
      const arrived = downstream.arrived.pop()!
      assert.deepStrictEqual(arrived.request, decode(signal, bytes))
      assert.deepStrictEqual([arrived.tenant, arrived.items, arrived.transport], ["acme", 3, "grpc"])
    }
    client.close()
  })
)

it.live("row 3: an empty message is a success, and nothing reaches the pipeline", () =>
  withGate(config, async ({ grpc, downstream }) => {
    const client = new OfficialClient(grpc.port)
    assert.strictEqual((await client.export("logs", new Uint8Array(0))).code, 0)
    assert.strictEqual(downstream.arrived.length, 0)
    client.close()
  })
)

it.live("row 6: a truncated message is INVALID_ARGUMENT", () =>
  withGate(config, async ({ grpc }) => {
    const client = new OfficialClient(grpc.port)
    const reply = await client.export("traces", one.subarray(0, one.length - 3))
    assert.strictEqual(reply.code, GrpcCode.INVALID_ARGUMENT)
    assert.include(reply.details, "malformed OTLP at byte")
    client.close()
  })
)

it.live("row 14: a message over the limit is RESOURCE_EXHAUSTED without a hint, and the connection stays usable", () =>
  withGate(config, async ({ grpc, books }) => {
    const client = new OfficialClient(grpc.port)
    // Together more than the window of the connection: what is refused must not use it up.
    for (let i = 0; i < 8; i++) {
      const reply = await client.export("traces", new Uint8Array(5 << 20))
      assert.strictEqual(reply.code, GrpcCode.RESOURCE_EXHAUSTED)
      assert.strictEqual(reply.retryAfterMillis, undefined)
    }
    assert.strictEqual((await client.export("traces", one)).code, 0)
    assert.isTrue([...books.rows()].some((row) => row.refused.has("too_large")))
    client.close()
  })
)

it.live("row 15: 64 concurrent calls on one connection, plain, gzip and deflate by the official client, zstd by hand", () =>
  withGate(config, async ({ grpc, downstream }) => {
    const bodies = ids(64).map((i) => request("traces", ids(50 + Number(i)), `tenant-${i}`))
    for (const algorithm of [0, 1, 2]) {
      const client = new OfficialClient(grpc.port, { "grpc.default_compression_algorithm": algorithm })
      const replies = await Promise.all(bodies.map((body) => client.export("traces", body)))
      assert.deepStrictEqual(
        replies.map(({ code }) => code),
        bodies.map(() => 0)
      )
      client.close()
    }
    const raw = new RawHttp2(grpc.port)
    const replies = await Promise.all(bodies.map((body) => raw.send(frame(zstdCompressSync(body), 1), { "grpc-encoding": "zstd" })))
    assert.isTrue(replies.every(({ status }) => status === "0"))
    raw.close()
    const expected = new Map(bodies.map((body, i) => [`tenant-${i}`, decode("traces", body)]))
    assert.strictEqual(downstream.arrived.length, 4 * 64)
    for (const { tenant, request } of downstream.arrived) assert.deepStrictEqual(request, expected.get(tenant))
  })
)

it.live("row 16: a signal without a pipeline is UNIMPLEMENTED, and so is a method that does not exist", () =>
  withGate(
    config,
    async ({ grpc }) => {
      const client = new OfficialClient(grpc.port)
      assert.strictEqual((await client.export("metrics", request("metrics", ["a"], "acme"))).code, GrpcCode.UNIMPLEMENTED)
      assert.strictEqual((await client.export("traces", one)).code, 0)
      const raw = new RawHttp2(grpc.port)
      assert.strictEqual((await raw.send(frame(one), { ":path": "/no.Service/Export" })).status, "12")
      raw.close()
      client.close()
    },
    { signals: ["traces"] }
  )
)

it.live("row 17: what a backend says on the synchronous path reaches the client with its hint", () =>
  withGate({ ...config, after: "delivery" }, async ({ grpc, downstream }) => {
    downstream.mode = "hold"
    const client = new OfficialClient(grpc.port)
    const reply = client.export("traces", one)
    await downstream.holds(1)
    downstream.held[0]!.end({ returned: 2, failure: new Refusal("backend", GrpcCode.UNAVAILABLE, "down for 5 s: wörk", 5000) })
    const { code, details, retryAfterMillis } = await reply
    assert.deepStrictEqual([code, details, retryAfterMillis], [GrpcCode.UNAVAILABLE, "down for 5 s: wörk", 5000])
    client.close()
  })
)

it.live("row 18: overload is UNAVAILABLE with a hint", () =>
  withGate({ protocols: { grpc: {} }, max_in_flight_bytes: 1000 }, async ({ grpc, downstream }) => {
    const client = new OfficialClient(grpc.port)
    const tooMuch = await client.export("traces", request("traces", ids(100), "acme"))
    assert.deepStrictEqual([tooMuch.code, tooMuch.retryAfterMillis], [GrpcCode.UNAVAILABLE, 1000])
    downstream.mode = "refuse"
    downstream.refusing = Refusal.queueFull
    const full = await client.export("traces", one)
    assert.deepStrictEqual([full.code, full.retryAfterMillis], [GrpcCode.UNAVAILABLE, 1000])
    client.close()
  })
)

it.live("the graph is asked about a message by the length of its prefix", () => {
  const asked: Array<number> = []
  const downstream = new Downstream()
  downstream.refusal = (announced) => (asked.push(announced) > 1 ? Refusal.memoryLimit : undefined)
  return withGate(
    config,
    async ({ grpc }) => {
      const client = new OfficialClient(grpc.port)
      const { code, retryAfterMillis } = await client.export("traces", one)
      assert.deepStrictEqual([code, retryAfterMillis, asked], [GrpcCode.UNAVAILABLE, 1000, [0, one.length]])
      client.close()
    },
    { downstream }
  )
})

it.live("row 21: items that a backend turned down are told as a partial success", () =>
  withGate({ ...config, after: "delivery" }, async ({ grpc, downstream }) => {
    downstream.mode = "hold"
    const client = new OfficialClient(grpc.port)
    const reply = client.export("traces", one)
    await downstream.holds(1)
    downstream.held[0]!.end({ delivered: 1, dropped: 1, failure: new Refusal("backend", GrpcCode.INVALID_ARGUMENT, "too old", undefined) })
    const { code, message } = await reply
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(decodeResponse(message!), { rejected: 1, message: "too old" })
    client.close()
  })
)

it.live("a deadline that passes is told, and cancels what is not answered", () =>
  withGate({ ...config, after: "delivery" }, async ({ grpc, downstream }) => {
    downstream.mode = "hold"
    const raw = new RawHttp2(grpc.port)
    const reply = await raw.send(frame(one), { "grpc-timeout": "200m" })
    assert.strictEqual(reply.status, String(GrpcCode.DEADLINE_EXCEEDED))
    assert.isTrue(downstream.held[0]!.ack.cancelled)
    downstream.held[0]!.end({ returned: 2 })
    raw.close()
  })
)

it.live("a client that cancels is noticed", () =>
  withGate({ ...config, after: "delivery" }, async ({ grpc, downstream }) => {
    downstream.mode = "hold"
    const client = new OfficialClient(grpc.port)
    let cancel = () => {}
    const reply = client.export("traces", one, {}, (it) => (cancel = it))
    await downstream.holds(1)
    cancel()
    assert.strictEqual((await reply).code, GrpcCode.CANCELLED)
    const { ack, end } = downstream.held[0]!
    while (!ack.cancelled) await new Promise(setImmediate)
    end({ returned: 2 })
    client.close()
  })
)

it.live("an answer that never comes is bounded by answer_timeout", () =>
  withGate({ ...config, after: "delivery", answer_timeout: "200ms" }, async ({ grpc, downstream }) => {
    downstream.mode = "hold"
    const client = new OfficialClient(grpc.port)
    const reply = await client.export("traces", one)
    assert.strictEqual(reply.code, GrpcCode.DEADLINE_EXCEEDED)
    downstream.held[0]!.end({ returned: 2 })
    client.close()
  })
)

it.live("unknown encodings, flags and second messages are refused, and the next call is served", () =>
  withGate(config, async ({ grpc, downstream }) => {
    const raw = new RawHttp2(grpc.port)
    const snappy = await raw.send(frame(one, 1), { "grpc-encoding": "snappy" })
    assert.strictEqual(snappy.status, String(GrpcCode.UNIMPLEMENTED))
    assert.strictEqual(snappy.headers["grpc-accept-encoding"], "identity,gzip,zstd,deflate")
    for (const [body, headers] of [
      [frame(one, 1), {}],
      [frame(one, 7), {}],
      [Buffer.concat([frame(one), frame(one)]), {}],
      [frame(one).subarray(0, 20), {}],
      [Buffer.alloc(3), {}],
      [Buffer.alloc(0), {}],
      [frame(one, 1), { "grpc-encoding": "gzip" }],
      [frame(gzipSync(one).subarray(0, 40), 1), { "grpc-encoding": "gzip" }]
    ] as const) {
      assert.strictEqual((await raw.send(body, headers)).status, String(GrpcCode.INVALID_ARGUMENT))
    }
    assert.strictEqual((await raw.send(frame(one), { "content-type": "text/plain" })).httpStatus, 415)
    assert.strictEqual((await raw.send(frame(one), { ":method": "PUT" })).httpStatus, 405)
    assert.strictEqual(downstream.arrived.length, 0)
    assert.strictEqual((await raw.send(frame(one))).status, "0")
    raw.close()
  })
)
