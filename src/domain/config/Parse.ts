import * as YAML from "yaml"
import type { Entry, Node } from "./Node.ts"
import { error, type Problem } from "./Problem.ts"
import type { Location, Source } from "./Source.ts"

/** More values than this in one file is no configuration but an attack (aliases multiply). */
const maxNodes = 200_000
/** Deeper nesting than this is refused. */
const maxDepth = 64
/** One mistake can be found again through every alias; more problems than this help nobody. */
const maxProblems = 100
/** Larger files are refused unread. */
export const maxSourceLength = 4 << 20

export interface Parsed {
  /** `undefined` when there are problems. An empty file is an empty map. */
  readonly root: Node | undefined
  readonly problems: ReadonlyArray<Problem>
}

/**
 * Reads one YAML 1.2 document (with `<<` merge keys) into a tree that knows its places. Every error of the text is reported, none
 * throws: duplicate keys, several documents, alias bombs, integers that a number cannot hold, keys that are no names.
 */
export const parse = (source: Source): Parsed => {
  const whole: Location = { source, start: 0, end: 0 }
  if (source.text.length > maxSourceLength) return { root: undefined, problems: [error(whole, `larger than ${maxSourceLength >> 20} MiB`)] }
  let document: YAML.Document.Parsed
  try {
    document = YAML.parseDocument(source.text, { intAsBigInt: true, prettyErrors: false, logLevel: "error" })
  } catch (cause) {
    // The library recurses, so a text of a million brackets ends its stack.
    return { root: undefined, problems: [error(whole, cause instanceof RangeError ? "nested too deeply" : `not YAML: ${String(cause)}`)] }
  }
  const problems = syntaxProblems(document.errors, source)
  if (problems.length > 0) return { root: undefined, problems }
  const reader = new Reader(source)
  const root = reader.read(document.contents, whole, 0)
  return reader.problems.length > 0 ? { root: undefined, problems: reader.problems } : { root, problems: [] }
}

/** Mistakes that leave the rest of a text readable. */
const separate: ReadonlySet<YAML.ErrorCode> = new Set([
  "DUPLICATE_KEY",
  "TAB_AS_INDENT",
  "BLOCK_AS_IMPLICIT_KEY",
  "MULTIPLE_ANCHORS",
  "MULTIPLE_DOCS"
])

/** After a missing bracket or quote the rest is read wrongly, so the first such error is told, and how many came after it. */
const syntaxProblems = (errors: ReadonlyArray<YAML.YAMLParseError>, source: Source): ReadonlyArray<Problem> => {
  const inOrder = errors.toSorted((a, b) => a.pos[0] - b.pos[0])
  const first = inOrder.findIndex(({ code }) => !separate.has(code))
  const told = first === -1 ? inOrder : inOrder.slice(0, first + 1)
  const rest = inOrder.length - told.length
  const hint = rest === 0 ? undefined : `${rest} more from here on, perhaps only because of this one`
  return told.map(({ pos: [start, end], message }, i) => {
    const shownHint = i === told.length - 1 ? hint : undefined
    const bracket = message.startsWith("Flow ") ? openBracket(source.text, start) : undefined
    return bracket === undefined
      ? error({ source, start, end }, firstLine(message), shownHint)
      : error({ source, start: bracket, end: bracket + 1 }, `this "${source.text[bracket]}" is not closed`, shownHint)
  })
}

/** What the lexer of the library emits beside pieces of the text: they have no extent. */
const marks: ReadonlySet<string> = new Set(["\u{02}", "\u{18}", "\u{1f}"])
const closing: { readonly [bracket: string]: string } = { "{": "}", "[": "]" }

/**
 * The innermost bracket that is open where the library noticed that one is not closed, which may be lines behind it; or the first one that
 * meets the end of another.
 */
const openBracket = (text: string, until: number): number | undefined => {
  const open: Array<number> = []
  let at = 0
  for (const token of new YAML.Lexer().lex(text)) {
    if (at >= until) break
    if (closing[token] !== undefined) open.push(at)
    else if (token === "}" || token === "]") {
      if (open.length > 0 && closing[text[open.at(-1)!]!] !== token) break
      open.pop()
    }
    if (!marks.has(token)) at += token.length
  }
  return open.at(-1)
}

