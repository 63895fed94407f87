import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { Agent } from "node:http"
import { connect as connectTls } from "node:tls"
import { Listeners } from "../../../src/layers/graph/Listeners.ts"
import { request } from "../../support/Requests.ts"
import { certificate, hasOpenssl } from "./Certificate.ts"
import { Downstream } from "./Downstream.ts"
import { openGate } from "./Gate.ts"
import { frame, RawHttp2 } from "./GrpcClient.ts"
import { ask, protobuf } from "./HttpClient.ts"
import { post, RawSocket } from "./RawSocket.ts"

const one = request("traces", ["a", "b"], "acme")

const generation = (config: Parameters<typeof openGate>[0], downstream: Downstream) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const gate = yield* openGate(config, { downstream }).pipe(Scope.provide(scope))
    return { ...gate, close: Scope.close(scope, Exit.void) }
  })

const withListeners = <A>(effect: Effect.Effect<A, never, Listeners | Scope.Scope>) =>
  Effect.scoped(effect).pipe(Effect.provide(Listeners.layerWith({ drain: 500 })))

it.live("a swap keeps connections, and a request whose body is still arriving goes to the new generation", () =>
  withListeners(
    Effect.gen(function* () {
      const [before, after] = [new Downstream(), new Downstream()]
      const config = { protocols: { http: {}, grpc: {} } }
      const old = yield* generation(config, before)
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const send = () => Effect.promise(() => ask({ port: old.http.port, headers: protobuf, body: one, agent }))
      assert.strictEqual((yield* send()).status, 200)
      const half = new RawSocket(old.http.port).write(post(one).subarray(0, -5))
      const raw = new RawHttp2(old.grpc.port)
      const call = raw.open()
      const answer = RawHttp2.answer(call)
      call.write(frame(one).subarray(0, -5))
      assert.strictEqual((yield* Effect.promise(() => raw.send(frame(one)))).status, "0")
      assert.strictEqual(before.arrived.length, 2)

      const next = yield* generation(config, after)
      yield* old.close
      assert.deepStrictEqual([next.http.port, next.grpc.port], [old.http.port, old.grpc.port])
      half.write(one.subarray(-5))
      assert.match(yield* Effect.promise(() => half.until(/ 200 /)), /^HTTP\/1.1 200 /)
      call.end(frame(one).subarray(-5))
      assert.strictEqual((yield* Effect.promise(() => answer)).status, "0")
      assert.strictEqual((yield* send()).status, 200)
      assert.strictEqual((yield* Effect.promise(() => raw.send(frame(one)))).status, "0")
      assert.strictEqual(Object.values(agent.freeSockets).length, 1)
      assert.deepStrictEqual([before.arrived.length, after.arrived.length], [2, 4])
      agent.destroy()
      raw.close()
      half.close()
      yield* next.close
    })
  )
)

it.live("a closed receiver answers its open requests first, then refuses connections", () =>
  withListeners(
    Effect.gen(function* () {
      const downstream = new Downstream()
      downstream.mode = "hold"
      const gate = yield* generation({ protocols: { http: {}, grpc: {} }, after: "delivery" }, downstream)
      const reply = ask({ port: gate.http.port, headers: protobuf, body: one })
      const raw = new RawHttp2(gate.grpc.port)
      const call = raw.send(frame(one))
      yield* Effect.promise(() => downstream.holds(2))
      const closing = yield* Effect.forkChild(gate.close, { startImmediately: true })
      for (const held of downstream.held) held.end({ delivered: 2 })
      assert.strictEqual((yield* Effect.promise(() => reply)).status, 200)
      assert.strictEqual((yield* Effect.promise(() => call)).status, "0")
      yield* Effect.promise(() =>
        ask({ port: gate.http.port, headers: protobuf, body: one }).then(
          () => assert.fail("a closed port must refuse"),
          (error: NodeJS.ErrnoException) => assert.strictEqual(error.code, "ECONNREFUSED")
        )
      )
      yield* Fiber.join(closing)
    })
  )
)

