import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readFile } from "node:fs/promises"
import { createSecureContext, type SecureContextOptions, type TlsOptions } from "node:tls"
import { Duration, field, optional } from "../../domain/config/Fields.ts"
import { ComponentError } from "../graph/ComponentError.ts"
import { suiteOptions, TlsSuites } from "../TlsSuites.ts"

const Version = Schema.Literals(["1.2", "1.3"])

/** `tls` of a server: the collector's keys. */
export const ServerTls = Schema.Struct({
  cert_file: optional(Schema.String, "File with the certificate chain, PEM."),
  cert_pem: optional(Schema.String, "The certificate chain itself, PEM."),
  key_file: optional(Schema.String, "File with the private key, PEM."),
  key_pem: optional(Schema.String, "The private key itself, PEM."),
  client_ca_file: optional(Schema.String, "Clients must show a certificate that this CA has signed (mutual TLS)."),
  client_ca_pem: optional(Schema.String, "As `client_ca_file`, the CA itself, PEM."),
  min_version: field(Version, "1.2", "Lowest TLS version."),
  max_version: field(Version, "1.3", "Highest TLS version."),
  ...TlsSuites.fields,
  include_system_ca_certs_pool: optional(Schema.Boolean, "Accepted, without effect on servers, as in the collector."),
  reload_interval: optional(Duration, "Read the files again this often, and serve new connections with them.")
})

export type ServerTls = typeof ServerTls.Type

/** Settings of a `tls.Server`, checked: `createSecureContext` takes them. */
export type Credentials = TlsOptions & SecureContextOptions

const handshakeTimeout = 10_000

/** Reads and checks certificates; the error names the setting. `path` leads to the `tls` section. */
export const loadCredentials = (
  tls: ServerTls,
  component: string,
  path: ReadonlyArray<string>
): Effect.Effect<Credentials, ComponentError> => {
  const fail = (key: string, message: string) => new ComponentError({ component, path: [...path, key], message })

  const pem = (name: "cert" | "key" | "client_ca") => {
    const file = tls[`${name}_file`]
    const text = tls[`${name}_pem`]
    if (file !== undefined && text !== undefined) return Effect.fail(fail(`${name}_file`, `give ${name}_file or ${name}_pem, not both`))
    if (file === undefined) return Effect.succeed(text)
    return Effect.tryPromise({
      try: () => readFile(file, "utf8"),
      catch: (error) => fail(`${name}_file`, `cannot be read: ${(error as Error).message}`)
    })
  }

  return Effect.gen(function* () {
    const cert = yield* pem("cert")
    const key = yield* pem("key")
    const ca = yield* pem("client_ca")
    if (cert === undefined) return yield* fail("cert_file", "a server needs a certificate: give cert_file or cert_pem")
    if (key === undefined) return yield* fail("key_file", "a server needs a private key: give key_file or key_pem")
    const credentials: Credentials = {
      cert,
      key,
      minVersion: `TLSv${tls.min_version}`,
      maxVersion: `TLSv${tls.max_version}`,
      handshakeTimeout,
      ...suiteOptions(tls),
      ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true })
    }
    yield* Effect.try({
      try: () => createSecureContext(credentials),
      catch: (error) =>
        fail(tls.cert_file === undefined ? "cert_pem" : "cert_file", `certificate or key is not usable: ${(error as Error).message}`)
    })
    return credentials
  })
}
