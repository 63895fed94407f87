import type { SecureContextOptions } from "node:tls"
import * as Schema from "effect/Schema"
import { optional } from "../domain/config/Fields.ts"

/** What Go's `crypto/tls` calls the suites of TLS 1.2, and what OpenSSL calls them. */
const suites = {
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "ECDHE-ECDSA-AES128-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "ECDHE-ECDSA-AES256-SHA",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: "ECDHE-RSA-AES128-SHA",
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: "ECDHE-RSA-AES256-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305"
}

/** Always on with TLS 1.3, as in Go. */
const suites13 = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"] as const

const curves = { X25519: "X25519", P256: "P-256", P384: "P-384", P521: "P-521", X25519MLKEM768: "X25519MLKEM768" }

const namesOf = <Names extends object>(names: Names) => Object.keys(names) as unknown as readonly [keyof Names & string]

/** `cipher_suites` and `curve_preferences` of every `tls` section, by the names that the Collector knows. */
export const TlsSuites = Schema.Struct({
  cipher_suites: optional(
    Schema.Array(Schema.Literals([...namesOf(suites), ...suites13])),
    "Suites of TLS 1.2 to use, by Go's names; those of TLS 1.3 are always on."
  ),
  curve_preferences: optional(Schema.Array(Schema.Literals(namesOf(curves))), "Key exchanges to use, best first.")
})

export const suiteOptions = ({ cipher_suites, curve_preferences }: typeof TlsSuites.Type): SecureContextOptions => ({
  ...(cipher_suites === undefined || cipher_suites.length === 0
    ? {}
    : {
        ciphers: [...suites13, ...cipher_suites.flatMap((name) => (name in suites ? [suites[name as keyof typeof suites]] : []))].join(":")
      }),
  ...(curve_preferences === undefined || curve_preferences.length === 0
    ? {}
    : { ecdhCurve: curve_preferences.map((name) => curves[name]).join(":") })
})
