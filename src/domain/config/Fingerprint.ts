import { type Node } from "./Node.ts"

/** A value as JSON with its keys in order: equal texts mean equal configurations, wherever and in whatever order they were written. */
export const fingerprint = (node: Node): string => {
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
