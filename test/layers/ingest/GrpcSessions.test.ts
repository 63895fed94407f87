import { assert, it } from "@effect/vitest"
import { constants } from "node:http2"
import { GrpcCode } from "../../../src/domain/GrpcCode.ts"
import { request } from "../../support/Requests.ts"
import { frame, OfficialClient, RawHttp2 } from "./GrpcClient.ts"
import { withGate } from "./Gate.ts"
import { RawSocket } from "./RawSocket.ts"

const one = request("traces", ["a", "b"], "acme")

it.live("a peer that is silent, speaks no HTTP/2, or stops after the preface is ended; the official client beside it is served", () =>
  withGate({ protocols: { grpc: { handshake_timeout: "300ms" } } }, async ({ grpc }) => {
    const client = new OfficialClient(grpc.port)
    const silent = new RawSocket(grpc.port)
    const preface = new RawSocket(grpc.port).write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    const half = new RawSocket(grpc.port).write("PRI * HTT")
    const other = new RawSocket(grpc.port).write("POST /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n")
    const peers = [silent, preface, half, other]
    let over = false
    void Promise.all(peers.map((peer) => peer.end())).then(() => (over = true))
    while (!over) assert.strictEqual((await client.export("traces", one)).code, 0)
    assert.strictEqual((await client.export("traces", one)).code, 0)
    for (const peer of peers) peer.close()
    client.close()
  })
)

it.live("a message that does not arrive in time is told, its memory is let go of, and the connection stays", () =>
  withGate({ protocols: { grpc: { read_timeout: "300ms" } }, max_in_flight_bytes: 20_000 }, async ({ grpc }) => {
    const raw = new RawHttp2(grpc.port)
    const large = frame(new Uint8Array(16_000))
    const stuck = raw.open()
    stuck.write(large.subarray(0, 9000))
    const reply = await RawHttp2.answer(stuck)
    assert.strictEqual(reply.status, String(GrpcCode.DEADLINE_EXCEEDED))
    assert.strictEqual((await raw.send(frame(request("traces", Array.from({ length: 60 }, String), "acme")))).status, "0")
    raw.close()
  })
)

it.live("an idle connection is told to go, gracefully", () =>
  withGate({ protocols: { grpc: { keepalive: { server_parameters: { max_connection_idle: "300ms" } } } } }, async ({ grpc }) => {
    const raw = new RawHttp2(grpc.port)
    const goaway = new Promise<number>((resolve) => raw.session.on("goaway", resolve))
    const closed = new Promise((resolve) => raw.session.on("close", resolve))
    assert.strictEqual((await raw.send(frame(one))).status, "0")
    assert.strictEqual(await goaway, constants.NGHTTP2_NO_ERROR)
    await closed
  })
)

it.live("an old connection is told to go; its open call is answered first, and the official client notices nothing", () =>
  withGate(
    { protocols: { grpc: { keepalive: { server_parameters: { max_connection_age: "300ms" } } } }, after: "delivery" },
    async ({ grpc, downstream }) => {
      downstream.mode = "hold"
      const raw = new RawHttp2(grpc.port)
      const goaway = new Promise<number>((resolve) => raw.session.on("goaway", resolve))
      const reply = raw.send(frame(one))
      await downstream.holds(1)
      await goaway
      downstream.held[0]!.end({ delivered: 2 })
      assert.strictEqual((await reply).status, "0")
      downstream.mode = "deliver"
      const client = new OfficialClient(grpc.port)
      const until = performance.now() + 700
      while (performance.now() < until) assert.strictEqual((await client.export("traces", one)).code, 0)
      client.close()
    }
  )
)

it.live("after the grace of an old connection its calls are cut off", () =>
  withGate(
    {
      protocols: { grpc: { keepalive: { server_parameters: { max_connection_age: "200ms", max_connection_age_grace: "200ms" } } } },
      after: "delivery"
    },
    async ({ grpc, downstream }) => {
      downstream.mode = "hold"
      const raw = new RawHttp2(grpc.port)
      const reply = raw.send(frame(one))
      await downstream.holds(1)
      assert.strictEqual((await reply).status, undefined)
      while (!downstream.held[0]!.ack.cancelled) await new Promise(setImmediate)
      downstream.held[0]!.end({ returned: 2 })
    }
  )
)

it.live("a client that pings too often loses its connection", () =>
  withGate({ protocols: { grpc: {} } }, async ({ grpc }) => {
    const raw = new RawHttp2(grpc.port)
    const goaway = new Promise<number>((resolve) => raw.session.on("goaway", resolve))
    assert.strictEqual((await raw.send(frame(one))).status, "0")
    for (let i = 0; i < 5 && !raw.session.destroyed; i++) await new Promise((resolve) => raw.session.ping(resolve))
    assert.strictEqual(await goaway, constants.NGHTTP2_ENHANCE_YOUR_CALM)
    raw.close()
  })
)

it.live("permitted pings do no harm", () =>
  withGate(
    { protocols: { grpc: { keepalive: { enforcement_policy: { min_time: "0s", permit_without_stream: true } } } } },
    async ({ grpc }) => {
      const raw = new RawHttp2(grpc.port)
      for (let i = 0; i < 20; i++) await new Promise((resolve) => raw.session.ping(resolve))
      assert.strictEqual((await raw.send(frame(one))).status, "0")
      raw.close()
    }
  )
)

it.live("metadata is kept where it is asked for", () =>
  withGate({ protocols: { grpc: { include_metadata: true } } }, async ({ grpc, downstream }) => {
    const raw = new RawHttp2(grpc.port)
    await raw.send(frame(one), { "x-tenant": "t1" })
    assert.deepStrictEqual(downstream.arrived[0]!.metadata["x-tenant"], ["t1"])
    assert.isUndefined(downstream.arrived[0]!.metadata[":path"])
    raw.close()
  })
)
