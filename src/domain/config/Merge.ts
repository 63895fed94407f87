import type { Entry, Node } from "./Node.ts"

/**
 * Lays a later file over an earlier one, as the collector does: maps merge key by key, everything else (lists, and an empty value too)
 * is replaced. Each value keeps the place it came from.
 */
export const merge = (below: Node, above: Node): Node => {
  if (below._tag !== "Map" || above._tag !== "Map") return above
  const entries = new Map<string, Entry>(below.entries)
  for (const [key, entry] of above.entries) {
    const old = entries.get(key)
    entries.set(key, old === undefined ? entry : { key: entry.key, value: merge(old.value, entry.value) })
  }
  return { _tag: "Map", entries, at: above.at }
}
