import { once } from "node:events"
import { constants, type IncomingHttpHeaders } from "node:http2"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { GrpcCode } from "../../../src/domain/GrpcCode.ts"
import { encodeStatus } from "../../../src/domain/otlp/status/Status.ts"
import { signals } from "../../../src/domain/Signal.ts"
import { otlpGrpc } from "../../../src/layers/delivery/OtlpGrpc.ts"
import { Backend } from "../../support/Backend.ts"
import { decode, encodeResponse, itemsOf } from "../../support/Otlp.ts"
import { idOf, request as otlpRequest } from "../../support/Requests.ts"
import { exportRequest, pushOf } from "./Exporting.ts"
import { cableTo, grpcBackend, head, refuse, reply } from "./GrpcBackend.ts"

const small = exportRequest(otlpRequest("traces", ["a", "b"], "default"))
const bulky = exportRequest(...Array.from({ length: 32 }, () => new Uint8Array(1 << 20)))
const plain = { insecure: true }

describe("OtlpGrpc", () => {
  for (const signal of signals) {
    for (const compression of ["none", "gzip", "zstd"]) {
      it.live(`sends ${signal} with compression ${compression}, chunk by chunk, equal to the last bit`, () =>
        Effect.gen(function* () {
          const deliveries: Array<{ bytes: Uint8Array; signal: string }> = []
          const backend = yield* Effect.acquireRelease(
            Effect.promise(() => Backend.start({ protocol: "grpc", onDelivery: (delivery) => deliveries.push(delivery) })),
            (started) => Effect.promise(() => started.kill())
          )
          const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, compression, tls: plain }, signal)
          const ids = Array.from({ length: 40 }, (_, i) => `id-${i}`)
          const chunks = ids.map((id) => otlpRequest(signal, [id], "default"))
          assert.deepStrictEqual(yield* push({ ...exportRequest(...chunks), signal }), { rejected: 0 })
          assert.strictEqual(deliveries[0]!.signal, signal)
          assert.deepStrictEqual(itemsOf(signal, decode(signal, deliveries[0]!.bytes)).map(idOf), ids)
        })
      )
    }
  }

  it.live("sends several full requests at once over one connection, each whole", () =>
    Effect.gen(function* () {
      const sizes: Array<number> = []
      const backend = yield* grpcBackend((stream) => {
        let size = 0
        stream.on("data", (chunk: Buffer) => (size += chunk.length))
        stream.on("end", () => {
          sizes.push(size)
          reply(stream)
        })
      })
      const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, compression: "none", tls: plain })
      const full = exportRequest(...Array.from({ length: 60 }, () => new Uint8Array(64 * 1024)))
      yield* Effect.all(
        Array.from({ length: 10 }, () => push(full)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(sizes), new Set([full.sizeBytes + 5]))
      assert.strictEqual(backend.sessions.length, 1)
    })
  )

  it.live("sends metadata and its deadline", () =>
    Effect.gen(function* () {
      const seen: Array<IncomingHttpHeaders> = []
      const backend = yield* grpcBackend((stream, headers) => {
        seen.push(headers)
        stream.resume().on("end", () => reply(stream))
      })
      const push = yield* pushOf(otlpGrpc, {
        endpoint: `dns:///${backend.endpoint}`,
        headers: { "X-Tenant": "eu" },
        authority: "backend.example",
        timeout: "7s",
        tls: plain
      })
      yield* push(small)
      assert.strictEqual(seen[0]!["x-tenant"], "eu")
      assert.strictEqual(seen[0]!["grpc-timeout"], "7000m")
      assert.strictEqual(seen[0]!["grpc-encoding"], "gzip")
      assert.strictEqual(seen[0]!["te"], "trailers")
      assert.strictEqual(seen[0]![":authority"], "backend.example")
    })
  )

  describe("statuses", () => {
    const retried = new Set<number>([1, 4, 10, 11, 14, 15])
    const answer = (trailers: { readonly [name: string]: string }) =>
      Effect.gen(function* () {
        const backend = yield* grpcBackend((stream) => stream.resume().on("end", () => refuse(stream, trailers)))
        const push = yield* pushOf(otlpGrpc, { endpoint: `http://${backend.endpoint}` })
        return yield* Effect.flip(push(small))
      })
    for (const [name, code] of Object.entries(GrpcCode)) {
      if (code === GrpcCode.OK) continue
      it.live(`${name} is ${retried.has(code) ? "retried" : "permanent"}`, () =>
        Effect.gen(function* () {
          const error = yield* answer({ "grpc-status": String(code), "grpc-message": "said%20the%20backend" })
          assert.strictEqual(error.retryable, retried.has(code))
          assert.strictEqual(error.code, code)
          assert.include(error.message, "said the backend")
        })
      )
      it.live(`${name} with RetryInfo is ${retried.has(code) || name === "RESOURCE_EXHAUSTED" ? "retried" : "permanent"}`, () =>
        Effect.gen(function* () {
          const details = Buffer.from(encodeStatus({ code, message: "later", retryAfterMillis: 5000 })).toString("base64")
          const error = yield* answer({ "grpc-status": String(code), "grpc-status-details-bin": details.replace(/=+$/, "") })
          assert.strictEqual(error.retryable, retried.has(code) || name === "RESOURCE_EXHAUSTED")
          assert.strictEqual(error.retryAfterMillis, error.retryable ? 5000 : undefined)
        })
      )
    }

    it.live("an unknown code and a message that is no percent encoding are survived", () =>
      Effect.gen(function* () {
        const error = yield* answer({ "grpc-status": "99", "grpc-message": "100%" })
        assert.strictEqual(error.code, GrpcCode.UNKNOWN)
        assert.include(error.message, "100%")
      })
    )

    for (const [httpStatus, code, retryable] of [
      [401, GrpcCode.UNAUTHENTICATED, false],
      [404, GrpcCode.UNIMPLEMENTED, false],
      [503, GrpcCode.UNAVAILABLE, true]
    ] as const) {
      it.live(`a proxy answers ${httpStatus}`, () =>
        Effect.gen(function* () {
          const backend = yield* grpcBackend((stream) => stream.respond({ ":status": httpStatus }, { endStream: true }))
          const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, tls: plain })
          const error = yield* Effect.flip(push(small))
          assert.strictEqual(error.code, code)
          assert.strictEqual(error.retryable, retryable)
        })
      )
    }

    it.live("reads a partial success that the official code has written", () =>
      Effect.gen(function* () {
        const backend = yield* grpcBackend((stream) => stream.resume().on("end", () => reply(stream, encodeResponse("traces", 3))))
        const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, tls: plain })
        assert.strictEqual((yield* push(small)).rejected, 3)
      })
    )
  })

  describe("a network that fails", () => {
    it.live("nobody listens", () =>
      Effect.gen(function* () {
        const push = yield* pushOf(otlpGrpc, { endpoint: "127.0.0.1:1", tls: plain })
        const error = yield* Effect.flip(push(small))
        assert.isTrue(error.retryable)
        assert.include(error.message, "ECONNREFUSED")
      })
    )

    it.live("a lost connection is made anew", () =>
      Effect.gen(function* () {
        const backend = yield* grpcBackend((stream, _, number) => {
          if (number === 0) stream.session!.destroy()
          else stream.resume().on("end", () => reply(stream))
        })
        const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, tls: plain })
        assert.isTrue((yield* Effect.flip(push(small))).retryable)
        yield* push(small)
        assert.strictEqual(backend.sessions.length, 2)
      })
    )

    it.live("GOAWAY: the call under way ends, the next one goes over a new connection", () =>
      Effect.gen(function* () {
        const backend = yield* grpcBackend((stream, _, number) => {
          if (number === 0) stream.session!.goaway()
          stream.resume().on("end", () => reply(stream))
        })
        const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, tls: plain })
        yield* push(small)
        yield* push(small)
        assert.strictEqual(backend.sessions.length, 2)
      })
    )

    it.live("a reset stream is retryable, and leaves the connection", () =>
      Effect.gen(function* () {
        const backend = yield* grpcBackend((stream, _, number) => {
          if (number === 0) stream.close(constants.NGHTTP2_REFUSED_STREAM)
          else stream.resume().on("end", () => reply(stream))
        })
        const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, tls: plain })
        assert.isTrue((yield* Effect.flip(push(small))).retryable)
        yield* push(small)
        assert.strictEqual(backend.sessions.length, 1)
      })
    )

    it.live("an answer without trailers is no answer", () =>
      Effect.gen(function* () {
        const backend = yield* grpcBackend((stream) => {
          stream.respond(head)
          stream.resume().on("end", () => stream.end())
        })
        const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, tls: plain })
        assert.isTrue((yield* Effect.flip(push(small))).retryable)
      })
    )

    it.live("an answer before the request was read counts", () =>
      Effect.gen(function* () {
        const backend = yield* grpcBackend((stream) => refuse(stream, { "grpc-status": "8", "grpc-message": "too large" }))
        const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, compression: "none", tls: plain })
        const error = yield* Effect.flip(push(bulky))
        assert.strictEqual(error.code, GrpcCode.RESOURCE_EXHAUSTED)
        assert.isFalse(error.retryable)
      })
    )

    it.live("no answer: an interruption resets the stream and ends", () =>
      Effect.gen(function* () {
        let closed: Promise<unknown> | undefined
        const backend = yield* grpcBackend((stream) => {
          closed ??= once(stream, "close")
        })
        const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, tls: plain })
        assert.strictEqual((yield* Effect.timeoutOption(push(small), 50))._tag, "None")
        yield* Effect.promise(() => closed!)
      })
    )

    it.live("a backend that does not read: an interruption ends", () =>
      Effect.gen(function* () {
        const backend = yield* grpcBackend((stream) => stream.pause())
        const push = yield* pushOf(otlpGrpc, { endpoint: backend.endpoint, compression: "none", tls: plain })
        assert.strictEqual((yield* Effect.timeoutOption(push(bulky), 50))._tag, "None")
      })
    )

    it.live("a connection whose peer is dead is given up", () =>
      Effect.gen(function* () {
        const backend = yield* grpcBackend((stream) => stream.resume().on("end", () => reply(stream)))
        const cable = yield* cableTo(backend.port)
        const push = yield* pushOf(otlpGrpc, { endpoint: `127.0.0.1:${cable.port}`, compression: "none", tls: plain })
        yield* push(small)
        cable.cut()
        assert.strictEqual((yield* Effect.timeoutOption(push(bulky), 50))._tag, "None")
        yield* push(small)
        assert.strictEqual(backend.sessions.length, 2)
      })
    )
  })

  describe("configuration", () => {
    for (const endpoint of ["localhost", "localhost:0", "http://", "[::1:4317", "a b:4317", "unix:///x"]) {
      it.effect(`refuses the endpoint "${endpoint}"`, () =>
        Effect.gen(function* () {
          const exit = yield* Effect.exit(pushOf(otlpGrpc, { endpoint }))
          const reason = Exit.isFailure(exit) ? String(exit.cause) : "accepted"
          assert.include(reason, "localhost:4317")
          assert.include(reason, '["endpoint"]')
        })
      )
    }
  })
})
