import * as YAML from "yaml"
import type { Node } from "./Node.ts"

/** What stands for a secret. */
export const redacted = "[REDACTED]"

const secretKey =
  /pass(word|wd|phrase)?$|secret|token|authorization|cookie|api[_-]?key|(access|account|shared|license|signing|encryption|ingest)_?key|credential|^key_pem$|private|^dsn$|connection_string/i
/** Maps whose values are secrets as often as not. */
const secretMap = /^(headers|connect_headers|proxy_headers)$/i
/** In a list of `{key: authorization, value: ...}` the name of the value stands beside it. */
const nameKeys = ["key", "name"]

/**
 * A configuration as it may be shown to others, as YAML: expansions stand as they were written (`${env:TOKEN}`), and what looks like a
 * secret by its key (passwords, tokens, keys, the values of headers) is replaced, and so are user information and such parameters in URLs
 * and the defaults of variables with such names.
 */
export const toShownYaml = (root: Node): string => YAML.stringify(shown(root, false), { lineWidth: 0 })

const shown = (node: Node, isSecret: boolean): unknown => {
  switch (node._tag) {
    case "Scalar":
      if (isSecret) return node.value === null || isReference(node.value) ? node.value : redacted
      return typeof node.value === "string" ? withoutSecrets(node.value) : node.value
    case "List":
      return node.items.map((item) => shown(item, isSecret))
    case "Map": {
      const isNamedSecret = nameKeys.some((key) => isSecretName(node.entries.get(key)?.value))
      return new Map(
        [...node.entries].map(([key, { value }]) => [
          key,
          shown(value, isSecret || secretKey.test(key) || secretMap.test(key) || (isNamedSecret && key === "value"))
        ])
      )
    }
  }
}

const isReference = (value: unknown): boolean => typeof value === "string" && /^\$\{[^}]*\}$/.test(value) && !value.includes(":-")

const isSecretName = (node: Node | undefined): boolean => node?._tag === "Scalar" && secretKey.test(String(node.value))

/** Text whose key says nothing, without the secrets that URLs and defaults hold. */
const withoutSecrets = (text: string): string =>
  text
    .replace(/\$\{((?:env:)?[^}:$]*):-[^}]*\}/g, (whole, name: string) => (secretKey.test(name) ? `\${${name}:-${redacted}}` : whole))
    .replace(/(:\/\/)(?:\$\{[^}]*\}|[^\s/?#@])*@/g, (whole, start: string) => (isOfReferences(whole) ? whole : `${start}${redacted}@`))
    .replace(/([?&]([^=&#\s]+)=)([^&#\s]+)/g, (whole, start: string, name: string, value: string) =>
      secretKey.test(name) && !isReference(value) ? `${start}${redacted}` : whole
    )

/** `://${env:USER}:${env:PASSWORD}@`: nothing of it is a secret. */
const isOfReferences = (text: string): boolean => /^:\/\/(\$\{[^}]*\}:?)+@$/.test(text) && !text.includes(":-")
