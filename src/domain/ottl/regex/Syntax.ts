import { Mistake } from "../OttlError.ts"
import {
  any,
  type CharSet,
  complement,
  digits,
  ignoreCase,
  maxCodePoint,
  notNewline,
  posix,
  space,
  unicodeClass,
  union,
  word
} from "./CharSet.ts"

/** RE2 syntax (https://github.com/google/re2/wiki/Syntax): what it means, independent of how it is run. */
export type Regex =
  | { readonly kind: "empty" }
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly items: ReadonlyArray<Regex> }
  | { readonly kind: "alternatives"; readonly items: ReadonlyArray<Regex> }
  | { readonly kind: "repeat"; readonly item: Regex; readonly min: number; readonly max: number; readonly greedy: boolean }
  | { readonly kind: "group"; readonly item: Regex; readonly index: number }

export type Assertion = "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordBoundary" | "noWordBoundary"

export interface Parsed {
  readonly regex: Regex
  /** Names by group number; the whole match is number 0. */
  readonly groupNames: ReadonlyArray<string | undefined>
}

const maxRepeat = 1000
const maxDepth = 1000

interface Flags {
  readonly ignoreCase: boolean
  readonly multiLine: boolean
  readonly dotAll: boolean
  readonly ungreedy: boolean
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 }

class Reader {
  private readonly source: string
  private at = 0
  private depth = 0
  private flags: Flags = { ignoreCase: false, multiLine: false, dotAll: false, ungreedy: false }
  readonly groupNames: Array<string | undefined> = [undefined]

  constructor(source: string) {
    this.source = source
  }

  whole(): Regex {
    const regex = this.alternatives()
    if (this.at < this.source.length) throw this.mistake('unexpected ")"')
    return regex
  }

  private mistake(message: string, at = this.at): Mistake {
    return new Mistake(at, `invalid regular expression: ${message}`)
  }

  private alternatives(): Regex {
    if (++this.depth > maxDepth) throw this.mistake("nested too deeply")
    const items = [this.sequence()]
    while (this.source[this.at] === "|") {
      this.at++
      items.push(this.sequence())
    }
    this.depth--
    return items.length === 1 ? items[0]! : { kind: "alternatives", items }
  }

  private sequence(): Regex {
    const items: Array<Regex> = []
    while (this.at < this.source.length && this.source[this.at] !== "|" && this.source[this.at] !== ")") {
      if (this.source.startsWith("\\Q", this.at)) {
        const close = this.source.indexOf("\\E", this.at + 2)
        const text = this.source.slice(this.at + 2, close < 0 ? undefined : close)
        this.at = close < 0 ? this.source.length : close + 2
        for (const char of text) items.push(this.literal(char.codePointAt(0)!))
        if (text !== "" && this.isRepeat()) items.push(this.repeated(items.pop()!))
        continue
      }
      const atom = this.atom()
      if (atom !== undefined) items.push(this.repeated(atom))
    }
    return items.length === 0 ? { kind: "empty" } : items.length === 1 ? items[0]! : { kind: "sequence", items }
  }

  private isRepeat(): boolean {
    const char = this.source[this.at]
    return (
      char === "*" || char === "+" || char === "?" || (char === "{" && /^\{\d+(?:,\d*)?\}/.test(this.source.slice(this.at, this.at + 16)))
    )
  }

