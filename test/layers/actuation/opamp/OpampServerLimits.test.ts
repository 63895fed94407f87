import { connect, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Fleet } from "../../../../src/control/fleet/Fleet.ts"
import { FleetStore } from "../../../../src/control/fleet/FleetStore.ts"
import { OpampServer, type OpampServerError } from "../../../../src/layers/actuation/opamp/OpampServer.ts"
import { UpgradeRate } from "../../../../src/layers/actuation/opamp/UpgradeRate.ts"
import { formatUid } from "../../../../src/opamp.ts"
import { until } from "../../../support/Facts.ts"
import { fullReport, uidOf, yaml } from "../../../support/opamp/Agent.ts"
import { encodeReference } from "../../../support/opamp/Reference.ts"
import { RunningServer } from "../../../support/opamp/RunningServer.ts"
import { SocketPeer } from "../../../support/opamp/SocketPeer.ts"

const uid = uidOf(1)

/** The end of a connection that begins with these bytes. */
const ending = async (server: RunningServer, start: string): Promise<void> => {
  const socket = connect(server.port, "127.0.0.1")
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()))
  socket.on("error", () => {})
  socket.write(start)
  socket.resume()
  await closed
}

describe("who may speak", () => {
  const tokens = ["first", "second"]

  it("is whoever has a token: on polls and before an upgrade, else 401 with a challenge", async () => {
    await using server = await RunningServer.start({ tokens })
    const post = (headers: { readonly [name: string]: string }) =>
      fetch(server.url, {
        method: "POST",
        body: encodeReference("AgentToServer", fullReport(uid, 1)),
        headers: { "content-type": "application/x-protobuf", ...headers }
      })
    for (const authorization of ["Bearer third", "Bearer firstsecond", "Basic first", "first", "Bearer"]) {
      const response = await post({ authorization })
      await response.arrayBuffer()
      assert.deepStrictEqual([response.status, response.headers.get("www-authenticate")], [401, 'Bearer realm="opamp"'], authorization)
      const refused = await SocketPeer.refused(server.port, { headers: { authorization } })
      assert.deepStrictEqual([refused.status, refused.headers["www-authenticate"]], [401, 'Bearer realm="opamp"'], authorization)
    }
    assert.deepStrictEqual(server.fleet.agents(), [])
    assert.strictEqual((await post({ authorization: "Bearer first" })).status, 200)
    const peer = await SocketPeer.connect(server.port, { headers: { authorization: "bearer second" } })
    assert.isUndefined((await peer.ask(fullReport(uidOf(2), 1))).errorResponse)
  })

  it("is no web page, and nobody at another path", async () => {
    await using server = await RunningServer.start()
    assert.strictEqual((await SocketPeer.refused(server.port, { headers: { origin: `http://127.0.0.1:${server.port}` } })).status, 403)
    assert.strictEqual((await SocketPeer.refused(server.port, { path: "/" })).status, 404)
  })

  it("without tokens is only this machine", async () => {
    const start = (host: string) =>
      OpampServer.layer({ endpoint: { host, port: 0 } }).pipe(
        Layer.provide(Fleet.layer()),
        Layer.provide(FleetStore.layerMemory),
        Layer.build
      )
    const failure = (host: string): Promise<OpampServerError> => Effect.runPromise(Effect.scoped(Effect.flip(start(host))) as never)
    for (const host of ["0.0.0.0", "::", "192.0.2.1"]) assert.strictEqual((await failure(host)).reason, "unprotected", host)
    await using first = await RunningServer.start()
    const taken = OpampServer.layer({ endpoint: { host: "127.0.0.1", port: first.port } }).pipe(
      Layer.provide(Fleet.layer()),
      Layer.provide(FleetStore.layerMemory),
      Layer.build
    )
    const error = await Effect.runPromise(Effect.scoped(Effect.flip(taken)) as Effect.Effect<OpampServerError>)
    assert.deepStrictEqual(
      [error.reason, error.message],
      ["address_in_use", `port ${first.port} is already in use (127.0.0.1:${first.port})`]
    )
  })
})

