import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { configHash } from "../../../../src/control/fleet/ConfigHash.ts"
import { formatUid } from "../../../../src/opamp.ts"
import { until } from "../../../support/Facts.ts"
import { capabilities, fullReport, statusOf, uidOf, yaml } from "../../../support/opamp/Agent.ts"
import { deepHealth } from "../../../support/opamp/deepHealth.ts"
import type { Plain } from "../../../support/opamp/Reference.ts"
import { RunningServer } from "../../../support/opamp/RunningServer.ts"
import { SocketPeer } from "../../../support/opamp/SocketPeer.ts"
import { agentVectors, fromHex, instanceUid, toHex, uidText } from "../../../support/opamp/Vectors.ts"

const uid = uidOf(1)
const full = (sequenceNum: number, of = uid): Plain => fullReport(of, sequenceNum)
const messageAt = (vector: number) => fromHex(agentVectors[vector]!.hex)

const badRequest = (reply: Plain) => {
  assert.deepStrictEqual(Object.keys(reply), ["errorResponse"])
  assert.strictEqual((reply["errorResponse"] as Plain)["type"], 1)
}

describe("a WebSocket", () => {
  it("is answered in binary, with a header of 0, the same uid and the server's capabilities", async () => {
    await using server = await RunningServer.start()
    const peer = await SocketPeer.connect(server.port)
    peer.sendRaw(Buffer.concat([Uint8Array.of(0), messageAt(2)]))
    const { data, isBinary } = await peer.nextRaw()
    assert.isTrue(isBinary)
    assert.strictEqual(data[0], 0)
    // The uid (0a10...) and capabilities 0x27 (3827), and the health report that capabilities promise was there: no flag.
    assert.strictEqual(toHex(data.subarray(1)), `0a10${toHex(instanceUid)}3827`)
  })

  it("takes messages without a header, and an overlong header of 0", async () => {
    await using server = await RunningServer.start()
    const peer = await SocketPeer.connect(server.port)
    for (const message of [messageAt(0), Buffer.concat([Uint8Array.of(0x80, 0x00), messageAt(0)])]) {
      peer.sendRaw(message)
      assert.deepStrictEqual(Uint8Array.from((await peer.next()).instanceUid), instanceUid)
    }
    assert.strictEqual(server.fleet.agents()[0]!.instanceUid, uidText)
  })

  it("answers what it cannot read with BadRequest alone, and goes on", async () => {
    await using server = await RunningServer.start()
    const peer = await SocketPeer.connect(server.port)
    const bad: ReadonlyArray<Uint8Array> = [
      Buffer.concat([Uint8Array.of(1), messageAt(0)]),
      Uint8Array.of(0, 0xff, 0xff, 0xff),
      Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00),
      Buffer.concat([Uint8Array.of(0), deepHealth(10_000)])
    ]
    for (const bytes of bad) {
      peer.sendRaw(bytes)
      badRequest(await peer.next())
    }
    // An empty message has no uid.
    for (const bytes of [Uint8Array.of(0), new Uint8Array(0)]) {
      peer.sendRaw(bytes)
      assert.strictEqual((await peer.next()).errorResponse.type, 1)
    }
    assert.deepStrictEqual(server.fleet.agents(), [])
    assert.isUndefined((await peer.ask(full(1))).errorResponse)
  })

  it("refuses uids of other lengths, and keeps nothing of them", async () => {
    await using server = await RunningServer.start()
    const peer = await SocketPeer.connect(server.port)
    for (const length of [0, 15, 17, 26]) assert.strictEqual((await peer.ask(full(1, new Uint8Array(length)))).errorResponse.type, 1)
    assert.deepStrictEqual(server.fleet.agents(), [])
  })

  it("is closed when garbage does not stop, after an answer to each", async () => {
    await using server = await RunningServer.start()
    const peer = await SocketPeer.connect(server.port)
    for (let i = 0; i < 20; i++) peer.sendRaw(Uint8Array.of(0, 0xff))
    assert.strictEqual(await peer.closed, 1008)
    assert.strictEqual(peer.waiting, 16)
  })

  it("is closed with 1003 by text, and nothing is kept", async () => {
    await using server = await RunningServer.start()
    const peer = await SocketPeer.connect(server.port)
    peer.sendRaw("hello")
    assert.strictEqual(await peer.closed, 1003)
    assert.deepStrictEqual(server.fleet.agents(), [])
  })

  it("is closed with 1009 by a message that is too large, in one frame, in many, or inflated; others do not notice", async () => {
    await using server = await RunningServer.start({ maxMessageBytes: 100_000 })
    const other = await SocketPeer.connect(server.port)
    await other.ask(full(1))
    const large = new Uint8Array(100_020)
    const whole = await SocketPeer.connect(server.port, { perMessageDeflate: false })
    whole.sendRaw(large)
    assert.strictEqual(await whole.closed, 1009)
    const split = await SocketPeer.connect(server.port, { perMessageDeflate: false })
    for (let i = 0; i < 11; i++) split.socket.send(new Uint8Array(10_000), { fin: i === 10 })
    assert.strictEqual(await split.closed, 1009)
    const bomb = await SocketPeer.connect(server.port)
    assert.include(bomb.socket.extensions, "permessage-deflate")
    bomb.socket.send(new Uint8Array(50_000_000), { compress: true })
    assert.strictEqual(await bomb.closed, 1009)
    assert.isUndefined((await other.ask({ instanceUid: uid, sequenceNum: 2 })).flags)
  })

  it("speaks for many agents, each with its own state and replies; its loss is the loss of all", async () => {
    await using server = await RunningServer.start()
    const peer = await SocketPeer.connect(server.port)
    const uids = [uidOf(1), uidOf(2), uidOf(3)]
    for (const one of uids) peer.say(full(1, one))
    for (const one of uids) assert.deepStrictEqual(Uint8Array.from((await peer.next()).instanceUid), one)
    const hash = await Effect.runPromise(server.fleet.setDesired(formatUid(uidOf(2)), yaml("a: 1")))
    const pushed = await peer.next()
    assert.deepStrictEqual(Uint8Array.from(pushed.instanceUid), uidOf(2))
    assert.strictEqual(toHex(pushed.remoteConfig.configHash), hash)
    peer.socket.terminate()
    await until("all are offline", () => server.fleet.agents().every(({ status }) => status === "offline"))
  })

  it("carries a configuration to the agent within a second, and none again that it has", async () => {
    await using server = await RunningServer.start()
    const peer = await SocketPeer.connect(server.port)
    await peer.ask(full(1))
    const started = performance.now()
    await Effect.runPromise(server.fleet.setDesired(formatUid(uid), yaml("a: 1")))
    const { remoteConfig } = await peer.next()
    assert.isBelow(performance.now() - started, 1000)
    assert.deepStrictEqual(Buffer.from(remoteConfig.config.configMap[""].body).toString(), "a: 1")
    assert.deepStrictEqual(Uint8Array.from(remoteConfig.configHash), configHash(yaml("a: 1")))
    const applied = await peer.ask({ instanceUid: uid, sequenceNum: 2, ...statusOf(remoteConfig.configHash, "APPLIED") })
    assert.deepStrictEqual(Object.keys(applied).sort(), ["capabilities", "instanceUid"])
    assert.strictEqual(server.fleet.agent(formatUid(uid))!.remoteConfig.status, "applied")
  })

  it("that ends after another has taken its agent over changes nothing", async () => {
    await using server = await RunningServer.start()
    const first = await SocketPeer.connect(server.port)
    await first.ask(full(1))
    const second = await SocketPeer.connect(server.port)
    assert.isUndefined((await second.ask({ instanceUid: uid, sequenceNum: 2, capabilities })).flags)
    first.socket.terminate()
    await until("the first is gone", () => server.server.sockets() === 1)
    assert.strictEqual(server.fleet.agents()[0]!.status, "online")
  })

  it("of a second agent with the same uid gives it another one", async () => {
    await using server = await RunningServer.start()
    const first = await SocketPeer.connect(server.port)
    await first.ask(full(50))
    const second = await SocketPeer.connect(server.port)
    const reply = await second.ask(full(0))
    assert.deepStrictEqual(Uint8Array.from(reply.instanceUid), uid)
    const given = Uint8Array.from(reply.agentIdentification.newInstanceUid)
    assert.lengthOf(given, 16)
    await second.ask(full(1, given))
    assert.deepStrictEqual(
      server.fleet.agents().map(({ instanceUid: text, status }) => [text, status]),
      [
        [formatUid(uid), "online"],
        [formatUid(given), "online"]
      ]
    )
  })

  it("ends an agent at once that says so", async () => {
    await using server = await RunningServer.start()
    const peer = await SocketPeer.connect(server.port)
    await peer.ask(full(1))
    await peer.ask({ instanceUid: uid, sequenceNum: 2, agentDisconnect: {} })
    assert.strictEqual(server.fleet.agents()[0]!.status, "offline")
  })

  it("gets Close 1001 when the server stops, which is soon, also with a peer that does not answer", async () => {
    const server = await RunningServer.start({ closeMillis: 300 })
    const peer = await SocketPeer.connect(server.port)
    await peer.ask(full(1))
    const deaf = await SocketPeer.connect(server.port)
    await deaf.ask(full(1, uidOf(2)))
    ;(deaf.socket as unknown as { _socket: { pause(): void } })._socket.pause()
    const stopped = server.stop()
    assert.strictEqual(await peer.closed, 1001)
    await stopped
    assert.deepStrictEqual(
      server.fleet.agents().map(({ status }) => status),
      ["offline", "offline"]
    )
    deaf.socket.terminate()
  })
})
