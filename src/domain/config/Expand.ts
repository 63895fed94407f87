import type { Entry, Node, ScalarNode } from "./Node.ts"
import { parse } from "./Parse.ts"
import { error, type Problem } from "./Problem.ts"
import { type Location, Source } from "./Source.ts"

/** Where expansions find their values. Pure on the outside: whoever has a file system and an environment brings them in. */
export interface Lookups {
  /** A variable, or why it may not be read. */
  readonly env: (name: string) => string | undefined | { readonly problem: string }
  /** The text of a file, or why it cannot be read. */
  readonly file: (path: string) => { readonly text: string } | { readonly problem: string }
}

export interface Expanded {
  readonly root: Node
  readonly problems: ReadonlyArray<Problem>
}

/** What one document may expand, in total: a bomb that refers to itself ends here. */
const maxExpansions = 10_000
const maxDepth = 32
const maxTextLength = 4 << 20

const envName = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/**
 * Replaces `${env:NAME}`, `${env:NAME:-default}`, `${NAME}` and `${file:path}` in every value (not in keys); `$$` stands for one `$`.
 *
 * - An expansion that is a whole value is read as YAML, so `${env:PORT}` can be a number and `${file:receivers.yaml}` a map; where a
 *   setting wants text, it gets the text (`expandedFrom`). What YAML reads as text, or cannot read, stays as it is: quotes, `#` and all.
 *   Inside other text an expansion is text. The last line break of a file does not count.
 * - What comes out is expanded again, and the inside of the braces first (`${env:URL_${env:REGION}}`).
 * - A variable that is not set and has no default is an error; one that is set but empty is an empty value, as in the collector.
 */
export const expand = (root: Node, lookups: Lookups): Expanded => {
  const expander = new Expander(lookups)
  return { root: expander.node(root, 0), problems: expander.problems }
}

/** An expansion gone wrong; the problem is noted already. */
const failed = Symbol("failed")

class Expander {
  readonly problems: Array<Problem> = []
  private readonly lookups: Lookups
  private expansions = 0
  private length = 0

  constructor(lookups: Lookups) {
    this.lookups = lookups
  }

  /** `origin`: the expansion that the node came out of. */
  node(node: Node, depth: number, origin?: string): Node {
    switch (node._tag) {
      case "Scalar":
        return typeof node.value === "string" && node.value.includes("$") ? this.scalar(node, node.value, depth, origin) : node
      case "List":
        return { ...node, items: node.items.map((item) => this.node(item, depth, origin)) }
      case "Map": {
        const entries = new Map<string, Entry>()
        for (const [key, entry] of node.entries) entries.set(key, { key: entry.key, value: this.node(entry.value, depth, origin) })
        return { ...node, entries }
      }
    }
  }

  private scalar({ at }: ScalarNode, text: string, depth: number, from: string | undefined): Node {
    const whole = wholeExpansion(text)
    const origin = from ?? firstExpansion(text)
    if (whole === undefined) {
      const value = this.text(text, { at, origin: from }, depth)
      return value === failed ? absent(at) : { _tag: "Scalar", value, at, expandedFrom: value, ...named(origin) }
    }
    const found = this.lookup(whole, { at, origin: from }, depth)
    if (found === failed) return absent(at)
    const original = withoutLastBreak(found.source.text)
    const { root, problems } = parse(found.source)
    if (root === undefined || (root._tag === "Scalar" && typeof root.value === "string")) {
      const plain = this.plain(at, original, depth, origin)
      const unreadable = found.inFile ? problems[0]?.at : undefined
      return unreadable === undefined || plain._tag !== "Scalar" ? plain : { ...plain, unreadable }
    }
    if (root._tag === "Scalar") return { ...root, at, expandedFrom: original, ...named(origin) }
    const brought = found.inFile ? this.node(root, depth + 1) : this.node(relocate(root, at), depth + 1, origin)
    return { ...bring(brought, origin), expandedFrom: original }
  }

  private plain(at: Location, value: string, depth: number, origin: string | undefined): Node {
    const node: ScalarNode = { _tag: "Scalar", value, at, expandedFrom: value, ...named(origin) }
    return value.includes("$") ? this.scalar(node, value, depth + 1, origin) : node
  }

  /** Text with its expansions replaced, from left to right. */
  private text(text: string, at: Reading, depth: number): string | typeof failed {
    let result = ""
    let rest = text
    for (;;) {
      const dollar = rest.indexOf("$")
      if (dollar === -1) return result + rest
      result += rest.slice(0, dollar)
      const next = rest[dollar + 1]
      if (next === "$") {
        result += "$"
        rest = rest.slice(dollar + 2)
      } else if (next === "{") {
        const end = closingBrace(rest, dollar + 2)
        if (end === -1) {
          return this.fail(at, 'a "${" without its "}"', 'a "$" that means itself is written "$$"')
        }
        const found = this.lookup(rest.slice(dollar + 2, end), at, depth)
        const inside = { at: at.at, origin: at.origin ?? rest.slice(0, end + 1) }
        const value = found === failed ? failed : this.text(withoutLastBreak(found.source.text), inside, depth + 1)
        if (value === failed) return failed
        result += value
        rest = rest.slice(end + 1)
      } else {
        result += "$"
        rest = rest.slice(dollar + 1)
      }
      if (result.length > maxTextLength) return this.fail(at, "the value grows too large by its expansions")
    }
  }

