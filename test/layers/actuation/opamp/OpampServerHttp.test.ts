import { connect } from "node:net"
import { buffer, text } from "node:stream/consumers"
import { gunzipSync, gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { formatUid } from "../../../../src/opamp.ts"
import { fullReport, statusOf, uidOf, yaml } from "../../../support/opamp/Agent.ts"
import { decodeReference, encodeReference, type Plain } from "../../../support/opamp/Reference.ts"
import { RunningServer } from "../../../support/opamp/RunningServer.ts"
import { agentVectors, fromHex, toHex } from "../../../support/opamp/Vectors.ts"

const uid = uidOf(1)
const protobuf = { "content-type": "application/x-protobuf" }

const bodyOf = (plain: Plain) => encodeReference("AgentToServer", plain)

const post = (server: RunningServer, body: Uint8Array<ArrayBuffer>, headers: { readonly [name: string]: string } = {}) =>
  fetch(server.url, { method: "POST", body, headers: { "accept-encoding": "identity", ...protobuf, ...headers } })

/** A poll and its reply. */
const ask = async (server: RunningServer, plain: Plain) => {
  const response = await post(server, bodyOf(plain))
  assert.strictEqual(response.status, 200)
  return decodeReference("ServerToAgent", new Uint8Array(await response.arrayBuffer()))
}

/** A request byte for byte, and all that comes back until the server ends it. */
const raw = (server: RunningServer, request: string): Promise<string> => {
  const socket = connect(server.port, "127.0.0.1")
  socket.write(request)
  return text(socket)
}

describe("a POST", () => {
  it("is answered 200 with the reply, plain or gzip, with parameters in the content type", async () => {
    await using server = await RunningServer.start()
    const message = Uint8Array.from(fromHex(agentVectors[2]!.hex))
    for (const [body, headers] of [
      [message, {}],
      [message, { "content-type": "Application/X-Protobuf; charset=utf-8" }],
      [gzipSync(message), { "content-encoding": "gzip" }],
      [message, { "content-encoding": "identity" }]
    ] as const) {
      const response = await post(server, body, headers)
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers.get("content-type"), "application/x-protobuf")
      assert.strictEqual(toHex(new Uint8Array(await response.arrayBuffer())).slice(0, 36), agentVectors[2]!.hex.slice(0, 36))
    }
    assert.deepStrictEqual(
      server.fleet.agents().map(({ connection }) => connection),
      ["http"]
    )
  })

  it("gets gzip where it is accepted, by RFC 9110's weights", async () => {
    await using server = await RunningServer.start()
    const encodingFor = async (accepted: string) => {
      const request = bodyOf(fullReport(uid, 1))
      const head = `POST /v1/opamp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-protobuf\r\nAccept-Encoding: ${accepted}\r\n`
      const socket = connect(server.port, "127.0.0.1")
      socket.write(`${head}Content-Length: ${request.length}\r\n\r\n`)
      socket.write(request)
      const answer = await buffer(socket)
      const end = answer.indexOf("\r\n\r\n")
      const isGzip = answer.subarray(0, end).toString().toLowerCase().includes("content-encoding: gzip")
      const body = answer.subarray(end + 4)
      assert.deepStrictEqual(Uint8Array.from(decodeReference("ServerToAgent", isGzip ? gunzipSync(body) : body).instanceUid), uid)
      return isGzip
    }
    for (const accepted of ["gzip", "x-gzip", "br, gzip;q=0.5", "*", "GZIP; q=1", "identity;q=0.5, gzip"]) {
      assert.isTrue(await encodingFor(accepted), accepted)
    }
    for (const accepted of ["identity", "br", "gzip;q=0", "gzip;q=0, *", "*;q=0", "identity, gzip;q=0.5", ""]) {
      assert.isFalse(await encodingFor(accepted), accepted)
    }
  })

  it("brings the desired configuration with the next poll, and no more once the agent has it", async () => {
    await using server = await RunningServer.start()
    await ask(server, fullReport(uid, 1))
    const hash = await Effect.runPromise(server.fleet.setDesired(formatUid(uid), yaml("a: 1")))
    const { remoteConfig } = await ask(server, { instanceUid: uid })
    assert.strictEqual(toHex(remoteConfig.configHash), hash)
    await ask(server, { instanceUid: uid, sequenceNum: 2, ...statusOf(remoteConfig.configHash, "APPLIED") })
    assert.deepStrictEqual(Object.keys(await ask(server, { instanceUid: uid })).sort(), ["capabilities", "instanceUid"])
  })

  it("with a message that is none, or with another uid in its header, is answered BadRequest alone", async () => {
    await using server = await RunningServer.start()
    const reply = async (body: Uint8Array<ArrayBuffer>, headers = {}) =>
      decodeReference("ServerToAgent", new Uint8Array(await (await post(server, body, headers)).arrayBuffer()))
    const garbage = await reply(Uint8Array.of(0xff, 0xff))
    assert.deepStrictEqual([Object.keys(garbage), garbage.errorResponse.type], [["errorResponse"], 1])
    assert.strictEqual((await reply(new Uint8Array(0))).errorResponse.type, 1)
    const other = await reply(bodyOf(fullReport(uid, 1)), { "OpAMP-Instance-UID": formatUid(uidOf(2)) })
    assert.deepStrictEqual([Object.keys(other).sort(), other.errorResponse.type], [["errorResponse", "instanceUid"], 1])
    assert.deepStrictEqual(server.fleet.agents(), [])
    const same = await reply(bodyOf(fullReport(uid, 1)), { "OpAMP-Instance-UID": formatUid(uid).toUpperCase() })
    assert.isUndefined(same.errorResponse)
  })

  it("that is not one is refused with the status that says why", async () => {
    await using server = await RunningServer.start({ maxMessageBytes: 10_000 })
    const status = async (path: string, init: RequestInit) => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init)
      await response.arrayBuffer()
      return [response.status, response.headers] as const
    }
    const body = bodyOf(fullReport(uid, 1))
    const of = (headers: { readonly [name: string]: string }, content: Uint8Array<ArrayBuffer> = body) =>
      status("/v1/opamp", { method: "POST", body: content, headers: { ...protobuf, ...headers } })
    assert.strictEqual((await status("/", { method: "POST", body, headers: protobuf }))[0], 404)
    assert.strictEqual((await status("/v1/opamp?a=b", { method: "POST", body, headers: protobuf }))[0], 200)
    const [put, putHeaders] = await status("/v1/opamp", { method: "PUT", body, headers: protobuf })
    assert.deepStrictEqual([put, putHeaders.get("allow")], [405, "GET, POST"])
    const [got, gotHeaders] = await status("/v1/opamp", {})
    assert.deepStrictEqual([got, gotHeaders.get("upgrade")], [426, "websocket"])
    assert.strictEqual((await of({ "content-type": "application/json" }))[0], 415)
    assert.strictEqual((await of({ "content-encoding": "deflate" }))[0], 415)
    assert.strictEqual((await of({ "content-encoding": "gzip" }))[0], 400)
    assert.strictEqual((await of({ "content-encoding": "gzip" }, gzipSync(Buffer.alloc(5_000_000))))[0], 413)
    assert.strictEqual((await of({}, Buffer.alloc(10_001)))[0], 413)
    assert.strictEqual((await of({ origin: "http://localhost:4320" }))[0], 403)
    const noType = await raw(server, "POST /v1/opamp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert.match(noType, /^HTTP\/1.1 415 /)
  })

  it("in chunks that do not end is refused as soon as it is too large", async () => {
    await using server = await RunningServer.start({ maxMessageBytes: 10_000 })
    const head = "POST /v1/opamp HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n"
    const socket = connect(server.port, "127.0.0.1")
    socket.write(`${head}4000\r\n${"x".repeat(0x4000)}\r\n`)
    const answer = await new Promise<Buffer>((resolve) => socket.once("data", resolve))
    assert.match(String(answer), /^HTTP\/1.1 413 /)
    socket.destroy()
  })

  it("that asks to go on with another protocol is served as it is", async () => {
    await using server = await RunningServer.start()
    const body = Buffer.from(bodyOf(fullReport(uid, 1))).toString("latin1")
    const head =
      "POST /v1/opamp HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    const socket = connect(server.port, "127.0.0.1")
    socket.write(`${head}Content-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n${body}`, "latin1")
    const answer = await new Promise<Buffer>((resolve) => socket.once("data", resolve))
    assert.match(String(answer), /^HTTP\/1.1 200 /)
    socket.destroy()
  })
})
