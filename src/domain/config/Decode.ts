import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { hasFailed, locate, locateKey, type Node, nodeAt, nodesOn, type Path, replaceAt, toUnknown } from "./Node.ts"
import { suggest } from "./Nearest.ts"
import { error, type Problem } from "./Problem.ts"
import { formatLocation } from "./Source.ts"

/** Each round can only repair what the one before uncovered; settings nest no deeper than this. */
const maxRounds = 16

/**
 * Decodes the settings of one component (or of `service.telemetry`): every error at once, each at its place. Checks that span several
 * settings run only where each of them is right, so what is wrong is told, left out, and the rest is looked at again.
 *
 * Two things that YAML cannot say and the collector reads between the lines: a key with nothing behind it (`grpc:`) is the section with
 * its defaults, or the setting's default; and what came out of an expansion is its text where text is wanted. A value whose expansion
 * failed is at fault for nothing: that is told already. With such a value the result can be a failure without problems.
 */
export const decode = <T>(
  schema: Schema.Codec<T, unknown, never, never>,
  settings: Node,
  what: string
): Result.Result<T, ReadonlyArray<Problem>> => {
  const decodeUnknown = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })
  const faultsOf = (tree: Node): ReadonlyArray<Fault> => {
    const result = decodeUnknown(toUnknown(tree))
    return Result.isSuccess(result) ? [] : findFaults(result.failure.issue, [])
  }
  let tree: Node = isEmpty(settings) ? { _tag: "Map", entries: new Map(), at: settings.at } : settings
  const first = attempt(decodeUnknown, tree)
  if (Result.isSuccess(first)) return Result.succeed(first.success)
  const problems: Array<Problem> = []
  const leftOut: Array<Path> = []
  for (let failure: Failure | undefined = first.failure; failure !== undefined;) {
    const { faults, node }: Failure = failure
    const own = faults.filter((fault) => !isConsequence(fault, settings) && !leftOut.some((path) => followsFrom(fault, path)))
    problems.push(...own.map((fault) => describe(fault, { node, settings, what, faultsOf })))
    const rest: Node = faults.reduce((left, { path }) => leaveOut(left, path, faults, leftOut), tree)
    if (rest === tree || leftOut.length > mostLeftOut) break
    tree = rest
    failure = attemptAgain(decodeUnknown, tree)
  }
  return Result.fail(problems)
}

/** Faults beyond so many are left to the next look at the file. */
const mostLeftOut = 100

type Decoder<T> = (input: unknown) => Result.Result<T, Schema.SchemaError>

/** What is wrong with a tree, and the tree as it stands after the repairs. */
interface Failure {
  readonly faults: ReadonlyArray<Fault>
  readonly node: Node
}

const attempt = <T>(decodeUnknown: Decoder<T>, tree: Node): Result.Result<T, Failure> => {
  let node = tree
  const repairs = new Map<string, Fault>()
  for (let round = 0; ; round++) {
    const result = decodeUnknown(toUnknown(node))
    if (Result.isSuccess(result)) return Result.succeed(result.success)
    const faults = findFaults(result.failure.issue, [])
    const repaired = round < maxRounds ? faults.reduce((left, fault) => repair(left, fault, repairs), node) : node
    if (repaired === node) return Result.fail({ faults: faults.map((fault) => repairs.get(textKey(fault.path)) ?? fault), node })
    node = repaired
  }
}

/** What is wrong beside what is told already; a check that breaks on what is left tells nothing more. */
const attemptAgain = <T>(decodeUnknown: Decoder<T>, tree: Node): Failure | undefined => {
  try {
    const result = attempt(decodeUnknown, tree)
    return Result.isSuccess(result) ? undefined : result.failure
  } catch {
    return undefined
  }
}

/**
 * The tree without what a fault is behind: without the key, so that its default stands there; an element of a list, which has no default, gives
 * way to a sound one beside it, so that the others keep their places.
 */
const leaveOut = (tree: Node, path: Path, faults: ReadonlyArray<Fault>, leftOut: Array<Path>): Node => {
  for (let length = path.length; length > 0; length--) {
    const key = path.slice(0, length)
    const step = key.at(-1)!
    const parent = nodeAt(tree, key.slice(0, -1))
    let instead: Node | undefined
    if (parent?._tag === "List" && typeof step === "number" && step < parent.items.length) {
      const isSound = (_: Node, i: number): boolean =>
        ![...faults.map((fault) => fault.path), ...leftOut].some(startsWith([...key.slice(0, -1), i]))
      instead = parent.items.find(isSound)
      if (instead === undefined) continue
    } else if (parent?._tag !== "Map" || !parent.entries.has(String(step))) continue
    leftOut.push(key)
    return replaceAt(tree, key, instead)
  }
  return tree
}

const startsWith =
  (start: Path) =>
  (path: Path): boolean =>
    start.every((step, i) => path[i] === step)

/**
 * Whether a fault may be of our making: it is about what was left out, about what that stood in, or about its neighbours (an element that gave
 * way stands there twice).
 */
const followsFrom = ({ path }: Fault, leftOut: Path): boolean =>
  startsWith(leftOut)(path) || startsWith(path)(leftOut) || (path.length === leftOut.length && startsWith(leftOut.slice(0, -1))(path))