  private repeated(item: Regex): Regex {
    if (!this.isRepeat()) return item
    const start = this.at
    const char = this.source[this.at++]
    let min = char === "+" ? 1 : 0
    let max = char === "?" ? 1 : Number.POSITIVE_INFINITY
    if (char === "{") {
      const [text, low, comma, high] = /^(\d+)(,?)(\d*)\}/.exec(this.source.slice(this.at))!
      this.at += text.length
      min = Number(low)
      max = comma === "" ? min : high === "" ? Number.POSITIVE_INFINITY : Number(high)
      if (min > maxRepeat || (max !== Number.POSITIVE_INFINITY && (max > maxRepeat || max < min))) {
        throw this.mistake(`repeat count ${this.source.slice(start, this.at)} out of range (0 to ${maxRepeat})`, start)
      }
    }
    let greedy = !this.flags.ungreedy
    if (this.source[this.at] === "?") {
      greedy = !greedy
      this.at++
    }
    if (this.isRepeat()) throw this.mistake(`nested repetition ${this.source.slice(start, this.at + 1)}`, start)
    return { kind: "repeat", item, min, max, greedy }
  }

  private literal(codePoint: number): Regex {
    return this.charSet([codePoint, codePoint])
  }

  private charSet(set: CharSet): Regex {
    return { kind: "set", set: this.flags.ignoreCase ? ignoreCase(set) : set }
  }

  private atom(): Regex | undefined {
    const char = this.source[this.at]!
    switch (char) {
      case "(":
        return this.group()
      case "[":
        return this.charSet(this.bracket())
      case ".":
        this.at++
        return { kind: "set", set: this.flags.dotAll ? any : notNewline }
      case "^":
        this.at++
        return { kind: "assert", assertion: this.flags.multiLine ? "lineStart" : "textStart" }
      case "$":
        this.at++
        return { kind: "assert", assertion: this.flags.multiLine ? "lineEnd" : "textEnd" }
      case "*":
      case "+":
      case "?":
        throw this.mistake(`nothing to repeat before "${char}"`)
      case "\\":
        return this.escape()
    }
    return this.literal(this.codePoint())
  }

  private codePoint(): number {
    const code = this.source.codePointAt(this.at)!
    this.at += code > 0xffff ? 2 : 1
    return code
  }

  private group(): Regex | undefined {
    const start = this.at++
    const outer = this.flags
    let index = -1
    if (this.source[this.at] === "?") {
      const named = /^\?P?<(\w+)>/.exec(this.source.slice(this.at))
      if (named !== null) {
        if (this.groupNames.includes(named[1])) throw this.mistake(`duplicate group name ${named[1]}`, start)
        this.at += named[0].length
        index = this.groupNames.push(named[1]) - 1
      } else {
        const modifiers = /^\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.source.slice(this.at))
        if (modifiers === null) throw this.mistake("unknown group syntax (look-around and back-references do not exist in RE2)", start)
        this.at += modifiers[0].length
        this.flags = this.withFlags(this.withFlags(this.flags, modifiers[1]!, true), modifiers[2] ?? "", false)
        if (modifiers[3] === ")") return undefined
      }
    } else {
      index = this.groupNames.push(undefined) - 1
    }
    const item = this.alternatives()
    if (this.source[this.at] !== ")") throw this.mistake('missing closing ")"', start)
    this.at++
    this.flags = outer
    return index < 0 ? item : { kind: "group", item, index }
  }

  private withFlags(flags: Flags, letters: string, on: boolean): Flags {
    return {
      ignoreCase: letters.includes("i") ? on : flags.ignoreCase,
      multiLine: letters.includes("m") ? on : flags.multiLine,
      dotAll: letters.includes("s") ? on : flags.dotAll,
      ungreedy: letters.includes("U") ? on : flags.ungreedy
    }
  }

  private escape(): Regex {
    const char = this.source[this.at + 1]
    const assertion = ({ A: "textStart", z: "textEnd", b: "wordBoundary", B: "noWordBoundary" } as const)[char as "A"]
    if (assertion !== undefined) {
      this.at += 2
      return { kind: "assert", assertion }
    }
    return this.charSet(this.classEscape() ?? this.single())
  }

  private single(): CharSet {
    const code = this.escapedCodePoint()
    return [code, code]
  }

  /** `\d`, `\pL` and the like, also inside brackets; `undefined`, and nothing read, if it is an escape of one character. */
  private classEscape(): CharSet | undefined {
    const char = this.source[this.at + 1] ?? ""
    const perl = { d: digits, w: word, s: space }[char.toLowerCase()]
    if (perl !== undefined) {
      this.at += 2
      return char === char.toLowerCase() ? perl : complement(perl)
    }
    if (char !== "p" && char !== "P") return undefined
    const start = this.at
    const match = /^\\[pP](?:([A-Za-z])|\{(\^?)(\w+)\})/.exec(this.source.slice(this.at))
    const set = match === null ? undefined : unicodeClass(match[1] ?? match[3]!)
    if (match === null || set === undefined) throw this.mistake(`unknown character class ${match?.[0] ?? `\\${char}`}`, start)
    this.at += match[0].length
    return (char === "P") !== (match[2] === "^") ? complement(set) : set
  }

  private escapedCodePoint(): number {
    const start = this.at++
    const rest = this.source.slice(this.at)
    const hex = /^x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,8})\})/.exec(rest)
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)
    if (hex !== null || octal !== null) {
      this.at += (hex ?? octal)![0].length
      const code = hex !== null ? Number.parseInt(hex[1] ?? hex[2]!, 16) : Number.parseInt(octal![0], 8)
      if (code > maxCodePoint) throw this.mistake("code point out of range", start)
      return code
    }
    const char = rest[0] ?? ""
    if (controls[char] !== undefined) {
      this.at++
      return controls[char]
    }
    if (char === "" || /[A-Za-z0-9]/.test(char)) throw this.mistake(char === "" ? "trailing backslash" : `unknown escape \\${char}`, start)
    return this.codePoint()
  }

  private bracket(): CharSet {
    const start = this.at++
    const negated = this.source[this.at] === "^"
    if (negated) this.at++
    const parts: Array<CharSet> = []
    let first = true
    while (first || this.source[this.at] !== "]") {
      if (this.at >= this.source.length) throw this.mistake('missing closing "]"', start)
      first = false
      const named = /^\[:(\^?)(\w+):\]/.exec(this.source.slice(this.at))
      if (named !== null) {
        const set = posix[named[2]!]
        if (set === undefined) throw this.mistake(`unknown character class ${named[0]}`)
        parts.push(named[1] === "^" ? complement(set) : set)
        this.at += named[0].length
        continue
      }
      const set = this.source[this.at] === "\\" ? this.classEscape() : undefined
      if (set !== undefined) {
        parts.push(set)
        continue
      }
      const low = this.member()
      if (this.source[this.at] !== "-" || this.source[this.at + 1] === "]" || this.at + 1 >= this.source.length) {
        parts.push([low, low])
        continue
      }
      const rangeStart = this.at++
      const high = this.member()
      if (high < low) throw this.mistake("range out of order in a character class", rangeStart)
      parts.push([low, high])
    }
    this.at++
    const set = union(...parts)
    if (!negated) return set
    return complement(this.flags.ignoreCase ? ignoreCase(set) : set)
  }

  private member(): number {
    return this.source[this.at] === "\\" ? this.escapedCodePoint() : this.codePoint()
  }
}

/** Throws a `Mistake` with an offset inside the pattern. */
export const parseRegex = (pattern: string): Parsed => {
  const reader = new Reader(pattern)
  const regex = reader.whole()
  return { regex, groupNames: reader.groupNames }
}
