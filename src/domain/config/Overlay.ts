import type { Entry, ListNode, MapNode, Node } from "./Node.ts"
import { merge } from "./Merge.ts"
import { parse } from "./Parse.ts"
import { error, type Problem } from "./Problem.ts"
import type { Location, Source } from "./Source.ts"

/** What was sent from afar to lie over the agent's own files: documents, then patches, each in their order. */
export interface RemoteLayer {
  /** Partial configurations: maps merge, lists are replaced. */
  readonly documents: ReadonlyArray<Source>
  readonly patches: ReadonlyArray<RemotePatch>
}

export interface RemotePatch {
  /** Partial configuration, merged like the document. */
  readonly merge: Source
  /** Elements that go to the end of lists. */
  readonly append: ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly value: Source }>
}

export const noRemote: RemoteLayer = { documents: [], patches: [] }

export const isNoRemote = ({ documents, patches }: RemoteLayer): boolean => documents.length === 0 && patches.length === 0

export interface Overlaid {
  readonly root: Node
  readonly problems: ReadonlyArray<Problem>
}

/**
 * Lays what was sent over the agent's own configuration. `prepare` is what happens to each remote value before (its expansion, with what
 * remote text may see).
 *
 * What was sent must not cut the line that it came by: settings of `opamp` extensions are refused, and so is a list of extensions that
 * leaves a running one of them out.
 */
export const overlay = (own: Node, remote: RemoteLayer, prepare: (node: Node) => Overlaid): Overlaid => {
  const problems: Array<Problem> = []
  const read = (source: Source): Node | undefined => {
    const parsed = parse(source)
    problems.push(...parsed.problems)
    if (parsed.root === undefined || isNothing(parsed.root)) return undefined
    const prepared = prepare(parsed.root)
    problems.push(...prepared.problems)
    return prepared.root
  }
  const layers: ReadonlyArray<RemotePatch> = [...remote.documents.map((document) => ({ merge: document, append: [] })), ...remote.patches]
  let root = own
  for (const layer of layers) {
    const above = read(layer.merge)
    if (above !== undefined) {
      if (above._tag !== "Map") problems.push(error(above.at, "a remote configuration is a map", "expected sections such as processors"))
      else {
        problems.push(...guard(own, above))
        root = merge(root, above)
      }
    }
    for (const { path, value } of layer.append) {
      const element = read(value)
      if (element === undefined) continue
      if (isControlLine(path)) problems.push(error(element.at, `"${path.join(".")}" cannot be changed from afar`))
      else root = appendAt(root, path, element, problems)
    }
  }
  return { root, problems }
}

const isNothing = (node: Node): boolean => node._tag === "Scalar" && node.value === null
const isOpamp = (id: string): boolean => id === "opamp" || id.startsWith("opamp/")
const isControlLine = ([section, id]: ReadonlyArray<string>): boolean => section === "extensions" && (id === undefined || isOpamp(id))

const guard = (own: Node, above: MapNode): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const extensions = above.entries.get("extensions")?.value
  if (extensions?._tag === "Map") {
    for (const [id, { key }] of extensions.entries) {
      if (isOpamp(id)) problems.push(error(key, `extension "${id}" cannot be changed from afar`, "change it in the agent's own file"))
    }
  } else if (extensions !== undefined) problems.push(error(extensions.at, '"extensions" cannot be emptied from afar'))
  const service = above.entries.get("service")
  if (service !== undefined && service.value._tag !== "Map") problems.push(error(service.key, '"service" cannot be emptied from afar'))
  const running = extensionsOf(own).filter(isOpamp)
  const listed = service?.value._tag === "Map" ? service.value.entries.get("extensions") : undefined
  if (listed !== undefined) {
    const names = extensionsOf(above)
    for (const id of running) {
      if (!names.includes(id)) problems.push(error(listed.key, `"service.extensions" must keep "${id}", which this configuration came by`))
    }
  }
  return problems
}

const extensionsOf = (root: Node): ReadonlyArray<string> => {
  const service = root._tag === "Map" ? root.entries.get("service")?.value : undefined
  const list = service?._tag === "Map" ? service.entries.get("extensions")?.value : undefined
  return list?._tag === "List" ? list.items.flatMap((item) => (item._tag === "Scalar" ? [String(item.value)] : [])) : []
}

/** The tree with one more element at the end of the list at `path`; what is missing on the way is made. */
const appendAt = (node: Node, path: ReadonlyArray<string>, element: Node, problems: Array<Problem>): Node => {
  const [step, ...rest] = path
  if (step === undefined) {
    if (node._tag === "List") return { ...node, items: [...node.items, element] }
    if (isNothing(node)) return list(element)
    problems.push(error(element.at, "what is to be appended to is no list"))
    return node
  }
  if (node._tag !== "Map" && !isNothing(node)) {
    problems.push(error(element.at, `there is no "${step}" in what is no map`))
    return node
  }
  const entries = new Map<string, Entry>(node._tag === "Map" ? node.entries : [])
  const old = entries.get(step)
  const below: Node = old?.value ?? { _tag: "Scalar", value: null, at: element.at }
  entries.set(step, { key: old?.key ?? element.at, value: appendAt(below, rest, element, problems) })
  return { _tag: "Map", entries, at: node.at }
}

const list = (element: Node): ListNode => ({ _tag: "List", items: [element], at: element.at as Location })