it.live.skipIf(!hasOpenssl)("an address changes from plain to TLS and back (needs openssl)", () =>
  withListeners(
    Effect.gen(function* () {
      const downstream = new Downstream()
      const { cert, key } = certificate()
      const plain = yield* generation({ protocols: { http: {} } }, downstream)
      const { port } = plain.http
      assert.strictEqual((yield* Effect.promise(() => ask({ port, headers: protobuf, body: one }))).status, 200)
      const secure = yield* generation({ protocols: { http: { tls: { cert_pem: cert, key_pem: key } } } }, downstream)
      yield* plain.close
      assert.strictEqual(secure.http.port, port)
      const text = yield* Effect.callback<string>((resume) => {
        const socket = connectTls({ port, host: "127.0.0.1", ca: cert, servername: "localhost" })
        socket.once("secureConnect", () => socket.write(post(one)))
        socket.once("data", (bytes) => {
          socket.destroy()
          resume(Effect.succeed(bytes.toString()))
        })
      })
      assert.match(text, /^HTTP\/1.1 200 /)
      const again = yield* generation({ protocols: { http: {} } }, downstream)
      yield* secure.close
      assert.strictEqual((yield* Effect.promise(() => ask({ port, headers: protobuf, body: one }))).status, 200)
      assert.strictEqual(downstream.arrived.length, 3)
      yield* again.close
    })
  )
)

it.live("who is answered while the receiver goes is told to open another connection, over HTTP", () =>
  withListeners(
    Effect.gen(function* () {
      const downstream = new Downstream()
      downstream.mode = "hold"
      const gate = yield* generation({ protocols: { http: {} }, after: "delivery" }, downstream)
      const [waiting, idle] = [new RawSocket(gate.http.port), new RawSocket(gate.http.port)]
      waiting.write(post(one))
      idle.write("GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n")
      yield* Effect.promise(() => Promise.all([idle.until(/ 405 /), downstream.holds(1)]))
      const closing = yield* Effect.forkChild(gate.close)
      yield* Effect.promise(() => idle.end())
      downstream.held[0]!.end({ delivered: 2 })
      assert.match(yield* Effect.promise(() => waiting.end()), /^HTTP\/1.1 200 [^]*\r\nConnection: close\r\n/i)
      yield* Fiber.join(closing)
      for (const client of [waiting, idle]) client.close()
    })
  )
)

it.live("who is answered while the receiver goes is told to open another connection, over gRPC", () =>
  withListeners(
    Effect.gen(function* () {
      const downstream = new Downstream()
      downstream.mode = "hold"
      const gate = yield* generation({ protocols: { grpc: {} }, after: "delivery" }, downstream)
      const raw = new RawHttp2(gate.grpc.port)
      const goaway = new Promise((resolve) => raw.session.on("goaway", resolve))
      const call = raw.send(frame(one))
      yield* Effect.promise(() => downstream.holds(1))
      const closing = yield* Effect.forkChild(gate.close)
      yield* Effect.promise(() => goaway)
      downstream.held[0]!.end({ delivered: 2 })
      assert.strictEqual((yield* Effect.promise(() => call)).status, "0")
      yield* Fiber.join(closing)
      raw.close()
    })
  )
)

it.live("both protocols stop accepting at once, and each answers what it has open, whichever takes longer", () =>
  withListeners(
    Effect.gen(function* () {
      const downstream = new Downstream()
      downstream.mode = "hold"
      const gate = yield* generation({ protocols: { grpc: {}, http: {} }, after: "delivery" }, downstream)
      const raw = new RawHttp2(gate.grpc.port)
      const goaway = new Promise((resolve) => raw.session.on("goaway", resolve))
      const [overHttp, idle] = [new RawSocket(gate.http.port), new RawSocket(gate.http.port)]
      overHttp.write(post(one))
      yield* Effect.promise(() => downstream.holds(1))
      const call = raw.send(frame(one))
      idle.write("GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n")
      yield* Effect.promise(() => Promise.all([idle.until(/ 405 /), downstream.holds(2)]))
      const closing = yield* Effect.forkChild(gate.close)
      // While both still have something open.
      yield* Effect.promise(() => Promise.all([goaway, idle.end()]))
      for (const held of downstream.held) held.end({ delivered: 2 })
      assert.match(yield* Effect.promise(() => overHttp.end()), /^HTTP\/1.1 200 /)
      assert.strictEqual((yield* Effect.promise(() => call)).status, "0")
      yield* Fiber.join(closing)
      raw.close()
      for (const client of [overHttp, idle]) client.close()
    })
  )
)