describe("too many", () => {
  it("sockets: the next is sent away before the upgrade, with a time to wait, and gets in when there is room", async () => {
    await using server = await RunningServer.start({ maxSockets: 1 })
    const first = await SocketPeer.connect(server.port)
    const { status, headers } = await SocketPeer.refused(server.port)
    assert.deepStrictEqual([status, headers["retry-after"]], [503, "30"])
    first.socket.terminate()
    await until("there is room", () => server.server.sockets() === 0)
    await SocketPeer.connect(server.port)
  })

  it("connections: who reconnects without end is told 429, before the upgrade; agents that stay are not disturbed", async () => {
    await using server = await RunningServer.start({ upgrades: { burst: 50, perSecond: 1 } })
    const agent = await SocketPeer.connect(server.port)
    await agent.ask(fullReport(uid, 1))
    let opened = 0
    for (;;) {
      const peer = await SocketPeer.attempt(server.port)
      if (typeof peer === "number") {
        assert.strictEqual(peer, 429)
        break
      }
      opened++
      peer.socket.terminate()
    }
    assert.isBelow(opened, 50)
    assert.isUndefined((await agent.ask({ instanceUid: uid, sequenceNum: 2 })).errorResponse)
  })

  it("connections are counted by address: one that stays costs one, one that is gone at once five", () => {
    const rate = new UpgradeRate({ burst: 10, perSecond: 1 })
    for (let i = 0; i < 10; i++) assert.isTrue(rate.tryTake("a", 0))
    assert.isFalse(rate.tryTake("a", 0))
    assert.isTrue(rate.tryTake("b", 0))
    rate.ended("b", 10, 0)
    rate.ended("b", 60_000, 0)
    for (let i = 0; i < 5; i++) assert.isTrue(rate.tryTake("b", 0))
    assert.isFalse(rate.tryTake("b", 0))
    assert.isTrue(rate.tryTake("a", 1000))
  })

  it("agents of one address are not: 2000 on this machine connect, report and get a configuration each", async () => {
    await using server = await RunningServer.start()
    const peers: Array<SocketPeer> = []
    const join = async (i: number) => {
      const peer = await SocketPeer.connect(server.port)
      await peer.ask(fullReport(uidOf(i), 1))
      return peer
    }
    for (let i = 0; i < 2000; i += 100) peers.push(...(await Promise.all(Array.from({ length: 100 }, (_, j) => join(i + j)))))
    assert.strictEqual(server.fleet.agents().filter(({ status }) => status === "online").length, 2000)
    const hash = await Promise.all(peers.map((_, i) => Effect.runPromise(server.fleet.setDesired(formatUid(uidOf(i)), yaml(`n: ${i}`)))))
    const offers = await Promise.all(peers.map((peer) => peer.next()))
    assert.deepStrictEqual(
      offers.map(({ remoteConfig }) => Buffer.from(remoteConfig.configHash).toString("hex")),
      hash
    )
    for (const peer of peers) peer.socket.terminate()
  })
})

describe("too slow", () => {
  it("headers, bodies, sockets that say nothing, and sockets that never report are closed", async () => {
    await using server = await RunningServer.start({ patienceMillis: 300 })
    const started = performance.now()
    const head = "POST /v1/opamp HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n\r\n"
    const slow = Promise.all([ending(server, ""), ending(server, "POST /v1/opamp HTTP/1.1\r\nHost"), ending(server, `${head}abc`)])
    const silent = await SocketPeer.connect(server.port)
    const garbling = await SocketPeer.connect(server.port)
    garbling.sendRaw(Uint8Array.of(0, 0xff))
    await slow
    assert.deepStrictEqual([await silent.closed, await garbling.closed], [1008, 1008])
    assert.isBelow(performance.now() - started, 20_000)
  })

  it("peers that answer no ping are dead", async () => {
    await using server = await RunningServer.start({ pingMillis: 1000 })
    const alive = await SocketPeer.connect(server.port)
    await alive.ask(fullReport(uid, 1))
    const dead = await SocketPeer.connect(server.port, { autoPong: false })
    await dead.ask(fullReport(uidOf(2), 1))
    await dead.closed
    await until("the fleet knows", () => server.fleet.agent(formatUid(uidOf(2)))!.status === "offline")
    assert.strictEqual(server.fleet.agent(formatUid(uid))!.status, "online")
  })

  it("readers cost bounded memory: the latest reply of each agent is kept, and comes when they read again", async () => {
    await using server = await RunningServer.start({ maxUnreadBytes: 100_000, pingMillis: 60_000 })
    const peer = await SocketPeer.connect(server.port)
    await peer.ask(fullReport(uid, 1))
    const stream = (peer.socket as unknown as { _socket: Socket })._socket
    stream.pause()
    let last: string | undefined
    for (let i = 0; i < 300; i++)
      last = await Effect.runPromise(server.fleet.setDesired(formatUid(uid), yaml(`n: ${i} ${"x".repeat(50_000)}`)))
    stream.resume()
    let hash = ""
    let received = 0
    while (hash !== last) {
      hash = Buffer.from((await peer.next()).remoteConfig.configHash).toString("hex")
      received++
    }
    assert.isBelow(received, 300)
  })

  it("messages that never end are bounded in sum", async () => {
    await using server = await RunningServer.start({ maxMessageBytes: 4 << 20 })
    const peers: Array<SocketPeer> = []
    for (let i = 0; i < 6; i++) {
      const peer = await SocketPeer.connect(server.port, { perMessageDeflate: false })
      await peer.ask(fullReport(uidOf(i), 1))
      peer.socket.send(new Uint8Array(3.9 * (1 << 20)), { fin: false })
      peers.push(peer)
    }
    await Promise.race(peers.map(({ closed }) => closed))
    await until("what is left fits", () => server.server.sockets() <= 4)
    assert.isAtLeast(server.server.sockets(), 3)
  })
})
