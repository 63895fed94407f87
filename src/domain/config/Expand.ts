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
 *   setting wants text, it gets the text (`expandedFrom`). Inside other text an expansion is text, without the file's last line break.
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

  node(node: Node, depth: number): Node {
    switch (node._tag) {
      case "Scalar":
        return typeof node.value === "string" && node.value.includes("$") ? this.scalar(node, node.value, depth) : node
      case "List":
        return { ...node, items: node.items.map((item) => this.node(item, depth)) }
      case "Map": {
        const entries = new Map<string, Entry>()
        for (const [key, entry] of node.entries) entries.set(key, { key: entry.key, value: this.node(entry.value, depth) })
        return { ...node, entries }
      }
    }
  }

  private scalar(node: ScalarNode, text: string, depth: number): Node {
    const whole = wholeExpansion(text)
    if (whole === undefined) {
      const expanded = this.text(text, node.at, depth)
      return expanded === failed ? { ...node, value: null } : { ...node, value: expanded, expandedFrom: node.expandedFrom ?? expanded }
    }
    const found = this.lookup(whole, node.at, depth)
    if (found === failed) return { ...node, value: null }
    const parsed = parse(found.source)
    if (parsed.root === undefined) {
      if (found.inFile) this.problems.push(...parsed.problems)
      // What a variable holds need not be YAML ("[::1]:4317" is not): then it is text.
      return found.inFile ? { ...node, value: null } : this.plain(node, found.source.text, depth)
    }
    if (parsed.root._tag === "Scalar") {
      const { value } = parsed.root
      if (typeof value === "string") return this.plain(node, value, depth)
      return { ...node, value, expandedFrom: withoutLastBreak(found.source.text) }
    }
    return found.inFile
      ? this.node(parsed.root, depth + 1)
      : { ...this.node(relocate(parsed.root, node.at), depth + 1), expandedFrom: found.source.text }
  }

  private plain(node: ScalarNode, value: string, depth: number): Node {
    return value.includes("$") ? this.scalar({ ...node, expandedFrom: value }, value, depth + 1) : { ...node, value, expandedFrom: value }
  }

  /** Text with its expansions replaced, from left to right. */
  private text(text: string, at: Location, depth: number): string | typeof failed {
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
          this.problems.push(error(at, 'a "${" without its "}"', 'a "$" that means itself is written "$$"'))
          return failed
        }
        const found = this.lookup(rest.slice(dollar + 2, end), at, depth)
        const value = found === failed ? failed : this.text(withoutLastBreak(found.source.text), at, depth + 1)
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
  private lookup(inside: string, at: Location, depth: number): { readonly source: Source; readonly inFile: boolean } | typeof failed {
    if (++this.expansions > maxExpansions || depth > maxDepth) return this.fail(at, "too many nested expansions")
    const reference = inside.includes("$") ? this.text(inside, at, depth + 1) : inside
    if (reference === failed) return failed
    const scheme = /^([a-z][a-z0-9]+):/.exec(reference)?.[1]
    const found =
      scheme === "file" ? this.file(reference.slice(5), at) : scheme === undefined || scheme === "env" ? this.env(reference, at) : undefined
    if (found === undefined)
      return this.fail(at, `unknown source "${scheme}" in an expansion`, "expected ${env:NAME}, ${env:NAME:-default} or ${file:path}")
    if (found !== failed) this.length += found.source.text.length
    return this.length > maxTextLength ? this.fail(at, "the configuration grows too large by its expansions") : found
  }

  private env(reference: string, at: Location) {
    const name = reference.replace(/^env:/, "")
    const split = name.indexOf(":-")
    const variable = split === -1 ? name : name.slice(0, split)
    if (!envName.test(variable)) return this.fail(at, `"${variable}" is no name of an environment variable`)
    const found = this.lookups.env(variable)
    if (typeof found === "object") return this.fail(at, `cannot read environment variable "${variable}": ${found.problem}`)
    const value = found ?? (split === -1 ? undefined : name.slice(split + 2))
    if (value === undefined)
      return this.fail(at, `environment variable "${variable}" is not set`, `set it, or give a default: \${env:${variable}:-default}`)
    return { source: new Source(at.source.name, value), inFile: false }
  }

  private file(path: string, at: Location) {
    const read = this.lookups.file(path)
    if ("problem" in read) return this.fail(at, `cannot read "${path}": ${read.problem}`)
    return { source: new Source(path, read.text), inFile: true }
  }

  private fail(at: Location, message: string, hint?: string): typeof failed {
    if (this.problems.length < maxProblems) this.problems.push(error(at, message, hint))
    return failed
  }
}

const maxProblems = 100

const withoutLastBreak = (text: string): string => text.replace(/\r?\n$/, "")

/** The inside of the braces where a text is one expansion and nothing else. */
const wholeExpansion = (text: string): string | undefined =>
  text.startsWith("${") && closingBrace(text, 2) === text.length - 1 ? text.slice(2, -1) : undefined

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
