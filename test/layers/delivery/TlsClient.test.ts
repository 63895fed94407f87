import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createSecureServer, type ServerHttp2Stream } from "node:http2"
import { createServer } from "node:https"
import type { AddressInfo, Server, Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { otlpGrpc } from "../../../src/layers/delivery/OtlpGrpc.ts"
import { otlpHttp } from "../../../src/layers/delivery/OtlpHttp.ts"
import { request as otlpRequest } from "../../support/Requests.ts"
import { exportRequest, pushOf } from "./Exporting.ts"
import { reply } from "./GrpcBackend.ts"

// A certificate of its own authority for backend.example, valid for a hundred years; made with `openssl req -x509 -newkey ec`.
const certFile = `${import.meta.dirname}/tls/cert.pem`
const keyFile = `${import.meta.dirname}/tls/key.pem`
const identity = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
const mutual = { ...identity, ca: identity.cert, requestCert: true, rejectUnauthorized: true }

const small = exportRequest(otlpRequest("traces", ["a"], "default"))

const listening = (server: Server) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const sockets = new Set<Socket>()
      server.on("secureConnection", (socket: Socket) => sockets.add(socket.on("error", () => {})))
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      return { endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets }
    }),
    ({ sockets }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
  )

const kinds = [
  {
    name: "otlp",
    component: otlpGrpc,
    server: (options: object) =>
      createSecureServer(options).on("stream", (stream: ServerHttp2Stream) => stream.resume().on("end", () => reply(stream)))
  },
  {
    name: "otlp_http",
    component: otlpHttp,
    server: (options: object) => createServer(options, (request, response) => request.resume().on("end", () => response.end()))
  }
]

describe("TLS to the backend", () => {
  for (const { name, component, server } of kinds) {
    const trusted = { ca_file: certFile, server_name_override: "backend.example" }

    it.live(`${name} trusts the authority that it is told`, () =>
      Effect.gen(function* () {
        const { endpoint } = yield* listening(server(identity))
        const push = yield* pushOf(component, { endpoint, tls: trusted })
        assert.deepStrictEqual(yield* push(small), { rejected: 0 })
      })
    )

    it.live(`${name} trusts nobody else, and not another name`, () =>
      Effect.gen(function* () {
        const { endpoint } = yield* listening(server(identity))
        for (const tls of [{}, { ca_file: certFile }, { ca_file: certFile, server_name_override: "other.example" }]) {
          const error = yield* Effect.flip(Effect.flatMap(pushOf(component, { endpoint, tls }), (push) => push(small)))
          assert.match(error.message, /certificate|altnames/i)
        }
        const push = yield* pushOf(component, { endpoint, tls: { insecure_skip_verify: true } })
        yield* push(small)
      })
    )

    it.live(`${name} shows its own certificate`, () =>
      Effect.gen(function* () {
        const { endpoint } = yield* listening(server(mutual))
        const without = yield* pushOf(component, { endpoint, tls: trusted })
        assert.isTrue("retryable" in (yield* Effect.flip(without(small))))
        const push = yield* pushOf(component, { endpoint, tls: { ...trusted, cert_file: certFile, key_file: keyFile } })
        yield* push(small)
      })
    )

    it.live(`${name} takes certificates inline, trusts the known authorities besides, and offers the suites that it is told`, () =>
      Effect.gen(function* () {
        const { endpoint } = yield* listening(server({ ...mutual, maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" }))
        const pem = { ca_pem: `${identity.cert}`, cert_pem: `${identity.cert}`, key_pem: `${identity.key}` }
        const tls = { ...pem, include_system_ca_certs_pool: true, server_name_override: "backend.example", curve_preferences: ["P256"] }
        const suite = (name: string) => pushOf(component, { endpoint, tls: { ...tls, cipher_suites: [`TLS_ECDHE_ECDSA_WITH_${name}`] } })
        yield* (yield* suite("AES_256_GCM_SHA384"))(small)
        assert.isTrue("retryable" in (yield* Effect.flip((yield* suite("AES_128_GCM_SHA256"))(small))))
      })
    )

    it.live(`${name} reads its files again`, () =>
      Effect.gen(function* () {
        const { endpoint } = yield* listening(server(identity))
        const directory = mkdtempSync(join(tmpdir(), "weir-tls-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true })))
        const ca_file = join(directory, "ca.pem")
        writeFileSync(ca_file, "")
        const push = yield* pushOf(component, { endpoint, tls: { ...trusted, ca_file, reload_interval: "10ms" } })
        assert.match((yield* Effect.flip(push(small))).message, /certificate/i)
        writeFileSync(ca_file, identity.cert)
        assert.deepStrictEqual(yield* Effect.eventually(push(small)), { rejected: 0 })
      })
    )

    it.live(`${name} refuses older versions than min_version`, () =>
      Effect.gen(function* () {
        const { endpoint } = yield* listening(server({ ...identity, maxVersion: "TLSv1.2" }))
        const push = yield* pushOf(component, { endpoint, tls: { ...trusted, min_version: "1.3" } })
        assert.match((yield* Effect.flip(push(small))).message, /version|protocol/i)
      })
    )
  }
})
