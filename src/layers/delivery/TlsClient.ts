import { readFileSync } from "node:fs"
import type { ConnectionOptions, SecureVersion } from "node:tls"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { field, optional } from "../../domain/config/Fields.ts"
import { ComponentError } from "../graph/ComponentError.ts"

const TlsVersion = Schema.Literals(["1.0", "1.1", "1.2", "1.3"])

/** `tls` of an exporter, as the collector's `configtls` has it for clients. */
export const TlsClient = Schema.Struct({
  insecure: field(Schema.Boolean, false, "Plain text where the endpoint does not say `http://` or `https://` (gRPC)."),
  insecure_skip_verify: field(Schema.Boolean, false, "Accept any certificate of the server."),
  server_name_override: optional(Schema.String, "Name that the server's certificate has to be for."),
  ca_file: optional(Schema.String, "PEM file of the authorities to trust; without it, those that Node trusts."),
  cert_file: optional(Schema.String, "PEM file of the client's certificate (mutual TLS)."),
  key_file: optional(Schema.String, "PEM file of the key for `cert_file`."),
  min_version: field(TlsVersion, "1.2", "Oldest TLS version to accept."),
  max_version: optional(TlsVersion, "Newest TLS version to use.")
})

const version = (name: typeof TlsVersion.Type): SecureVersion => (name === "1.0" ? "TLSv1" : `TLSv${name}`)

/** The options of a connection; fails where a file cannot be read. Files are read once, when the exporter is made. */
export const load = (component: string, config: typeof TlsClient.Type): Effect.Effect<ConnectionOptions, ComponentError> =>
  Effect.gen(function* () {
    const read = (key: "ca_file" | "cert_file" | "key_file") => {
      const path = config[key]
      if (path === undefined) return Effect.void
      return Effect.try({
        try: () => readFileSync(path),
        catch: (cause) => new ComponentError({ component, path: ["tls", key], message: `cannot read ${path}: ${String(cause)}` })
      })
    }
    const [ca, cert, key] = yield* Effect.all([read("ca_file"), read("cert_file"), read("key_file")])
    return {
      rejectUnauthorized: !config.insecure_skip_verify,
      minVersion: version(config.min_version),
      ...(config.max_version === undefined ? {} : { maxVersion: version(config.max_version) }),
      ...(config.server_name_override === undefined ? {} : { servername: config.server_name_override }),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key })
    }
  })
