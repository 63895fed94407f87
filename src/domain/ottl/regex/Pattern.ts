import { Dfa } from "./Dfa.ts"
import { Pike } from "./Pike.ts"
import { compilePatterns } from "./PatternProgram.ts"
import { parseRegex } from "./Syntax.ts"

/**
 * A regular expression in RE2 syntax over UTF-8 bytes, in time linear in the text whatever the pattern. Invalid bytes count as
 * U+FFFD, one character each.
 */
export class Pattern {
  readonly source: string
  readonly groupNames: ReadonlyArray<string | undefined>
  private readonly dfa: Dfa
  private readonly pike: Pike

  /** Throws a `Mistake` whose offset lies in `source`. */
  constructor(source: string) {
    this.source = source
    const { groupNames, regex } = parseRegex(source)
    const program = compilePatterns([regex], groupNames.length)
    this.groupNames = groupNames
    this.dfa = new Dfa(program)
    this.pike = new Pike(program)
  }

  test(bytes: Uint8Array, from: number, to: number): boolean {
    return this.dfa.test(bytes, from, to)
  }

  /** The first match in `bytes[from, to)` of the text that starts at `textStart`; its places are then in `groups`. */
  search(bytes: Uint8Array, textStart: number, from: number, to: number): boolean {
    return this.pike.search(bytes, textStart, from, to)
  }

  get groups(): Int32Array {
    return this.pike.groups
  }
}

/** Several patterns that are asked about the same texts: one pass answers for all. */
export class PatternSet {
  readonly sources: ReadonlyArray<string>
  private readonly dfa: Dfa

  constructor(sources: ReadonlyArray<string>) {
    this.sources = sources
    this.dfa = new Dfa(
      compilePatterns(
        sources.map((source) => parseRegex(source).regex),
        1
      )
    )
  }

  /** Bit i of the result: pattern i matches. Valid until the next call. */
  matches(bytes: Uint8Array, from: number, to: number): Int32Array {
    return this.dfa.matches(bytes, from, to)
  }
}
