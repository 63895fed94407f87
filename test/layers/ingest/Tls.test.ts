import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { credentials } from "@grpc/grpc-js"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect as connectTls, type ConnectionOptions } from "node:tls"
import { ServerTls, loadCredentials } from "../../../src/layers/ingest/ServerTls.ts"
import { request } from "../../support/Requests.ts"
import { certificate, hasOpenssl } from "./Certificate.ts"
import { OfficialClient } from "./GrpcClient.ts"
import { withGate } from "./Gate.ts"
import { post } from "./RawSocket.ts"

const one = request("traces", ["a", "b"], "acme")

/** The first line of the answer to one request, or the code of the error. */
const speak = (port: number, options: ConnectionOptions): Promise<string> =>
  new Promise((resolve) => {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ...options })
    socket.once("secureConnect", () => socket.write(post(one)))
    socket.once("data", (bytes) => {
      socket.destroy()
      resolve(bytes.toString().split("\r\n")[0]!)
    })
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })

const load = (tls: unknown) =>
  Schema.decodeUnknownEffect(ServerTls)(tls).pipe(
    Effect.orDie,
    Effect.flatMap((decoded) => loadCredentials(decoded, "otlp", ["protocols", "grpc", "tls"]))
  )

describe.skipIf(!hasOpenssl)("TLS (needs openssl)", () => {
  it.live("both protocols are served, and clients of an older version are turned away", () => {
    const { cert, key } = certificate()
    const tls = { cert_pem: cert, key_pem: key, min_version: "1.3" as const }
    return withGate({ protocols: { grpc: { tls }, http: { tls } } }, async ({ grpc, http, downstream }) => {
      const client = new OfficialClient(grpc.port, {}, credentials.createSsl(Buffer.from(cert)))
      assert.strictEqual((await client.export("traces", one)).code, 0)
      client.close()
      assert.strictEqual(await speak(http.port, { ca: cert }), "HTTP/1.1 200 OK")
      assert.notInclude(await speak(http.port, { ca: cert, maxVersion: "TLSv1.2" }), "HTTP")
      assert.strictEqual(downstream.arrived.length, 2)
    })
  })

  it.live("with a client CA only clients with a certificate are served", () => {
    const [server, client] = [certificate(), certificate()]
    const tls = { cert_pem: server.cert, key_pem: server.key, client_ca_pem: client.cert }
    return withGate({ protocols: { http: { tls } } }, async ({ http, downstream }) => {
      assert.strictEqual(await speak(http.port, { ca: server.cert, cert: client.cert, key: client.key }), "HTTP/1.1 200 OK")
      assert.notInclude(await speak(http.port, { ca: server.cert }), "HTTP")
      assert.strictEqual(downstream.arrived.length, 1)
    })
  })

  it.live("certificates are read again, and unusable ones leave the old ones in service", () => {
    const folder = mkdtempSync(join(tmpdir(), "weir-tls-"))
    const [cert_file, key_file] = [join(folder, "cert.pem"), join(folder, "key.pem")]
    const [first, second] = [certificate(), certificate()]
    const put = (pair: { cert: string; key: string }) => {
      writeFileSync(key_file, pair.key)
      writeFileSync(cert_file, pair.cert)
    }
    put(first)
    return withGate({ protocols: { http: { tls: { cert_file, key_file, reload_interval: "50ms" } } } }, async ({ http }) => {
      assert.strictEqual(await speak(http.port, { ca: first.cert }), "HTTP/1.1 200 OK")
      put(second)
      let served = ""
      while (served !== "HTTP/1.1 200 OK") served = await speak(http.port, { ca: second.cert })
      assert.notInclude(await speak(http.port, { ca: first.cert }), "HTTP")
      rmSync(folder, { recursive: true })
      assert.strictEqual(await speak(http.port, { ca: second.cert }), "HTTP/1.1 200 OK")
    })
  })

  it.live("what is missing or unusable is an error at its setting", () =>
    Effect.gen(function* () {
      const { cert, key } = certificate()
      const other = certificate()
      const cases = [
        [{ key_pem: key }, "cert_file", "needs a certificate"],
        [{ cert_pem: cert }, "key_file", "needs a private key"],
        [{ cert_file: "/nowhere/cert.pem", key_pem: key }, "cert_file", "cannot be read"],
        [{ cert_file: "x", cert_pem: cert, key_pem: key }, "cert_file", "not both"],
        [{ cert_pem: cert, key_pem: other.key }, "cert_pem", "not usable"]
      ] as const
      for (const [tls, setting, message] of cases) {
        const error = yield* Effect.flip(load(tls))
        assert.deepStrictEqual(error.path, ["protocols", "grpc", "tls", setting])
        assert.include(error.message, message)
      }
    })
  )
})
