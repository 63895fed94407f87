import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { locate, locateKey, type Node, nodeAt, type Path, replaceAt, toUnknown } from "./Node.ts"
import { suggest } from "./Nearest.ts"
import { error, type Problem } from "./Problem.ts"

/** Each round can only repair what the one before uncovered; settings nest no deeper than this. */
const maxRounds = 16

/**
 * Decodes the settings of one component (or of `service.telemetry`): every error at once, each at its place.
 *
 * Two things that YAML cannot say and the collector reads between the lines: a key with nothing behind it (`grpc:`) is the section with
 * its defaults, or the setting's default; and a number or boolean that came out of an expansion is text where text is wanted.
 */
export const decode = <T>(
  schema: Schema.Codec<T, unknown, never, never>,
  settings: Node,
  what: string
): Result.Result<T, ReadonlyArray<Problem>> => {
  const decodeUnknown = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })
  let node: Node = isEmpty(settings) ? { _tag: "Map", entries: new Map(), at: settings.at } : settings
  const repairs = new Map<string, Fault>()
  for (let round = 0; ; round++) {
    const result = decodeUnknown(toUnknown(node))
    if (Result.isSuccess(result)) return Result.succeed(result.success)
    const faults = findFaults(result.failure.issue, [])
    const repaired = round < maxRounds ? faults.reduce((tree, fault) => repair(tree, fault, repairs), node) : node
    if (repaired === node)
      return Result.fail(faults.map((fault) => describe(repairs.get(textKey(fault.path)) ?? fault, node, settings, what)))
    node = repaired
  }
}

const isEmpty = (node: Node): boolean => node._tag === "Scalar" && node.value === null
const emptyKey = (path: Path): string => `empty:${path.map(String).join("/")}`
const textKey = (path: Path): string => `text:${path.map(String).join("/")}`

/** The tree with what is at fault replaced by what it may have meant; each place gets each meaning once. */
const repair = (tree: Node, fault: Fault, repairs: Map<string, Fault>): Node => {
  const { path } = fault
  const node = nodeAt(tree, path)
  if (node === undefined || fault.known !== undefined) return tree
  const { at, expandedFrom } = node
  if (expandedFrom !== undefined) {
    if (repairs.has(textKey(path))) return tree
    repairs.set(textKey(path), fault)
    return replaceAt(tree, path, { _tag: "Scalar", value: expandedFrom, at, expandedFrom })
  }
  if (isEmpty(node)) {
    repairs.set(emptyKey(path), fault)
    return replaceAt(tree, path, { _tag: "Map", entries: new Map(), at })
  }
  return repairs.has(emptyKey(path)) && node._tag === "Map" && node.entries.size === 0 ? replaceAt(tree, path, undefined) : tree
}

/** One thing that the schema says, at a path. `known`: the keys that would have been right. */
interface Fault {
  readonly path: Path
  readonly message: string
  readonly known?: ReadonlyArray<string>
}

const formatLeaf = SchemaIssue.makeFormatterStandardSchemaV1()

const findFaults = (issue: SchemaIssue.Issue, path: Path): ReadonlyArray<Fault> => {
  switch (issue._tag) {
    case "Pointer":
      return findFaults(issue.issue, [...path, ...issue.path])
    case "Encoding":
      return findFaults(issue.issue, path)
    case "Composite":
      return issue.issues.flatMap((inner) => findFaults(inner, path))
    case "AnyOf": {
      // Of a choice between shapes, the one that was meant is the one that failed further inside.
      const members = issue.issues.map((inner) => findFaults(inner, path))
      const inside = members.filter((faults) => faults.every((fault) => fault.path.length > path.length))
      if (inside.length > 0) return inside.reduce((best, faults) => (faults.length < best.length ? faults : best))
      return [{ path, message: [...new Set(formatLeaf(issue).issues.map(({ message }) => message))].join(", or ") }]
    }
    case "UnexpectedKey":
      return [{ path, message: "unknown key", known: keysOf(issue.ast) }]
    default:
      return formatLeaf(issue).issues.map(({ message, path: inside = [] }) => ({ path: [...path, ...inside.map(keyOf)], message }))
  }
}

const keyOf = (step: PropertyKey | { readonly key: PropertyKey }): PropertyKey => (typeof step === "object" ? step.key : step)

const keysOf = (ast: unknown): ReadonlyArray<string> => {
  const { propertySignatures } = ast as { readonly propertySignatures?: ReadonlyArray<{ readonly name: PropertyKey }> }
  return propertySignatures?.map(({ name }) => String(name)) ?? []
}

/** Whether the last step of a path is an offset in a text. */
const isOffset = (path: Path, settings: Node): boolean => {
  const parent = path.length === 0 ? undefined : nodeAt(settings, path.slice(0, -1))
  return parent?._tag === "Scalar" && typeof path.at(-1) === "number"
}

const describe = ({ path, message, known }: Fault, node: Node, settings: Node, what: string): Problem => {
  const last = String(path.at(-1) ?? "")
  const place = [what, ...path.slice(0, -1).map(String)].join(".")
  if (known !== undefined)
    return error(locateKey(settings, path), `unknown key "${last}" in ${place}`, suggest(last, known, "no key is known here"))
  const expected = message.startsWith("Expected ") ? message.slice("Expected ".length) : message
  if (isOffset(path, settings)) return error(locate(settings, path), `${place} is not right`, `expected ${expected}`)
  if (nodeAt(node, path) === undefined) return error(locate(settings, path), `${place} lacks "${last}"`)
  return error(
    locate(settings, path),
    `${[what, ...path.map(String)].join(".")} is not right${shown(nodeAt(settings, path))}`,
    `expected ${expected}`
  )
}

/** The value as it is written; never one that came from an expansion, it may be a secret. */
const shown = (node: Node | undefined): string => {
  if (node === undefined || node.expandedFrom !== undefined) return ""
  if (node._tag === "Scalar") return node.value === null ? " (nothing is behind it)" : `: ${JSON.stringify(node.value).slice(0, 80)}`
  return node._tag === "List" ? ": a list" : ": a map"
}
