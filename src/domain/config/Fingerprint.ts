import { type Node } from "./Node.ts"

/**
 * A value as JSON with its keys in order: equal texts mean equal configurations, wherever and in whatever order they were written. The
 * text behind an expansion counts where it says more than the value: a setting that wants text gets `0123`, not 123.
 */
export const fingerprint = (node: Node): string => {
  const value = fingerprintOfValue(node)
  const { expandedFrom } = node
  const isPlain = expandedFrom === undefined || (node._tag === "Scalar" && String(node.value) === expandedFrom)
  return isPlain ? value : `${value}<${JSON.stringify(expandedFrom)}`
}

const fingerprintOfValue = (node: Node): string => {
  switch (node._tag) {
    case "Scalar":
      return JSON.stringify(node.value)
    case "List":
      return `[${node.items.map(fingerprint).join(",")}]`
    case "Map": {
      const keys = [...node.entries.keys()].toSorted()
      return `{${keys.map((key) => `${JSON.stringify(key)}:${fingerprint(node.entries.get(key)!.value)}`).join(",")}}`
    }
  }
}
