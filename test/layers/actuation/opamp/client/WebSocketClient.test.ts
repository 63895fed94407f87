import { assert, describe, it } from "@effect/vitest"
import { WebSocket } from "ws"
import { until } from "../../../../support/Facts.ts"
import { RunningClient, uid } from "../../../../support/opamp/RunningClient.ts"
import { framed, type Seen, SocketServer, toAgent } from "../../../../support/opamp/ScriptedServer.ts"
import { agentVectors, fromHex, instanceUid, serverVectors, toHex } from "../../../../support/opamp/Vectors.ts"

const ack = (more = {}) => framed(toAgent({ instanceUid: uid, ...more }))
const uidOf = ({ message }: Seen): string => toHex(message.instanceUid)
const isFull = ({ message }: Seen): boolean =>
  ["agentDescription", "health", "effectiveConfig", "remoteConfigStatus", "availableComponents"].every((part) => part in message)
const vector = (name: string): Buffer => framed(fromHex(serverVectors.find((one) => one.name === name)!.hex))
describe("an agent over a WebSocket", () => {
  it("begins with a full report: a zero, a uid of version 7, its bits, a hash instead of its components", async () => {
    await using server = await SocketServer.start()
    await using _client = await RunningClient.start(server.url, { headers: { authorization: "Bearer t" } })
    const first = await server.nth(0)
    assert.strictEqual(first.raw[0], 0)
    assert.isTrue(isFull(first))
    assert.strictEqual(first.message.instanceUid.length, 16)
    assert.strictEqual(first.message.instanceUid[6] >> 4, 7)
    assert.strictEqual(first.message.capabilities & 1, 1)
    assert.deepStrictEqual(first.message.availableComponents, { hash: Buffer.of(7) })
    assert.strictEqual(first.headers.authorization, "Bearer t")
  })

  it("says nothing after an acknowledgement, and then as often as it is asked to, but not at all at 0", async () => {
    await using server = await SocketServer.start()
    server.onMessage = (socket, _, n) => socket.send(ack(n === 0 ? { connectionSettings: { opamp: { heartbeatIntervalSeconds: 1 } } } : {}))
    await using _client = await RunningClient.start(server.url)
    const [, second, third, fourth] = [await server.nth(0), await server.nth(1), await server.nth(2), await server.nth(3)]
    for (const [before, after] of [
      [second!, third!],
      [third!, fourth!]
    ] as const) {
      assert.isAtLeast(after.at - before.at, 950)
      assert.isUndefined(after.message.health)
      assert.strictEqual(after.message.sequenceNum, before.message.sequenceNum + 1)
    }
    // Another agent's heartbeats say that time has passed.
    const other = Uint8Array.from(uid, (byte) => 255 - byte)
    server.sockets[0]!.send(ack({ connectionSettings: { opamp: { heartbeatIntervalSeconds: 0 } } }))
    server.onMessage = (socket) =>
      socket.send(framed(toAgent({ instanceUid: other, connectionSettings: { opamp: { heartbeatIntervalSeconds: 1 } } })))
    await using _other = await RunningClient.start(server.url, { instanceUid: other })
    const of = (wanted: Uint8Array) => server.seen.filter((seen) => uidOf(seen) === toHex(wanted)).length
    await until("the other has come", () => of(other) > 0)
    const before = of(uid)
    await until("the other has come again and again", () => of(other) > 4)
    assert.isAtMost(of(uid), before + 1)
  })

  it("takes settings that it has already, in every reply, for no reason to talk", async () => {
    await using server = await SocketServer.start()
    server.onMessage = (socket) => socket.send(ack({ connectionSettings: { opamp: { heartbeatIntervalSeconds: 1 } } }))
    await using _client = await RunningClient.start(server.url)
    await server.nth(3)
    assert.isAtLeast(server.seen[3]!.at - server.seen[0]!.at, 1900)
  })

  it("an interval longer than a timer of Node is no storm", async () => {
    await using server = await SocketServer.start()
    server.onMessage = (socket) => socket.send(ack({ connectionSettings: { opamp: { heartbeatIntervalSeconds: 2 ** 40 } } }))
    await using client = await RunningClient.start(server.url)
    await server.nth(1)
    client.client.update({ remoteConfigStatus: { lastRemoteConfigHash: Uint8Array.of(1), status: 1, errorMessage: "" } })
    await until("the change has come", () => server.seen.some(({ message }) => message.remoteConfigStatus?.status === 1))
    assert.strictEqual(server.seen.length, 3)
  })

  it("reports its full state once when asked to, and its components, also to a server that asks with every reply", async () => {
    await using server = await SocketServer.start()
    server.onMessage = (socket, _, n) =>
      socket.send(ack({ flags: 3, ...(n === 0 ? { connectionSettings: { opamp: { heartbeatIntervalSeconds: 1 } } } : {}) }))
    await using _client = await RunningClient.start(server.url)
    const fifth = await server.nth(4)
    assert.isAtLeast(fifth.at - server.seen[0]!.at, 900)
    assert.isTrue(server.seen.some(({ message }) => message.availableComponents?.components?.["receivers"] !== undefined))
    assert.isTrue(server.seen.slice(1).some(isFull))
  })

  it("tells changes only, once each", async () => {
    await using server = await SocketServer.start()
    server.onMessage = (socket) => socket.send(ack())
    await using running = await RunningClient.start(server.url)
    const { client } = running
    await server.nth(0)
    const status = { lastRemoteConfigHash: Uint8Array.of(1), status: 1, errorMessage: "" }
    client.update({ remoteConfigStatus: status })
    client.update({ remoteConfigStatus: { ...status } })
    client.update({ remoteConfigStatus: { ...status, status: 3 } })
    const [second, third] = [await server.nth(1), await server.nth(2)]
    assert.deepStrictEqual(Object.keys(second.message).toSorted(), ["capabilities", "instanceUid", "remoteConfigStatus", "sequenceNum"])
    assert.strictEqual(third.message.remoteConfigStatus.status, 3)
  })

  it("takes another uid from the next message on, but none of three bytes", async () => {
    const other = Uint8Array.from(uid, (byte) => 255 - byte)
    await using server = await SocketServer.start()
    server.onMessage = (socket, _, n) => {
      if (n === 0) socket.send(ack({ agentIdentification: { newInstanceUid: Uint8Array.of(1, 2, 3) }, flags: 2 }))
      if (n === 1) socket.send(ack({ agentIdentification: { newInstanceUid: other } }))
      // A server that names the agent with every reply is no reason to talk.
      if (n > 1) socket.send(framed(toAgent({ instanceUid: other, agentIdentification: { newInstanceUid: other } })))
    }
    await using client = await RunningClient.start(server.url, { requestsUid: true })
    const [first, second, third] = [await server.nth(0), await server.nth(1), await server.nth(2)]
    assert.deepStrictEqual([uidOf(first), uidOf(second), uidOf(third)], [toHex(uid), toHex(uid), toHex(other)])
    assert.deepStrictEqual([first.message.flags, second.message.flags, third.message.flags], [1, 1, undefined])
    assert.isTrue(isFull(third))
    await until("the handler was told", () => client.uids.length === 1)
    client.client.update({ remoteConfigStatus: { lastRemoteConfigHash: Uint8Array.of(1), status: 1, errorMessage: "" } })
    await server.nth(3)
    assert.strictEqual(server.seen.length, 4)
  })

  it("takes what is for another agent, and a restart that it has not offered, for nothing", async () => {
    await using server = await SocketServer.start()
    const foreign = Uint8Array.from(uid, (byte) => byte ^ 1)
    const config = { config: { configMap: new Map([["", { body: Buffer.from("a: 1"), contentType: "text/yaml" }]]) } }
    server.onMessage = (socket, _, n) => {
      if (n > 0) return
      socket.send(framed(toAgent({ instanceUid: foreign, flags: 3, remoteConfig: { ...config, configHash: Uint8Array.of(1) } })))
      socket.send(ack({ command: {} }))
      socket.send(ack({ remoteConfig: { ...config, configHash: Uint8Array.of(2) } }))
    }
    await using client = await RunningClient.start(server.url)
    await until("the configuration has come", () => client.configs.length > 0)
    assert.deepStrictEqual(
      client.configs.map(({ configHash }) => [...configHash]),
      [[2]]
    )
    assert.strictEqual(server.seen.length, 1)
    assert.strictEqual(server.sockets[0]!.readyState, WebSocket.OPEN)
  })

  it("reads what opamp-go writes, and writes as it does", async () => {
    await using server = await SocketServer.start()
    server.onMessage = (socket, _, n) => {
      if (n === 0)
        for (const name of ["an acknowledgement", "a restart", "a remote configuration", "connection settings"]) socket.send(vector(name))
      if (n === 1) socket.send(vector("a request for the full state"))
    }
    await using client = await RunningClient.start(server.url, { instanceUid })
    assert.isTrue(isFull(await server.nth(2)))
    assert.strictEqual(Buffer.from(client.configs[0]!.config!.configMap.get("")!.body).toString(), "a: 1\n")
    await client.stop()
    const goodbye = server.seen.at(-1)!
    const golden = fromHex(agentVectors.find(({ name }) => name === "a disconnect")!.hex)
    assert.strictEqual(toHex(goodbye.raw.subarray(1, 19)), toHex(golden.subarray(0, 18)))
    assert.strictEqual(toHex(goodbye.raw.subarray(-2)), toHex(golden.subarray(-2)))
  })

  it("leaves a server that is unavailable, for as long as it says; does not repeat what it refuses", async () => {
    await using server = await SocketServer.start()
    server.onMessage = (socket, _, n) => {
      if (n === 0) socket.send(vector("an error with a time to wait").map((byte, i) => (i > 2 && i < 19 ? uid[i - 3]! : byte)))
      if (n === 1) socket.send(ack({ errorResponse: { type: 1, errorMessage: "no" } }))
    }
    await using client = await RunningClient.start(server.url, { isImpatient: true })
    await server.nth(1)
    assert.deepStrictEqual(client.sleeps, [30_000])
    assert.strictEqual(server.closes[0]!.code, 1000)
    client.client.update({ remoteConfigStatus: { lastRemoteConfigHash: Uint8Array.of(1), status: 1, errorMessage: "" } })
    const third = await server.nth(2)
    assert.isFalse(isFull(third))
    assert.strictEqual(server.upgrades.length, 2)
  })

  it.each([
    ["in seconds", () => "42", 42_000],
    ["as a date", () => new Date(Date.now() + 42_000).toUTCString(), 40_000]
  ])("waits after a 503 for what Retry-After says %s", async (_, after, least) => {
    await using server = await SocketServer.start()
    server.refuse = () => `503 Busy\r\nretry-after: ${after()}`
    await using client = await RunningClient.start(server.url, { isImpatient: true })
    await until("it has come again", () => server.upgrades.length > 1)
    assert.isAtLeast(client.sleeps[0]!, least)
    assert.isAtMost(client.sleeps[0]!, 42_000)
  })

  const grows = (sleeps: ReadonlyArray<number>) => {
    for (const [i, sleep] of sleeps.entries()) {
      const middle = Math.min(60_000, 500 * 1.5 ** i)
      assert.isAtLeast(sleep, 0.5 * middle)
      assert.isAtMost(sleep, 1.5 * middle)
    }
  }

  it("comes ever later to a server that does not know it", async () => {
    await using server = await SocketServer.start()
    server.refuse = () => "401 Unauthorized"
    await using client = await RunningClient.start(server.url, { isImpatient: true })
    await until("it has come often", () => server.upgrades.length > 15)
    grows(client.sleeps)
  })

  it("and to one that accepts, answers and closes", async () => {
    await using server = await SocketServer.start()
    server.onMessage = (socket) => {
      socket.send(ack())
      socket.close()
    }
    await using client = await RunningClient.start(server.url, { isImpatient: true })
    await until("it has come often", () => server.upgrades.length > 15)
    grows(client.sleeps)
  })

  it("and to none", async () => {
    const server = await SocketServer.start()
    await server[Symbol.asyncDispose]()
    await using client = await RunningClient.start(`ws://127.0.0.1:${1}/`, { isImpatient: true })
    await until("it has tried often", () => client.sleeps.length > 10)
    grows(client.sleeps)
  })

  it.each<readonly [string, (socket: WebSocket) => void, number]>([
    ["text", (socket) => socket.send("hello"), 1003],
    ["a header that is not zero", (socket) => socket.send(Buffer.concat([Uint8Array.of(1), toAgent({ instanceUid: uid })])), 1002],
    ["garbage", (socket) => socket.send(Buffer.from("00ffffffffff", "hex")), 1002],
    ["too much", (socket) => socket.send(Buffer.alloc(70_000)), 1009],
    ["too much, deflated", (socket) => socket.send(Buffer.alloc(1 << 20), { compress: true }), 1009]
  ])("closes on %s, takes nothing of it, and comes again", async (_, say, code) => {
    await using server = await SocketServer.start()
    server.onMessage = (socket) => say(socket)
    await using client = await RunningClient.start(server.url, { maxMessageBytes: 65_536, isImpatient: true })
    await until("it has come again", () => server.upgrades.length > 2)
    assert.strictEqual(server.closes[0]!.code, code)
    assert.deepStrictEqual(client.configs, [])
    grows(client.sleeps)
  })

  it("follows a redirection, takes its credentials to no other origin, and gives up where they lead in a circle", async () => {
    await using target = await SocketServer.start()
    await using server = await SocketServer.start()
    server.refuse = () => `307 Elsewhere\r\nlocation: ${target.url}`
    const headers = { authorization: "Bearer secret", "x-token": "secret" }
    await using _client = await RunningClient.start(server.url, { headers })
    const { headers: taken } = await target.nth(0)
    assert.strictEqual(server.upgrades[0]!.headers.authorization, "Bearer secret")
    assert.notInclude(JSON.stringify(taken), "secret")

    await using circle = await SocketServer.start()
    circle.refuse = () => "308 Here\r\nlocation: /v1/opamp"
    await using second = await RunningClient.start(circle.url, { headers, isImpatient: true })
    await until("it has given up", () => second.sleeps.length > 0)
    assert.isAtLeast(circle.upgrades.length, 6)
    assert.strictEqual(circle.upgrades[5]!.headers["x-token"], "secret")
  })

  it("does not take what is in the URL along either", async () => {
    await using target = await SocketServer.start()
    await using server = await SocketServer.start()
    server.refuse = () => `307 Elsewhere\r\nlocation: ${target.url}`
    await using _client = await RunningClient.start(server.url.replace("//", "//user:secret@"))
    assert.isUndefined((await target.nth(0)).headers.authorization)
    assert.match(server.upgrades[0]!.headers.authorization ?? "", /^Basic /)
  })

  it("tries again with settings that cannot be sent, instead of ending", async () => {
    await using client = await RunningClient.start("ws://127.0.0.1:1/", { headers: { authorization: "Bearer a\nb" }, isImpatient: true })
    await until("it has tried often", () => client.sleeps.length > 3)
    grows(client.sleeps)
  })

  it("says goodbye when it stops, then closes with 1000", async () => {
    await using server = await SocketServer.start()
    server.onMessage = (socket) => socket.send(ack())
    const client = await RunningClient.start(server.url)
    await server.nth(0)
    await client.stop()
    await until("the close has come", () => server.closes.length > 0)
    assert.deepStrictEqual(Object.keys(server.seen.at(-1)!.message), ["instanceUid", "sequenceNum", "capabilities", "agentDisconnect"])
    assert.deepStrictEqual(
      server.closes.map(({ code }) => code),
      [1000]
    )
  })

  it("stops soon when the server does not close", async () => {
    await using server = await SocketServer.start()
    const client = await RunningClient.start(server.url)
    await server.nth(0)
    server.sockets[0]!.pause()
    const since = performance.now()
    await client.stop()
    assert.isBelow(performance.now() - since, 10_000)
  })
})
