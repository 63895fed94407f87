import { assert, it } from "@effect/vitest"
import { request } from "../../support/Requests.ts"
import { withGate } from "./Gate.ts"
import { post as send, ask, protobuf } from "./HttpClient.ts"
import { post, RawSocket } from "./RawSocket.ts"

const one = request("traces", ["a", "b"], "acme")
const impatient = { protocols: { http: { read_header_timeout: "300ms", read_timeout: "600ms", idle_timeout: "300ms" } } }

it.live("content-length beside transfer-encoding is refused, in both orders, and the connection ends", () =>
  withGate({ protocols: { http: {} } }, async ({ http, downstream }) => {
    const [length, chunked] = ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"]
    for (const framing of [length + chunked, chunked + length]) {
      const socket = new RawSocket(http.port)
      socket.write(`POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n${framing}\r\n0\r\n\r\n`)
      assert.match(await socket.end(), /^HTTP\/1.1 400 /)
      socket.close()
    }
    assert.strictEqual(downstream.arrived.length, 0)
  })
)

it.live("what is no HTTP, and what contradicts itself, is answered 400", () =>
  withGate({ protocols: { http: {} } }, async ({ http }) => {
    for (const text of [
      "hello\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
      "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"
    ]) {
      const socket = new RawSocket(http.port)
      socket.write(text)
      assert.match(await socket.end(), /^HTTP\/1.1 400 /)
      socket.close()
    }
  })
)

it.live("headers that are too large, by one or by many, are answered 431 with words, however long the client goes on", () =>
  withGate({ protocols: { http: {} } }, async ({ http }) => {
    for (const headers of [`X-Large: ${"x".repeat(100_000)}\r\n`, "X-Many: x\r\n".repeat(3000)]) {
      const socket = new RawSocket(http.port)
      const reset = new Promise((_, reject) => socket.socket.once("error", reject))
      socket.write(`POST /v1/traces HTTP/1.1\r\nHost: x\r\n${headers}\r\n`)
      const text = await Promise.race([socket.end(), reset])
      assert.match(String(text), /^HTTP\/1.1 431 [^]*\r\nConnection: close\r\n\r\nthe headers are larger than 16 KiB\n$/)
      socket.close()
    }
  })
)

it.live("silent, dribbling, half-sent and idle peers are ended, and a well-behaved client beside them is served", () =>
  withGate(impatient, async ({ http, downstream }) => {
    const silent = new RawSocket(http.port)
    const halfHeaders = new RawSocket(http.port).write("POST /v1/traces HTTP/1.1\r\nHost: x\r\n")
    const halfBody = new RawSocket(http.port).write(post(one).subarray(0, 140))
    const dribbler = new RawSocket(http.port)
    const bytes = post(one)
    let at = 0
    const drip = setInterval(() => dribbler.write(bytes.subarray(at, ++at)), 20)
    const idle = new RawSocket(http.port).write(post(one))
    const peers = Promise.all([silent, halfHeaders, halfBody, dribbler, idle].map((peer) => peer.end()))
    let over = false
    void peers.then(() => (over = true))
    while (!over) assert.strictEqual((await send(http.port, "traces", one)).status, 200)
    clearInterval(drip)
    assert.match(idle.received, /^HTTP\/1.1 200 /)
    for (const peer of [halfHeaders, halfBody, dribbler]) assert.match(peer.received, /^HTTP\/1.1 408 |^$/)
    assert.isAbove(downstream.arrived.length, 1)
    for (const peer of [silent, halfHeaders, halfBody, dribbler, idle]) peer.close()
  })
)

it.live("a client that does not take its answers loses its connection after write_timeout", () =>
  withGate({ protocols: { http: { write_timeout: "300ms", response_headers: { "x-large": "y".repeat(8000) } } } }, async ({ http }) => {
    const socket = new RawSocket(http.port)
    socket.socket.pause()
    const burst = Buffer.concat(Array.from({ length: 200 }, () => post(new Uint8Array(0))))
    const closed = new Promise((resolve) => socket.socket.once("close", resolve))
    const feed = () => {
      if (!socket.socket.destroyed && socket.socket.write(burst)) setImmediate(feed)
    }
    socket.socket.on("drain", feed)
    feed()
    await closed
  })
)

it.live("pipelined requests are answered in order", () =>
  withGate({ protocols: { http: {} } }, async ({ http, downstream }) => {
    const socket = new RawSocket(http.port)
    socket.write(Buffer.concat([post(one), post(one.subarray(0, 9)), post(one)]))
    const text = await socket.until(/(HTTP\/1.1 [\s\S]*){3}/)
    assert.deepStrictEqual(text.match(/HTTP\/1.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 400", "HTTP/1.1 200"])
    assert.strictEqual(downstream.arrived.length, 2)
    socket.close()
  })
)

it.live("a client that has ended its side still gets its answer", () =>
  withGate({ protocols: { http: {} } }, async ({ http }) => {
    const socket = new RawSocket(http.port)
    socket.socket.end(post(one))
    assert.match(await socket.end(), /^HTTP\/1.1 200 /)
  })
)

it.live("Expect: 100-continue is told to go on, or told the refusal instead", () =>
  withGate({ protocols: { http: { max_request_body_size: 1000 } } }, async ({ http, downstream }) => {
    const socket = new RawSocket(http.port)
    const head = (length: number) =>
      `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`
    socket.write(head(one.length))
    assert.match(await socket.until(/\r\n\r\n/), /^HTTP\/1.1 100 /)
    socket.write(one)
    assert.match(await socket.until(/ 200 /), /HTTP\/1.1 200 /)
    socket.close()
    const refused = new RawSocket(http.port)
    refused.write(head(5000))
    assert.match(await refused.until(/ 413 /), /^HTTP\/1.1 413 /)
    refused.close()
    assert.strictEqual(downstream.arrived.length, 1)
  })
)

it.live("a refused body is read to its end, so that the connection serves the next request", () =>
  withGate({ protocols: { http: {} }, max_in_flight_bytes: 100_000 }, async ({ http }) => {
    const socket = new RawSocket(http.port)
    socket.write(post(new Uint8Array(3_000_000)))
    socket.write(post(one))
    assert.deepStrictEqual((await socket.until(/ 200 /)).match(/HTTP\/1.1 \d+/g), ["HTTP/1.1 503", "HTTP/1.1 200"])
    socket.close()
  })
)

it.live("a body that arrives in many pieces, announced or chunked, is whole", () =>
  withGate({ protocols: { http: {} } }, async ({ http, downstream }) => {
    const large = request(
      "traces",
      Array.from({ length: 3000 }, (_, i) => String(i)),
      "acme"
    )
    for (const headers of [protobuf, { ...protobuf, "content-length": String(large.length) }]) {
      assert.strictEqual((await ask({ port: http.port, headers, body: large })).status, 200)
    }
    const socket = new RawSocket(http.port)
    const whole = post(large)
    for (let at = 0; at < whole.length; at += 7777) {
      socket.write(whole.subarray(at, at + 7777))
      await new Promise(setImmediate)
    }
    assert.match(await socket.until(/ 200 /), / 200 /)
    socket.close()
    assert.deepStrictEqual(downstream.arrived[0]!.request, downstream.arrived[2]!.request)
    assert.deepStrictEqual(
      downstream.arrived.map(({ items }) => items),
      [3000, 3000, 3000]
    )
  })
)
