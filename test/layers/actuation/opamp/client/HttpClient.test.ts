import type { ServerResponse } from "node:http"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { formatUid } from "../../../../../src/domain/opamp/InstanceUid.ts"
import { until } from "../../../../support/Facts.ts"
import { RunningClient, uid } from "../../../../support/opamp/RunningClient.ts"
import { PostServer, type Seen, toAgent } from "../../../../support/opamp/ScriptedServer.ts"
import { toHex } from "../../../../support/opamp/Vectors.ts"

const ack = (more = {}) => toAgent({ instanceUid: uid, ...more })
const polled = { pollingMillis: 100 }
const config = (hash: number) => ({
  remoteConfig: {
    config: { configMap: new Map([["", { body: Buffer.from("a: 1"), contentType: "text/yaml" }]]) },
    configHash: Uint8Array.of(hash)
  }
})
const status = (n: number) => ({ remoteConfigStatus: { lastRemoteConfigHash: Uint8Array.of(n), status: 1, errorMessage: "" } })
const isFull = ({ message }: Seen): boolean => "agentDescription" in message && "effectiveConfig" in message

describe("an agent over HTTP", () => {
  it("posts a full report with its uid and its credentials, then polls with little, gives news at once, says goodbye", async () => {
    await using server = await PostServer.start()
    const client = await RunningClient.start(server.url, { headers: { authorization: "Bearer t" }, ...polled })
    const [first, second] = [await server.nth(0), await server.nth(1)]
    assert.isTrue(isFull(first))
    assert.deepStrictEqual(
      ["content-type", "authorization", "opamp-instance-uid", "accept-encoding"].map((name) => first.headers[name]),
      ["application/x-protobuf", "Bearer t", formatUid(uid), "gzip"]
    )
    assert.isAtLeast(second.at - first.at, 90)
    assert.deepStrictEqual(Object.keys(second.message).toSorted(), ["capabilities", "instanceUid", "sequenceNum"])
    client.client.update(status(1))
    await until("the news has come", () => server.seen.some(({ message }) => message.remoteConfigStatus?.status === 1))
    await client.stop()
    assert.isDefined(server.seen.at(-1)!.message.agentDisconnect)
    assert.deepStrictEqual(
      server.seen.map(({ message }) => message.sequenceNum ?? 0),
      server.seen.map((_, i) => i)
    )
  })

  it("polls as often as it is asked to", async () => {
    await using server = await PostServer.start()
    server.onPost = (response) => void response.end(ack({ connectionSettings: { opamp: { heartbeatIntervalSeconds: 1 } } }))
    await using _client = await RunningClient.start(server.url)
    const [first, , third] = [await server.nth(0), await server.nth(1), await server.nth(2)]
    assert.isAtLeast(third.at - first.at, 1900)
  })

  it("has one request open at a time, whatever happens meanwhile", async () => {
    await using server = await PostServer.start()
    const open: Array<() => void> = []
    server.onPost = (response) => void open.push(() => response.end(ack()))
    await using client = await RunningClient.start(server.url, polled)
    await server.nth(0)
    for (let i = 1; i < 6; i++) {
      client.client.update(status(i))
      await until("a request is open", () => open.length > 0)
      client.client.update(status(i + 100))
      open.shift()!()
    }
    await server.nth(5)
    for (const end of open) end()
    server.onPost = (response) => void response.end(ack())
    assert.strictEqual(server.mostOpen, 1)
  })

  it("does not answer a server that asks for the full state with every reply as fast as it can", async () => {
    await using server = await PostServer.start()
    server.onPost = (response) => void response.end(ack({ flags: 3 }))
    await using _client = await RunningClient.start(server.url, polled)
    const [first, last] = [await server.nth(0), await server.nth(10)]
    assert.isAtLeast(last.at - first.at, 400)
  })

  it.each([400, 413])("does not send again what is answered with %d", async (code) => {
    await using server = await PostServer.start()
    server.onPost = (response, _, n) => (n === 0 ? refuse(response, code) : void response.end(ack()))
    await using client = await RunningClient.start(server.url, { ...polled, isImpatient: true })
    assert.isFalse(isFull(await server.nth(1)))
    assert.strictEqual(client.sleeps[0], polled.pollingMillis)
  })

  it("nor what an error of the server refuses; goes away from one that is unavailable", async () => {
    await using server = await PostServer.start()
    server.onPost = (response, _, n) => {
      if (n === 0) response.end(ack({ errorResponse: { type: 1, errorMessage: "no" } }))
      else if (n === 1)
        response.end(ack({ errorResponse: { type: 2, errorMessage: "busy", retryInfo: { retryAfterNanoseconds: 42_000_000_000n } } }))
      else response.end(ack())
    }
    await using client = await RunningClient.start(server.url, { ...polled, isImpatient: true })
    assert.isFalse(isFull(await server.nth(1)))
    assert.isTrue(isFull(await server.nth(2)))
    assert.deepStrictEqual(client.sleeps.slice(0, 2), [100, 42_000])
  })

  it.each([
    ["503 in seconds", 503, () => "42"],
    ["429 as a date", 429, () => new Date(Date.now() + 42_000).toUTCString()]
  ])("waits for what Retry-After says: %s", async (_, code, after) => {
    await using server = await PostServer.start()
    server.onPost = (response, _seen, n) =>
      n === 0 ? void response.writeHead(code, { "retry-after": after() }).end() : void response.end(ack())
    await using client = await RunningClient.start(server.url, { ...polled, isImpatient: true })
    assert.isTrue(isFull(await server.nth(1)))
    assert.isAtLeast(client.sleeps[0]!, 40_000)
  })

  it.each([401, 404, 500])("comes ever later after %d", async (code) => {
    await using server = await PostServer.start()
    server.onPost = (response) => refuse(response, code)
    await using client = await RunningClient.start(server.url, { ...polled, isImpatient: true })
    await server.nth(12)
    for (const [i, sleep] of client.sleeps.entries()) assert.isAtLeast(sleep, 250 * Math.min(120, 1.5 ** i))
  })

  it("inflates an answer, but none that grows too large or is broken", async () => {
    await using server = await PostServer.start()
    const gzip = { "content-encoding": "gzip" }
    server.onPost = (response, _, n) => {
      if (n === 0) response.writeHead(200, gzip).end(gzipSync(ack(config(1))))
      else if (n === 1) response.writeHead(200, gzip).end(gzipSync(Buffer.concat([ack(config(2)), Buffer.alloc(1 << 20)])))
      else if (n === 2) response.writeHead(200, gzip).end("no gzip")
      else if (n === 3) response.end(Buffer.concat([ack(config(3)), Buffer.alloc(1 << 20)]))
      else if (n === 4) response.end(Buffer.from("ffffffff", "hex"))
      else if (n === 5) response.socket!.destroy()
      else if (n === 6) response.writeHead(200, { "content-length": "100" }).end("short", () => response.socket!.destroy())
      else response.end(ack(config(4)))
    }
    await using client = await RunningClient.start(server.url, { ...polled, isImpatient: true, maxMessageBytes: 65_536 })
    await until("the last has come", () => client.configs.length > 1)
    assert.deepStrictEqual(
      client.configs.slice(0, 2).map(({ configHash }) => [...configHash]),
      [[1], [4]]
    )
    assert.isTrue(server.seen.slice(2, 8).every(isFull))
  })

  it.each([307, 308])("follows a %d with its body, takes its credentials to no other origin", async (code) => {
    await using target = await PostServer.start()
    await using server = await PostServer.start()
    server.onPost = (response) => void response.writeHead(code, { location: target.url }).end()
    await using _client = await RunningClient.start(server.url, {
      headers: { authorization: "Bearer secret", "x-token": "secret" },
      ...polled
    })
    const { message, headers } = await target.nth(0)
    assert.strictEqual(toHex(message.instanceUid), toHex(uid))
    assert.isUndefined(headers.authorization)
    assert.isUndefined(headers["x-token"])
    assert.strictEqual(server.seen[0]!.headers.authorization, "Bearer secret")
  })

  it.each(["/v1/opamp", "ftp://127.0.0.1/", "http://", "javascript:alert(1)"])("goes no circle and nowhere odd: %s", async (location) => {
    await using server = await PostServer.start()
    server.onPost = (response) => void response.writeHead(307, { location }).end()
    await using client = await RunningClient.start(server.url, { headers: { "x-token": "secret" }, ...polled, isImpatient: true })
    await until("it has given up twice", () => client.sleeps.length > 1)
    assert.isTrue(server.seen.every(({ headers }) => headers["x-token"] === "secret"))
    assert.isAtMost(server.seen.length, 6 * (client.sleeps.length + 1))
  })

  it("tries again with settings that cannot be sent, also where its report is long enough to be deflated", async () => {
    const long = { availableComponents: { components: new Map(), hash: new Uint8Array(5000) } }
    const description = { identifyingAttributes: [], nonIdentifyingAttributes: [] }
    await using client = await RunningClient.start("http://127.0.0.1:1/", {
      headers: { authorization: "Bearer a\nb" },
      isImpatient: true,
      report: { agentDescription: description, ...long }
    })
    await until("it has tried often", () => client.sleeps.length > 3)
  })

  it("sends a long report deflated", async () => {
    await using server = await PostServer.start()
    await using client = await RunningClient.start(server.url, polled)
    await server.nth(0)
    client.client.update({ remoteConfigStatus: { lastRemoteConfigHash: Uint8Array.of(1), status: 3, errorMessage: "no ".repeat(2000) } })
    await until("it has come", () => server.seen.some(({ headers }) => headers["content-encoding"] === "gzip"))
  })

  it("ends soon when the server does not answer", async () => {
    await using server = await PostServer.start()
    server.onPost = () => {}
    const client = await RunningClient.start(server.url, polled)
    await server.nth(0)
    const since = performance.now()
    await client.stop()
    assert.isBelow(performance.now() - since, 10_000)
    assert.isDefined((await server.nth(1)).message.agentDisconnect)
  })
})

const refuse = (response: ServerResponse, code: number): void => void response.writeHead(code).end()
