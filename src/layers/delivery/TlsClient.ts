import { readFileSync } from "node:fs"
import { type ConnectionOptions, getCACertificates, type SecureVersion } from "node:tls"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Duration, field, optional } from "../../domain/config/Fields.ts"
import { ComponentError } from "../graph/ComponentError.ts"
import { suiteOptions, TlsSuites } from "../TlsSuites.ts"

const TlsVersion = Schema.Literals(["1.0", "1.1", "1.2", "1.3"])

/** `tls` of an exporter, as the collector's `configtls` has it for clients. */
export const TlsClient = Schema.Struct({
  insecure: field(Schema.Boolean, false, "Plain text where the endpoint does not say `http://` or `https://` (gRPC)."),
  insecure_skip_verify: field(Schema.Boolean, false, "Accept any certificate of the server."),
  server_name_override: optional(Schema.String, "Name that the server's certificate has to be for."),
  ca_file: optional(Schema.String, "PEM file of the authorities to trust; without it, those that Node trusts."),
  ca_pem: optional(Schema.String, "As `ca_file`, the authorities themselves, PEM."),
  include_system_ca_certs_pool: field(Schema.Boolean, false, "Trust the authorities that Node trusts besides those given here."),
  cert_file: optional(Schema.String, "PEM file of the client's certificate (mutual TLS)."),
  cert_pem: optional(Schema.String, "As `cert_file`, the certificate itself, PEM."),
  key_file: optional(Schema.String, "PEM file of the key for the certificate."),
  key_pem: optional(Schema.String, "As `key_file`, the key itself, PEM."),
  min_version: field(TlsVersion, "1.2", "Oldest TLS version to accept."),
  max_version: optional(TlsVersion, "Newest TLS version to use."),
  ...TlsSuites.fields,
  reload_interval: optional(Duration, "Read the files again this often, and use them for new connections.")
})

export type TlsClient = typeof TlsClient.Type

const version = (name: typeof TlsVersion.Type): SecureVersion => (name === "1.0" ? "TLSv1" : `TLSv${name}`)

/** The options of a connection; fails where a file cannot be read. */
export const load = (component: string, config: TlsClient): Effect.Effect<ConnectionOptions, ComponentError> =>
  Effect.gen(function* () {
    const pem = (name: "ca" | "cert" | "key"): Effect.Effect<string | undefined, ComponentError> => {
      const path = config[`${name}_file`]
      const text = config[`${name}_pem`]
      const fail = (message: string) => new ComponentError({ component, path: ["tls", `${name}_file`], message })
      if (path !== undefined && text !== undefined) return Effect.fail(fail(`give ${name}_file or ${name}_pem, not both`))
      if (path === undefined) return Effect.succeed(text)
      return Effect.try({ try: () => readFileSync(path, "utf8"), catch: (cause) => fail(`cannot read ${path}: ${String(cause)}`) })
    }
    const [ca, cert, key] = yield* Effect.all([pem("ca"), pem("cert"), pem("key")])
    return {
      rejectUnauthorized: !config.insecure_skip_verify,
      minVersion: version(config.min_version),
      ...suiteOptions(config),
      ...(config.max_version === undefined ? {} : { maxVersion: version(config.max_version) }),
      ...(config.server_name_override === undefined ? {} : { servername: config.server_name_override }),
      ...(ca === undefined ? {} : { ca: config.include_system_ca_certs_pool ? [...getCACertificates(), ca] : ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key })
    }
  })

/** Puts what the files hold into `options` every `reload_interval`; files that cannot be read leave the old contents in service. */
export const keepFresh = (component: string, config: TlsClient, options: ConnectionOptions): Effect.Effect<void, never, Scope.Scope> => {
  if (config.reload_interval === undefined || config.reload_interval === 0) return Effect.void
  const once = load(component, config).pipe(
    Effect.tap((loaded) => Effect.sync(() => Object.assign(options, loaded))),
    Effect.catch((error) =>
      Effect.logWarning(`${error.component}: the old certificates stay in use: ${error.path.join(".")} ${error.message}`)
    )
  )
  return Effect.asVoid(Effect.forkScoped(Effect.forever(Effect.delay(once, config.reload_interval))))
}