const firstLine = (message: string): string => message.split("\n", 1)[0]!.replace(/\.$/, "")

class Reader {
  readonly problems: Array<Problem> = []
  private readonly source: Source
  /** By name, the last one read so far, which is the one that an alias means. */
  private readonly anchors = new Map<string, YAML.Node>()
  private nodes = 0

  constructor(source: Source) {
    this.source = source
  }

  /** `here` is the place of a value that is not written at all (`grpc:`): its key. */
  read(node: unknown, here: Location, depth: number): Node {
    const at = this.location(node) ?? here
    if (++this.nodes > maxNodes) {
      return this.nodes === maxNodes + 1 ? this.fault(at, `more than ${maxNodes} values (aliases multiply what they stand for)`) : empty(at)
    }
    if (depth > maxDepth) return this.fault(at, `nested deeper than ${maxDepth} levels`)
    if (YAML.isAlias(node)) {
      const target = this.anchors.get(node.source)
      return target === undefined ? this.fault(at, `unknown alias "${node.source}"`) : this.read(target, at, depth + 1)
    }
    if (YAML.isNode(node) && node.anchor !== undefined) this.anchors.set(node.anchor, node)
    if (YAML.isMap(node)) return this.readMap(node, at, depth)
    if (YAML.isSeq(node)) {
      const items: Array<Node> = []
      for (const item of node.items) {
        if (this.nodes > maxNodes) break
        items.push(this.read(item, at, depth + 1))
      }
      return { _tag: "List", items, at }
    }
    return this.readScalar(YAML.isScalar(node) ? node.value : null, at)
  }

  private readScalar(value: unknown, at: Location): Node {
    switch (typeof value) {
      case "bigint":
        if (BigInt.asIntN(54, value) !== value) {
          return this.fault(at, "the number is too large to be kept exactly", "quote it if it is meant as text")
        }
        return { _tag: "Scalar", value: Number(value), at }
      case "string":
      case "number":
      case "boolean":
        return { _tag: "Scalar", value, at }
      default:
        return value === null || value === undefined ? { _tag: "Scalar", value: null, at } : this.fault(at, "not a plain value")
    }
  }

  private readMap(map: YAML.YAMLMap, at: Location, depth: number): Node {
    const entries = new Map<string, Entry>()
    const merged: Array<Node> = []
    for (const pair of map.items) {
      if (this.nodes > maxNodes) break
      const key = this.location(pair.key) ?? at
      if (YAML.isScalar(pair.key) && pair.key.value === "<<" && pair.key.type === "PLAIN")
        merged.push(this.read(pair.value, key, depth + 1))
      else if (YAML.isScalar(pair.key)) {
        const name = pair.key.value === null ? "" : String(pair.key.value)
        entries.set(name, { key, value: this.read(pair.value, key, depth + 1) })
      } else this.fault(key, "a key must be a plain name")
    }
    for (const from of merged) this.mergeInto(entries, from)
    return { _tag: "Map", entries, at }
  }

  /** `<<: *defaults` or `<<: [*a, *b]`: keys that the map itself lacks; earlier ones in a list win. */
  private mergeInto(entries: Map<string, Entry>, from: Node): void {
    for (const map of from._tag === "List" ? from.items : [from]) {
      if (map._tag !== "Map") this.fault(map.at, "<< takes a map, or a list of maps")
      else for (const [key, entry] of map.entries) if (!entries.has(key)) entries.set(key, entry)
    }
  }

  private location(node: unknown): Location | undefined {
    if (!YAML.isNode(node) || node.range === null || node.range === undefined) return undefined
    const [start, end] = node.range
    // A value that is not written has a range without extent, somewhere behind its key.
    return start === end ? undefined : { source: this.source, start, end }
  }

  private fault(at: Location, message: string, hint?: string): Node {
    if (this.problems.length < maxProblems) this.problems.push(error(at, message, hint))
    return empty(at)
  }
}

const empty = (at: Location): Node => ({ _tag: "Scalar", value: null, at })