  /** The text that the inside of a `${...}` stands for. */
  private lookup(inside: string, at: Reading, depth: number): { readonly source: Source; readonly inFile: boolean } | typeof failed {
    if (++this.expansions > maxExpansions || depth > maxDepth) return this.fail(at, "too many nested expansions")
    const reference = inside.includes("$") ? this.text(inside, at, depth + 1) : inside
    if (reference === failed) return failed
    const written = reference === inside ? undefined : `\${${inside}}`
    const scheme = /^([a-z][a-z0-9]+):/.exec(reference)?.[1]
    const found =
      scheme === "file"
        ? this.file(reference.slice(5), written, at)
        : scheme === undefined || scheme === "env"
          ? this.env(reference, written, at)
          : undefined
    if (found === undefined) {
      const source = written === undefined ? `source "${scheme}" in an expansion` : `source in ${written}`
      return this.fail(
        at,
        `unknown ${source}`,
        "expected ${env:NAME}, ${env:NAME:-default} or ${file:path}",
        "unknown source in an expansion"
      )
    }
    if (found !== failed) this.length += found.source.text.length
    return this.length > maxTextLength ? this.fail(at, "the configuration grows too large by its expansions") : found
  }

  /** `written`: the reference as it is written where expansions are in it, which messages name instead of what those stand for. */
  private env(reference: string, written: string | undefined, at: Reading) {
    const name = reference.replace(/^env:/, "")
    const split = name.indexOf(":-")
    const variable = split === -1 ? name : name.slice(0, split)
    if (!envName.test(variable))
      return this.fail(
        at,
        `${written ?? `"${variable}"`} is no name of an environment variable`,
        undefined,
        "not the name of an environment variable"
      )
    const found = this.lookups.env(variable)
    if (typeof found === "object")
      return this.fail(
        at,
        `cannot read ${written === undefined ? `environment variable "${variable}"` : `the environment variable that ${written} names`}: ${found.problem}`,
        undefined,
        "an environment variable that it names cannot be read"
      )
    const value = found ?? (split === -1 ? undefined : name.slice(split + 2))
    if (value === undefined)
      return written === undefined
        ? this.fail(at, `environment variable "${variable}" is not set`, `set it, or give a default: \${env:${variable}:-default}`, unset)
        : this.fail(at, `the environment variable that ${written} names is not set`, "set it, or give a default after `:-`", unset)
    return { source: new Source(at.at.source.name, value, { hidden: true }), inFile: false }
  }

  private file(path: string, written: string | undefined, at: Reading) {
    const read = this.lookups.file(path)
    if ("problem" in read)
      return this.fail(
        at,
        written === undefined ? `cannot read "${path}": ${read.problem}` : `cannot read the file that ${written} names`,
        undefined,
        "a file that it names cannot be read"
      )
    return { source: new Source(path, read.text, { hidden: true }), inFile: true }
  }

  /** What stands in a value that an expansion brought is not repeated (`unnamed` is said of it): it may be a part of a password with a `$`. */
  private fail({ at, origin }: Reading, message: string, hint?: string, unnamed = message): typeof failed {
    if (this.problems.length >= maxProblems) return failed
    this.problems.push(
      origin === undefined
        ? error(at, message, hint)
        : error(at, `a value from ${origin}: ${unnamed}`, 'a "$" that means itself is written "$$" there too')
    )
    return failed
  }
}

/** Where a text that is being expanded belongs, and the expansion that it came out of. */
interface Reading {
  readonly at: Location
  readonly origin: string | undefined
}

const maxProblems = 100

const unset = "an environment variable that it names is not set"

const withoutLastBreak = (text: string): string => text.replace(/\r?\n$/, "")

/** The inside of the braces where a text is one expansion and nothing else. */
const wholeExpansion = (text: string): string | undefined =>
  text.startsWith("${") && closingBrace(text, 2) === text.length - 1 ? text.slice(2, -1) : undefined

const longestOrigin = 80

/** The first `${...}` of a text, as it is written. */
const firstExpansion = (text: string): string | undefined => {
  const start = text.replaceAll("$$", "  ").indexOf("${")
  if (start === -1) return undefined
  const end = closingBrace(text, start + 2)
  return end === -1 || end - start > longestOrigin ? "an expansion" : text.slice(start, end + 1)
}

const named = (origin: string | undefined): { readonly origin?: string } => (origin === undefined ? {} : { origin })

const absent = (at: Location): ScalarNode => ({ _tag: "Scalar", value: null, at, failed: true })

/** The tree as something that an expansion brought; what came out of further expansions in it keeps their name. */
const bring = (node: Node, origin: string | undefined): Node => {
  const own = { ...named(origin), ...named(node.origin) }
  switch (node._tag) {
    case "Scalar":
      return { ...node, ...own }
    case "List":
      return { ...node, items: node.items.map((item) => bring(item, origin)), ...own }
    case "Map":
      return {
        ...node,
        entries: new Map([...node.entries].map(([key, entry]) => [key, { key: entry.key, value: bring(entry.value, origin) }])),
        ...own
      }
  }
}

/** Where the brace that is open at `from` closes; braces of expansions inside are passed over. */
const closingBrace = (text: string, from: number): number => {
  let open = 1
  for (let i = from; i < text.length; i++) {
    if (text[i] === "}" && --open === 0) return i
    if (text[i] === "$" && text[i + 1] === "{") open++
  }
  return -1
}

/** What came out of a variable stands where the variable is named. */
const relocate = (node: Node, at: Location): Node => {
  switch (node._tag) {
    case "Scalar":
      return { ...node, at }
    case "List":
      return { ...node, items: node.items.map((item) => relocate(item, at)), at }
    case "Map":
      return { ...node, entries: new Map([...node.entries].map(([key, { value }]) => [key, { key: at, value: relocate(value, at) }])), at }
  }
}
