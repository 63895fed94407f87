import { once } from "node:events"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:net"
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { GrpcCode } from "../../../src/domain/GrpcCode.ts"
import { encodeStatus } from "../../../src/domain/otlp/status/Status.ts"
import { signals } from "../../../src/domain/Signal.ts"
import { otlpHttp } from "../../../src/layers/delivery/OtlpHttp.ts"
import { Backend } from "../../support/Backend.ts"
import { decode, encodeResponse, itemsOf } from "../../support/Otlp.ts"
import { idOf, request as otlpRequest } from "../../support/Requests.ts"
import { exportRequest, pushOf } from "./Exporting.ts"
import { bodyOf, httpBackend } from "./HttpBackend.ts"

const small = exportRequest(otlpRequest("traces", ["a", "b"], "default"))

const answering = (answer: (response: ServerResponse, number: number) => void) =>
  httpBackend((request, response, number) => {
    request.resume().on("end", () => answer(response, number))
  })

describe("OtlpHttp", () => {
  for (const signal of signals) {
    for (const compression of ["none", "gzip", "zstd", "deflate"]) {
      it.live(`sends ${signal} with compression ${compression}, chunk by chunk, equal to the last bit`, () =>
        Effect.gen(function* () {
          const deliveries: Array<{ bytes: Uint8Array; path?: string }> = []
          const backend = yield* Effect.acquireRelease(
            Effect.promise(() => Backend.start({ protocol: "http", onDelivery: (delivery) => deliveries.push(delivery) })),
            (started) => Effect.promise(() => started.kill())
          )
          const push = yield* pushOf(otlpHttp, { endpoint: `${backend.endpoint}/`, compression }, signal)
          const ids = Array.from({ length: 40 }, (_, i) => `id-${i}`)
          const chunks = ids.map((id) => otlpRequest(signal, [id], "default"))
          assert.deepStrictEqual(yield* push({ ...exportRequest(...chunks), signal }), { rejected: 0 })
          assert.deepStrictEqual(itemsOf(signal, decode(signal, deliveries[0]!.bytes)).map(idOf), ids)
        })
      )
    }
  }

  it.live("compresses large requests outside of the event loop, to the same bytes", () =>
    Effect.gen(function* () {
      const inflate = { gzip: gunzipSync, zstd: zstdDecompressSync, deflate: inflateSync }
      const seen: Array<Buffer> = []
      const backend = yield* httpBackend(async (request, response) => {
        seen.push(inflate[request.headers["content-encoding"] as keyof typeof inflate](await bodyOf(request)))
        response.end()
      })
      const chunks = Array.from({ length: 9 }, (_, i) => Buffer.alloc(100_000, `chunk ${i} `))
      for (const compression of Object.keys(inflate)) {
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url, compression, compression_params: { level: 3 } })
        yield* push(exportRequest(...chunks))
        assert.isTrue(Buffer.concat(chunks).equals(seen.pop()!))
      }
    })
  )

  it.live("speaks OTLP/JSON", () =>
    Effect.gen(function* () {
      const bodies: Array<string> = []
      const backend = yield* httpBackend(async (request, response) => {
        assert.strictEqual(request.headers["content-type"], "application/json")
        bodies.push((await bodyOf(request)).toString())
        response.setHeader("content-type", "application/json")
        response.end(`{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}`)
      })
      const push = yield* pushOf(otlpHttp, { endpoint: backend.url, compression: "none", encoding: "json" })
      assert.deepStrictEqual(yield* push(small), { rejected: 2, message: "too old" })
      assert.strictEqual(JSON.parse(bodies[0]!).resourceSpans[0].scopeSpans[0].spans.length, 2)
    })
  )

  it.live("sends headers and honours the endpoint of a signal", () =>
    Effect.gen(function* () {
      const seen: Array<IncomingMessage> = []
      const backend = yield* httpBackend((request, response) => {
        seen.push(request)
        response.end()
      })
      const config = {
        endpoint: "http://127.0.0.1:1",
        traces_endpoint: `${backend.url}/custom?x=1`,
        headers: { Authorization: "Bearer t" }
      }
      const push = yield* pushOf(otlpHttp, config)
      yield* push(small)
      assert.strictEqual(seen[0]!.url, "/custom?x=1")
      assert.strictEqual(seen[0]!.headers["authorization"], "Bearer t")
      assert.strictEqual(seen[0]!.headers["content-encoding"], "gzip")
    })
  )

  it.live("keeps its connections", () =>
    Effect.gen(function* () {
      const backend = yield* answering((response) => response.end())
      const push = yield* pushOf(otlpHttp, { endpoint: backend.url })
      for (let i = 0; i < 5; i++) yield* push(small)
      assert.strictEqual(backend.connections(), 1)
    })
  )

  it.live("makes a connection for every request with disable_keep_alives", () =>
    Effect.gen(function* () {
      const backend = yield* answering((response) => response.end())
      const push = yield* pushOf(otlpHttp, { endpoint: backend.url, disable_keep_alives: true })
      for (let i = 0; i < 3; i++) yield* push(small)
      assert.strictEqual(backend.connections(), 3)
    })
  )

  it.live("reads no more of an answer than max_response_body_size", () =>
    Effect.gen(function* () {
      const backend = yield* answering((response) => response.writeHead(400, { "content-type": "text/plain" }).end("abcdefgh"))
      const messageWith = (settings: object) =>
        Effect.map(
          Effect.flip(Effect.flatMap(pushOf(otlpHttp, { endpoint: backend.url, ...settings }), (push) => push(small))),
          (error) => error.message
        )
      assert.include(yield* messageWith({}), "abcdefgh")
      const cut = yield* messageWith({ max_response_body_size: 3 })
      assert.notInclude(cut, "abcd")
      assert.include(cut, "abc")
    })
  )

  it("refuses what it would have to obey, with the reason, unless it is off", () => {
    const decode = (settings: object) => Schema.decodeUnknownResult(otlpHttp.config)({ endpoint: "http://localhost:4318", ...settings })
    for (const settings of [{ auth: { authenticator: "x" } }, { proxy_url: "http://p:1" }, { cookies: { enabled: true } }]) {
      assert.isTrue(Result.isFailure(decode(settings)), JSON.stringify(settings))
    }
    assert.isTrue(Result.isSuccess(decode({ auth: null, proxy_url: "", cookies: { enabled: false }, force_attempt_http2: true })))
  })

  it.live("replaces a kept connection that the backend has closed meanwhile", () =>
    Effect.gen(function* () {
      const backend = yield* httpBackend((request, response, number) => {
        if (number === 1) request.socket.resetAndDestroy()
        else request.resume().on("end", () => response.end())
      })
      const push = yield* pushOf(otlpHttp, { endpoint: backend.url })
      yield* push(small)
      yield* push(small)
      assert.strictEqual(backend.connections(), 2)
    })
  )

  describe("statuses", () => {
    const table: ReadonlyArray<readonly [number, boolean, GrpcCode]> = [
      [301, false, GrpcCode.UNIMPLEMENTED],
      [400, false, GrpcCode.INVALID_ARGUMENT],
      [401, false, GrpcCode.UNAUTHENTICATED],
      [403, false, GrpcCode.PERMISSION_DENIED],
      [404, false, GrpcCode.UNIMPLEMENTED],
      [408, false, GrpcCode.INVALID_ARGUMENT],
      [413, false, GrpcCode.RESOURCE_EXHAUSTED],
      [415, false, GrpcCode.UNIMPLEMENTED],
      [429, true, GrpcCode.RESOURCE_EXHAUSTED],
      [500, false, GrpcCode.INTERNAL],
      [501, false, GrpcCode.INTERNAL],
      [502, true, GrpcCode.UNAVAILABLE],
      [503, true, GrpcCode.UNAVAILABLE],
      [504, true, GrpcCode.UNAVAILABLE]
    ]
    for (const [status, retryable, code] of table) {
      it.live(`${status} is ${retryable ? "retried" : "permanent"}`, () =>
        Effect.gen(function* () {
          const backend = yield* answering((response) => {
            response.writeHead(status, { location: "/elsewhere", "content-type": "application/x-protobuf" })
            response.end(encodeStatus({ code: 3, message: "said the backend" }))
          })
          const push = yield* pushOf(otlpHttp, { endpoint: backend.url })
          const error = yield* Effect.flip(push(small))
          assert.strictEqual(error.retryable, retryable)
          assert.strictEqual(error.code, code)
          assert.include(error.message, status === 301 ? "redirects are not followed" : "said the backend")
          assert.isUndefined(error.retryAfterMillis)
        })
      )
    }

    it.live("any 2xx is a success", () =>
      Effect.gen(function* () {
        const backend = yield* answering((response, number) => response.writeHead([200, 201, 202, 204][number]!).end())
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url })
        for (let i = 0; i < 4; i++) assert.deepStrictEqual(yield* push(small), { rejected: 0 })
      })
    )

    it.live("reads a partial success that the official code has written", () =>
      Effect.gen(function* () {
        const backend = yield* answering((response) => {
          response.setHeader("content-type", "application/x-protobuf")
          response.end(encodeResponse("traces", 3))
        })
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url })
        assert.strictEqual((yield* push(small)).rejected, 3)
      })
    )

    it.live("Retry-After: seconds, a date, nonsense, or RetryInfo in the body", () =>
      Effect.gen(function* () {
        const hints = ["7", new Date(Date.now() + 60_000).toUTCString(), new Date(0).toUTCString(), "soon", "-5"]
        const backend = yield* answering((response, number) => {
          if (number < hints.length) response.setHeader("retry-after", hints[number]!)
          response.writeHead(503)
          response.end(number < hints.length ? "" : encodeStatus({ code: 14, message: "", retryAfterMillis: 1500 }))
        })
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url })
        const waits: Array<number | undefined> = []
        for (let i = 0; i <= hints.length; i++) waits.push((yield* Effect.flip(push(small))).retryAfterMillis)
        assert.strictEqual(waits[0], 7000)
        assert.isTrue(waits[1]! > 57_000 && waits[1]! <= 60_000, `${waits[1]}`)
        assert.deepStrictEqual(waits.slice(2), [0, undefined, undefined, 1500])
      })
    )
  })

  describe("a network that fails", () => {
    const bulky = exportRequest(...Array.from({ length: 64 }, () => new Uint8Array(1 << 20)))

    it.live("nobody listens", () =>
      Effect.gen(function* () {
        const push = yield* pushOf(otlpHttp, { endpoint: "http://127.0.0.1:1" })
        const error = yield* Effect.flip(push(small))
        assert.isTrue(error.retryable)
        assert.include(error.message, "ECONNREFUSED")
      })
    )

    it.live("reset in the middle of the request", () =>
      Effect.gen(function* () {
        const backend = yield* httpBackend((request) => {
          request.once("data", () => request.socket.resetAndDestroy())
        })
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url, compression: "none" })
        assert.isTrue((yield* Effect.flip(push(bulky))).retryable)
      })
    )

    it.live("reset in the middle of the answer", () =>
      Effect.gen(function* () {
        const backend = yield* answering((response) => {
          response.writeHead(200, { "content-length": 100 })
          response.write("x", () => response.socket!.resetAndDestroy())
        })
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url })
        const error = yield* Effect.flip(push(small))
        assert.isTrue(error.retryable)
        assert.include(error.message, "cut short")
      })
    )

    it.live("no answer: an interruption closes the connection and ends", () =>
      Effect.gen(function* () {
        let closed: Promise<unknown> | undefined
        const backend = yield* httpBackend((request) => {
          closed = once(request.socket, "close")
        })
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url })
        const outcome = yield* Effect.timeoutOption(push(small), 50)
        assert.strictEqual(outcome._tag, "None")
        yield* Effect.promise(() => closed!)
      })
    )

    it.live("a backend that does not read: an interruption ends", () =>
      Effect.gen(function* () {
        const backend = yield* httpBackend((request) => request.pause())
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url, compression: "none" })
        assert.strictEqual((yield* Effect.timeoutOption(push(bulky), 50))._tag, "None")
      })
    )

    it.live("an answer before the request was read counts", () =>
      Effect.gen(function* () {
        const backend = yield* httpBackend((_, response) => {
          response.writeHead(413).end("no")
        })
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url, compression: "none" })
        const error = yield* Effect.flip(push(bulky))
        assert.strictEqual(error.code, GrpcCode.RESOURCE_EXHAUSTED)
        assert.isFalse(error.retryable)
      })
    )

    it.live("an endless answer is not read to its end", () =>
      Effect.gen(function* () {
        const backend = yield* answering((response) => {
          const more = (): void => {
            while (response.write(Buffer.alloc(1 << 16)));
          }
          response.on("drain", more)
          response.writeHead(400, { "content-type": "text/plain" })
          more()
        })
        const push = yield* pushOf(otlpHttp, { endpoint: backend.url })
        assert.strictEqual((yield* Effect.flip(push(small))).code, GrpcCode.INVALID_ARGUMENT)
      })
    )

    it.live("no HTTP at all", () =>
      Effect.gen(function* () {
        const server = createServer((socket) => socket.on("error", () => {}).end("SSH-2.0-OpenSSH\r\n"))
        yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
        const port = yield* Effect.promise(async () => {
          server.listen(0, "127.0.0.1")
          await once(server, "listening")
          return (server.address() as { readonly port: number }).port
        })
        const push = yield* pushOf(otlpHttp, { endpoint: `http://127.0.0.1:${port}` })
        assert.isTrue((yield* Effect.flip(push(small))).retryable)
      })
    )
  })

  describe("configuration", () => {
    const bad: ReadonlyArray<readonly [object, ReadonlyArray<string>, string]> = [
      [{}, ["endpoint"], "missing"],
      [{ endpoint: "http://x", headers: { "a b": "c" } }, ["headers", "a b"], "is no header"],
      [{ endpoint: "https://x", tls: { ca_file: "/nowhere/ca.pem" } }, ["tls", "ca_file"], "/nowhere/ca.pem"]
    ]
    for (const [yaml, path, message] of bad) {
      it.effect(`names what is wrong with ${JSON.stringify(yaml)}`, () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(pushOf(otlpHttp, yaml))
          assert.deepStrictEqual(error.path, path)
          assert.include(error.message, message)
        })
      )
    }
  })
})
