import * as YAML from "yaml"
import type { Node } from "./Node.ts"

/** What stands for a secret. */
export const redacted = "[REDACTED]"

const secretKey = /pass(word|wd|phrase)?$|secret|token|authorization|api[_-]?key|credential|^key_pem$|private/i
/** Maps whose values are secrets as often as not. */
const secretMap = /^(headers|connect_headers|proxy_headers)$/i

/**
 * A configuration as it may be shown to others, as YAML: expansions stand as they were written (`${env:TOKEN}`), and what looks like a
 * secret by its key (passwords, tokens, keys, the values of headers) is replaced.
 */
export const toShownYaml = (root: Node): string => YAML.stringify(shown(root, false), { lineWidth: 0 })

const shown = (node: Node, isSecret: boolean): unknown => {
  switch (node._tag) {
    case "Scalar":
      return isSecret && node.value !== null && !isReference(node.value) ? redacted : node.value
    case "List":
      return node.items.map((item) => shown(item, isSecret))
    case "Map":
      return new Map(
        [...node.entries].map(([key, { value }]) => [key, shown(value, isSecret || secretKey.test(key) || secretMap.test(key))])
      )
  }
}

const isReference = (value: unknown): boolean => typeof value === "string" && /^\$\{[^}]*\}$/.test(value) && !value.includes(":-")
