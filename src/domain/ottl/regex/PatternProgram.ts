import { Mistake } from "../OttlError.ts"
import type { CharSet } from "./CharSet.ts"
import { maxCodePoint, word } from "./CharSet.ts"
import type { Assertion, Regex } from "./Syntax.ts"

/** Instructions of the nondeterministic automaton; `a` and `b` are operands, see each. */
export const Op = {
  /** Takes one character of set `a`, goes on at `next`. */
  Set: 0,
  /** Both `next` (preferred) and `a`. */
  Split: 1,
  /** Notes the position in slot `a`. */
  Save: 2,
  /** Goes on only where assertion `a` holds. */
  Assert: 3,
  /** Pattern `a` has matched. */
  Match: 4
} as const

const maxInstructions = 20_000

const assertions: ReadonlyArray<Assertion> = ["textStart", "textEnd", "lineStart", "lineEnd", "wordBoundary", "noWordBoundary"]
export const AssertionCode = { textStart: 0, textEnd: 1, lineStart: 2, lineEnd: 3, wordBoundary: 4, noWordBoundary: 5 } as const

/**
 * One or several patterns as instructions over classes of characters: code points that no pattern tells apart share a class, so a
 * step costs one table look-up whatever the sets.
 */
export interface Program {
  readonly op: Uint8Array
  readonly next: Int32Array
  readonly a: Int32Array
  /** Entry of each pattern. */
  readonly starts: ReadonlyArray<number>
  /** Per set, one byte per class. */
  readonly sets: ReadonlyArray<Uint8Array>
  readonly classes: number
  /** Class of a code point below 128. */
  readonly asciiClass: Uint8Array
  /** First code points of the classes' ranges above ASCII, with the class of each. */
  readonly rangeStarts: Int32Array
  readonly rangeClasses: Int32Array
  /** Class that holds the newline; whether a class consists of word characters. Only meaningful with `hasAssertions`. */
  readonly newlineClass: number
  readonly wordClass: Uint8Array
  readonly hasAssertions: boolean
  readonly slots: number
}

class Builder {
  readonly op: Array<number> = []
  readonly next: Array<number> = []
  readonly a: Array<number> = []
  readonly sets: Array<CharSet> = []
  private readonly setIndex = new Map<string, number>()
  hasAssertions = false

  emit(op: number, next: number, a: number): number {
    if (this.op.length >= maxInstructions) throw new Mistake(0, "invalid regular expression: too large")
    this.op.push(op)
    this.next.push(next)
    this.a.push(a)
    return this.op.length - 1
  }

  /** Compiles so that a match goes on at `next`; returns the entry. Built from the end, so no patching is needed but for loops. */
  compile(regex: Regex, next: number): number {
    switch (regex.kind) {
      case "empty":
        return next
      case "set": {
        const key = regex.set.join()
        let index = this.setIndex.get(key)
        if (index === undefined) {
          index = this.sets.push(regex.set) - 1
          this.setIndex.set(key, index)
        }
        return this.emit(Op.Set, next, index)
      }
      case "assert":
        this.hasAssertions = true
        return this.emit(Op.Assert, next, assertions.indexOf(regex.assertion))
      case "sequence": {
        let entry = next
        for (let i = regex.items.length - 1; i >= 0; i--) entry = this.compile(regex.items[i]!, entry)
        return entry
      }
      case "alternatives": {
        let entry = this.compile(regex.items[regex.items.length - 1]!, next)
        for (let i = regex.items.length - 2; i >= 0; i--) entry = this.emit(Op.Split, this.compile(regex.items[i]!, next), entry)
        return entry
      }
      case "group":
        return this.emit(Op.Save, this.compile(regex.item, this.emit(Op.Save, next, 2 * regex.index + 1)), 2 * regex.index)
      case "repeat":
        return this.repeat(regex, next)
    }
  }

  private repeat({ greedy, item, max, min }: Extract<Regex, { kind: "repeat" }>, next: number): number {
    let entry = next
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.emit(Op.Split, next, next)
      const body = this.compile(item, loop)
      if (greedy) this.next[loop] = body
      else this.a[loop] = body
      // A body that can be empty must be tried before the loop may be left behind it: x* is (x+)? there.
      entry = !canBeEmpty(item) ? loop : greedy ? this.emit(Op.Split, body, next) : this.emit(Op.Split, next, body)
    } else {
      for (let i = min; i < max; i++) {
        const body = this.compile(item, entry)
        entry = greedy ? this.emit(Op.Split, body, next) : this.emit(Op.Split, next, body)
      }
    }
    for (let i = 0; i < min; i++) entry = this.compile(item, entry)
    return entry
  }
}

const canBeEmpty = (regex: Regex): boolean => {
  switch (regex.kind) {
    case "empty":
    case "assert":
      return true
    case "set":
      return false
    case "sequence":
      return regex.items.every(canBeEmpty)
    case "alternatives":
      return regex.items.some(canBeEmpty)
    case "repeat":
      return regex.min === 0 || canBeEmpty(regex.item)
    case "group":
      return canBeEmpty(regex.item)
  }
}

