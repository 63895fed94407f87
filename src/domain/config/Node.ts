import { type Location, placeInText } from "./Source.ts"

/**
 * A configuration value that knows where it was written. Parsing, merging and expansion keep the locations, so that whatever finds
 * fault with a value later can point at it.
 */
export type Node = ScalarNode | ListNode | MapNode

interface Written {
  readonly at: Location
  /** The text behind a value that came out of an expansion: what a setting gets that wants a string. Never shown, it may be a secret. */
  readonly expandedFrom?: string
  /** The expansion that brought the value (`${env:NAME}`). What it stands for may be a secret: messages name this instead. */
  readonly origin?: string
  /** An expansion that went wrong: its problem is told, and what the absent value leads to is none of its own. */
  readonly failed?: true
}

export interface ScalarNode extends Written {
  readonly _tag: "Scalar"
  readonly value: string | number | boolean | null
  /** Where a file that an expansion brought is no YAML, so that it was taken as text. */
  readonly unreadable?: Location
}

export interface ListNode extends Written {
  readonly _tag: "List"
  readonly items: ReadonlyArray<Node>
}

export interface MapNode extends Written {
  readonly _tag: "Map"
  readonly entries: ReadonlyMap<string, Entry>
}

export interface Entry {
  readonly key: Location
  readonly value: Node
}

export type Path = ReadonlyArray<PropertyKey>

/** The plain value, as a Schema decodes it. */
export const toUnknown = (node: Node): unknown => {
  switch (node._tag) {
    case "Scalar":
      return node.value
    case "List":
      return node.items.map(toUnknown)
    case "Map": {
      const record: Record<string, unknown> = {}
      for (const [key, { value }] of node.entries) {
        // Assignment to `__proto__` would set the prototype instead of a key.
        Object.defineProperty(record, key, { value: toUnknown(value), enumerable: true, writable: true, configurable: true })
      }
      return record
    }
  }
}

const child = (node: Node, step: PropertyKey): Node | undefined =>
  node._tag === "Map" ? node.entries.get(String(step))?.value : node._tag === "List" ? node.items[Number(step)] : undefined

/** The nodes from the root to the last one that exists on a path. */
export const nodesOn = (node: Node, path: Path): ReadonlyArray<Node> => {
  const nodes = [node]
  for (const step of path) {
    const next = child(nodes.at(-1)!, step)
    if (next === undefined) break
    nodes.push(next)
  }
  return nodes
}

/** Whether an expansion failed anywhere in a tree. */
export const hasFailed = (node: Node): boolean =>
  node.failed === true ||
  (node._tag === "Map" && [...node.entries.values()].some(({ value }) => hasFailed(value))) ||
  (node._tag === "List" && node.items.some(hasFailed))

/** The node at a path, if there is one. */
export const nodeAt = (node: Node, path: Path): Node | undefined => {
  let current: Node | undefined = node
  for (const step of path) {
    if (current === undefined) return undefined
    current = child(current, step)
  }
  return current
}

/**
 * Where the value at a path was written; for a path that leads further than the document, its last part that exists. A number behind a
 * text is an offset in it: the place of that character.
 */
export const locate = (node: Node, path: Path): Location => {
  let current = node
  for (const step of path) {
    const next = child(current, step)
    if (next === undefined) {
      const text = current._tag === "Scalar" && current.origin === undefined ? current.value : undefined
      return typeof text === "string" && typeof step === "number" ? placeInText(current.at, text, step) : current.at
    }
    current = next
  }
  return current.at
}

/** Where the key at the end of a path was written; where there is no such key, what `locate` says. */
export const locateKey = (node: Node, path: Path): Location => {
  const parent = nodeAt(node, path.slice(0, -1))
  const entry = parent?._tag === "Map" ? parent.entries.get(String(path.at(-1))) : undefined
  return entry?.key ?? locate(node, path)
}

/** The same tree with the value at `path` replaced, or its key removed (`undefined`). A path that does not exist changes nothing. */
export const replaceAt = (node: Node, path: Path, value: Node | undefined): Node => {
  const [step, ...rest] = path
  const old = step === undefined ? undefined : child(node, step)
  if (step === undefined || old === undefined) return path.length === 0 && value !== undefined ? value : node
  const replaced = rest.length === 0 ? value : replaceAt(old, rest, value)
  if (node._tag === "List") {
    return replaced === undefined ? node : { ...node, items: node.items.map((item, i) => (i === Number(step) ? replaced : item)) }
  }
  if (node._tag === "Scalar") return node
  const entries = new Map(node.entries)
  if (replaced === undefined) entries.delete(String(step))
  else entries.set(String(step), { key: entries.get(String(step))!.key, value: replaced })
  return { ...node, entries }
}