const isEmpty = (node: Node): boolean => node._tag === "Scalar" && node.value === null
const emptyKey = (path: Path): string => `empty:${path.map(String).join("/")}`
const textKey = (path: Path): string => `text:${path.map(String).join("/")}`

/** The tree with what is at fault replaced by what it may have meant; each place gets each meaning once. */
const repair = (tree: Node, fault: Fault, repairs: Map<string, Fault>): Node => {
  const { path } = fault
  const node = nodeAt(tree, path)
  if (node === undefined || fault.known !== undefined) return tree
  const { at, expandedFrom, origin } = node
  if (expandedFrom !== undefined) {
    if (repairs.has(textKey(path))) return tree
    repairs.set(textKey(path), fault)
    return replaceAt(tree, path, { _tag: "Scalar", value: expandedFrom, at, expandedFrom, ...(origin === undefined ? {} : { origin }) })
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

/** Whether a fault follows from an expansion that failed, at its place, around it or inside. A key that is unknown is so whatever its value. */
const isConsequence = ({ path, known }: Fault, settings: Node): boolean => {
  if (known !== undefined) return false
  const nodes = nodesOn(settings, path)
  return nodes.some(({ failed }) => failed === true) || (nodes.length > path.length && hasFailed(nodes.at(-1)!))
}

/** What problems are told about: the settings as they are written, and as they stand after the repairs. */
interface Subject {
  readonly node: Node
  readonly settings: Node
  readonly what: string
  readonly faultsOf: (tree: Node) => ReadonlyArray<Fault>
}

const describe = (fault: Fault, subject: Subject): Problem => {
  const { path, message, known } = fault
  const { node, settings, what } = subject
  const hidden = nodesOn(settings, path).findIndex(({ origin }) => origin !== undefined)
  if (hidden !== -1 && hidden < path.length + (known === undefined ? 1 : 0)) return describeHidden(fault, subject, path.slice(0, hidden))
  const last = String(path.at(-1) ?? "")
  const place = [what, ...path.slice(0, -1).map(String)].join(".")
  if (known !== undefined)
    return error(locateKey(settings, path), `unknown key "${last}" in ${place}`, suggest(last, known, "no key is known here"))
  if (isOffset(path, settings)) return error(locate(settings, path), `${place} is not right`, `expected ${expectedOf(message)}`)
  if (nodeAt(node, path) === undefined) return error(locate(settings, path), `${place} lacks "${last}"`)
  return error(
    locate(settings, path),
    `${[what, ...path.map(String)].join(".")} is not right${shown(nodeAt(settings, path))}`,
    `expected ${expectedOf(message)}`
  )
}

/** A fault of what an expansion brought (at `outer`): neither values nor keys of it are shown, it may be a secret. */
const describeHidden = (fault: Fault, { settings, what, node, faultsOf }: Subject, outer: Path): Problem => {
  const { path, known } = fault
  const place = [what, ...outer.map(String)].join(".")
  const from = `a value from ${nodeAt(settings, outer)!.origin}`
  if (known !== undefined)
    return error(locateKey(settings, path), `unknown key in ${place}, ${from}`, suggest("", known, "no key is known here"))
  if (path.length > outer.length && nodeAt(node, path) === undefined && nodeAt(node, path.slice(0, -1))?._tag === "Map") {
    return error(locate(settings, path), `${place} lacks "${String(path.at(-1))}" in ${from}`)
  }
  const unreadable = unreadableOf(nodeAt(settings, path))
  const expected = expectedOf(saidOfAnything(fault, node, outer, faultsOf))
  return error(locate(settings, path), `${place} is not right: ${from}`, unreadable ?? `expected ${expected}`)
}

const unreadableOf = (node: Node | undefined): string | undefined =>
  node?._tag === "Scalar" && node.unreadable !== undefined
    ? `it is no YAML, and taken as text: ${formatLocation(node.unreadable)}`
    : undefined

/** Values that hold nothing to hide, as far from all that is expected as can be. */
const strangers: ReadonlyArray<string | number | boolean> = ["\u0001", -1.5, -1, 1e15, true]

/**
 * What a schema says about other values at the place too, so that it cannot repeat a part of this one: all of the message, or the part
 * before a colon (`valid OTTL: ...`).
 */
const saidOfAnything = ({ path, message }: Fault, node: Node, outer: Path, faultsOf: Subject["faultsOf"]): string => {
  const place = nodeAt(node, path) === undefined ? outer : path
  const others = strangers
    .flatMap((value) => faultsOf(replaceAt(node, place, { _tag: "Scalar", value, at: node.at })))
    .filter((other) => other.path.length === path.length)
  if (others.some((other) => other.message === message)) return message
  const [start] = message.split(": ", 1)
  return start !== message && others.some((other) => other.message.startsWith(`${start}: `)) ? start! : "something else"
}

const expectedOf = (message: string): string => (message.startsWith("Expected ") ? message.slice("Expected ".length) : message)

/** The value as it is written. */
const shown = (node: Node | undefined): string => {
  if (node === undefined) return ""
  if (node._tag === "Scalar") return node.value === null ? " (nothing is behind it)" : `: ${JSON.stringify(node.value).slice(0, 80)}`
  return node._tag === "List" ? ": a list" : ": a map"
}