/** Compiles patterns into one program; pattern `i` ends in `Match i`. Throws a `Mistake` if it grows too large. */
export const compilePatterns = (patterns: ReadonlyArray<Regex>, groups: number): Program => {
  const builder = new Builder()
  const starts = patterns.map((regex, i) => {
    const end = builder.emit(Op.Save, builder.emit(Op.Match, 0, i), 1)
    return builder.emit(Op.Save, builder.compile(regex, end), 0)
  })
  const { hasAssertions, sets } = builder

  const boundaries = new Set<number>([0, 128])
  const cut = (set: CharSet): void => {
    for (let i = 0; i < set.length; i += 2) {
      boundaries.add(set[i]!)
      if (set[i + 1]! < maxCodePoint) boundaries.add(set[i + 1]! + 1)
    }
  }
  for (const set of sets) cut(set)
  if (hasAssertions) {
    cut(word)
    cut([0x0a, 0x0a])
  }
  const starting = [...boundaries].sort((x, y) => x - y)
  // Ranges with equal membership in every set are one class.
  const membership = sets.map((set) => {
    const flags = new Uint8Array(starting.length)
    let at = 0
    for (let i = 0; i < starting.length; i++) {
      while (at < set.length && set[at + 1]! < starting[i]!) at += 2
      flags[i] = at < set.length && set[at]! <= starting[i]! ? 1 : 0
    }
    return flags
  })
  const wordFlags = starting.map((c) =>
    hasAssertions && (c < 128 ? word.some((_, i) => i % 2 === 0 && c >= word[i]! && c <= word[i + 1]!) : false) ? 1 : 0
  )
  const newlineFlags = starting.map((c) => (hasAssertions && c === 0x0a ? 1 : 0))
  const classOf = new Map<string, number>()
  const representative: Array<number> = []
  const rangeClass = starting.map((_, i) => {
    const key = `${membership.map((flags) => flags[i]).join("")}/${wordFlags[i]}${newlineFlags[i]}`
    let index = classOf.get(key)
    if (index === undefined) {
      index = representative.push(i) - 1
      classOf.set(key, index)
    }
    return index
  })
  const classes = representative.length
  const asciiClass = new Uint8Array(128)
  if (classes > 250) throw new Mistake(0, "invalid regular expression: too many different character classes")
  for (let i = 0; i < starting.length; i++) {
    const end = starting[i + 1] ?? maxCodePoint + 1
    for (let c = starting[i]!; c < end && c < 128; c++) asciiClass[c] = rangeClass[i]!
  }
  const firstWide = starting.indexOf(128)
  return {
    op: Uint8Array.from(builder.op),
    next: Int32Array.from(builder.next),
    a: Int32Array.from(builder.a),
    starts,
    sets: membership.map((flags) => Uint8Array.from(representative, (i) => flags[i]!)),
    classes,
    asciiClass,
    rangeStarts: Int32Array.from(starting.slice(firstWide)),
    rangeClasses: Int32Array.from(rangeClass.slice(firstWide)),
    newlineClass: hasAssertions ? asciiClass[0x0a]! : -1,
    wordClass: Uint8Array.from(representative, (i) => wordFlags[i]!),
    hasAssertions,
    slots: 2 * groups
  }
}

/** The class of the character that starts at `at`; `width` is set aside in the result: class * 8 + width in bytes. Invalid bytes are U+FFFD, one each. */
export const classAt = (program: Program, bytes: Uint8Array, at: number, end: number): number => {
  const first = bytes[at]!
  if (first < 0x80) return program.asciiClass[first]! * 8 + 1
  let code = 0xfffd
  let width = 1
  if (first >= 0xc2 && first < 0xe0) {
    if (at + 1 < end && (bytes[at + 1]! & 0xc0) === 0x80) {
      code = ((first & 0x1f) << 6) | (bytes[at + 1]! & 0x3f)
      width = 2
    }
  } else if (first >= 0xe0 && first < 0xf0) {
    if (at + 2 < end && (bytes[at + 1]! & 0xc0) === 0x80 && (bytes[at + 2]! & 0xc0) === 0x80) {
      const c = ((first & 0x0f) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f)
      if (c >= 0x800 && (c < 0xd800 || c > 0xdfff)) {
        code = c
        width = 3
      }
    }
  } else if (first >= 0xf0 && first < 0xf5 && at + 3 < end) {
    if ((bytes[at + 1]! & 0xc0) === 0x80 && (bytes[at + 2]! & 0xc0) === 0x80 && (bytes[at + 3]! & 0xc0) === 0x80) {
      const c = ((first & 0x07) << 18) | ((bytes[at + 1]! & 0x3f) << 12) | ((bytes[at + 2]! & 0x3f) << 6) | (bytes[at + 3]! & 0x3f)
      if (c >= 0x10000 && c <= maxCodePoint) {
        code = c
        width = 4
      }
    }
  }
  let low = 0
  let high = program.rangeStarts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (program.rangeStarts[middle]! <= code) low = middle
    else high = middle - 1
  }
  return program.rangeClasses[low]! * 8 + width
}
