import { countElements, elementTag } from "../AnyValue.ts"
import { Expr } from "../Expr.ts"
import { Mistake } from "../OttlError.ts"
import { toStringLike } from "../Text.ts"
import { Failure, setInt, Tag, toDouble, X } from "../Value.ts"
import { nextElement, readAny } from "../AnyValue.ts"
import { varintSize, writeVarint } from "../../otlp/Write.ts"
import type { Workspace } from "../Workspace.ts"
import type { ConverterSpec, Given } from "./Function.ts"
import { sha256 } from "./Sha256.ts"

/** A converter of strings: gets the place of its argument, leaves its result in `X`. */
class Unary extends Expr {
  private readonly argument: Expr
  private readonly convert: (ws: Workspace, where: number, start: number, end: number) => number

  constructor(argument: Expr, convert: (ws: Workspace, where: number, start: number, end: number) => number) {
    super()
    this.argument = argument
    this.convert = convert
  }

  eval(ws: Workspace): number {
    const tag = this.argument.eval(ws)
    if (tag !== Tag.String) return tag === Tag.Error ? tag : ws.fail(Failure.Type)
    return this.convert(ws, X[0]!, X[1]!, X[2]!)
  }
}

const unary = (name: string, convert: (ws: Workspace, where: number, start: number, end: number) => number): ConverterSpec => ({
  name,
  parameters: [{ name: "target", kind: "string" }],
  make: (args) => new Unary(args.expr(0), convert)
})

const hexDigits = Buffer.from("0123456789abcdef")

export const sha256Hex = unary("SHA256", (ws, where, start, end) => {
  const digest = sha256(ws.bytes(where), start, end)
  ws.reserve(64)
  const { arena } = ws
  const text = ws.end
  for (let i = 0; i < 8; i++) {
    for (let shift = 28; shift >= 0; shift -= 4) arena[ws.end++] = hexDigits[(digest[i]! >>> shift) & 15]!
  }
  X[0] = 1
  X[1] = text
  X[2] = ws.end
  return Tag.String
})

/** Go maps letter by letter: a letter whose other case is several letters stays as it is. */
const mapCase = (text: string, upper: boolean): string => {
  let result = ""
  for (const char of text) {
    const mapped = upper ? char.toUpperCase() : char === "\u0130" ? "i" : char.toLowerCase()
    result += [...mapped].length === 1 ? mapped : char
  }
  return result
}

const caseMapper =
  (upper: boolean) =>
  (ws: Workspace, where: number, start: number, end: number): number => {
    const bytes = ws.bytes(where)
    let ascii = true
    for (let i = start; i < end && ascii; i++) ascii = bytes[i]! < 0x80
    if (!ascii) return ws.putText(mapCase(ws.text(where, start, end), upper))
    ws.reserve(end - start)
    const text = ws.end
    ws.append(where, start, end)
    const { arena } = ws
    const first = upper ? 0x61 : 0x41
    for (let i = text; i < ws.end; i++) if (arena[i]! >= first && arena[i]! < first + 26) arena[i] = arena[i]! ^ 0x20
    X[0] = 1
    X[1] = text
    X[2] = ws.end
    return Tag.String
  }

const toUpper = caseMapper(true)
const toLower = caseMapper(false)
export const toUpperCase = unary("ToUpperCase", toUpper)
export const toLowerCase = unary("ToLowerCase", toLower)

const cases: Readonly<Record<string, (ws: Workspace, where: number, start: number, end: number) => number>> = {
  lower: toLower,
  upper: toUpper
}

export const convertCase: ConverterSpec = {
  name: "ConvertCase",
  parameters: [
    { name: "target", kind: "string" },
    { name: "to_case", kind: "literalString" }
  ],
  make: (args) => {
    const convert = cases[args.literal<string>(1, "")]
    if (convert === undefined)
      throw new Mistake(args.get(1)!.at, `invalid case ${JSON.stringify(args.literal<string>(1, ""))}: expected "lower" or "upper"`)
    return new Unary(args.expr(0), convert)
  }
}

const nilText = Buffer.from("<nil>")

/** `Concat(values, delimiter)`: the texts of all values, written one behind the other into the arena. */
class Concat extends Expr {
  private readonly values: Given
  private readonly delimiter: Expr

  constructor(values: Given, delimiter: Expr) {
    super()
    this.values = values
    this.delimiter = delimiter
  }

  eval(ws: Workspace): number {
    const delimiter = this.delimiter.eval(ws)
    if (delimiter !== Tag.String) return delimiter === Tag.Error ? delimiter : ws.fail(Failure.Type)
    const delimiterWhere = X[0]!
    const delimiterStart = X[1]!
    const delimiterEnd = X[2]!
    const places: Array<number> = []
    const { items } = this.values
    if (items !== undefined) {
      // A nil written into the list prints as <nil>.
      for (const item of items) if (!this.add(ws, item.eval(ws), places, nilText)) return Tag.Error
    } else {
      const tag = this.values.expr!.eval(ws)
      if (tag === Tag.Error) return tag
      if (tag !== Tag.List && tag !== Tag.Nil) return ws.fail(Failure.Type)
      const where = X[0]!
      const end = tag === Tag.Nil ? 0 : X[2]!
      for (let at = tag === Tag.Nil ? 0 : X[1]!; at < end;) {
        at = nextElement(ws.bytes(where), at, end)
        if (at < 0) return ws.fail(Failure.Malformed)
        if (X[1]! >= 0 && !this.add(ws, readAny(ws, where, X[1]!, X[2]!), places, undefined)) return Tag.Error
      }
    }
    let size = 0
    for (let i = 0; i < places.length; i += 3) size += places[i + 2]! - places[i + 1]! + delimiterEnd - delimiterStart
    ws.reserve(size)
    const start = ws.end
    for (let i = 0; i < places.length; i += 3) {
      if (i > 0) ws.append(delimiterWhere, delimiterStart, delimiterEnd)
      ws.append(places[i]!, places[i + 1]!, places[i + 2]!)
    }
    X[0] = 1
    X[1] = start
    X[2] = ws.end
    return Tag.String
  }

  private add(ws: Workspace, tag: number, places: Array<number>, nil: Uint8Array | undefined): boolean {
    const text = tag === Tag.String ? tag : toStringLike(ws, tag)
    if (text === Tag.Error) return false
    if (text === Tag.Nil) {
      if (nil === undefined) {
        X[1] = X[2] = 0
      } else ws.putBytes(nil)
    }
    places.push(X[0]!, X[1]!, X[2]!)
    return true
  }
}

export const concat: ConverterSpec = {
  name: "Concat",
  parameters: [
    { name: "vals", kind: "stringLikes" },
    { name: "delimiter", kind: "string" }
  ],
  make: (args) => new Concat(args.get(0)!, args.expr(1))
}

/** `Len(target)`: bytes of a string, entries of a map, elements of a list. */
class Len extends Expr {
  private readonly target: Expr

  constructor(target: Expr) {
    super()
    this.target = target
  }

  eval(ws: Workspace): number {
    const tag = this.target.eval(ws)
    switch (tag) {
      case Tag.Error:
        return tag
      case Tag.String:
      case Tag.Bytes:
        setInt(X[2]! - X[1]!)
        return Tag.Int
      case Tag.UintList:
      case Tag.DoubleList:
        setInt((X[2]! - X[1]!) >> 3)
        return Tag.Int
      case Tag.List:
      case Tag.Map:
        setInt(countElements(ws.bytes(X[0]!), X[1]!, X[2]!))
        return Tag.Int
      case Tag.Structs:
        setInt(countRecords(ws.bytes(X[0]!), X[1]!, X[2]!))
        return Tag.Int
      default:
        return ws.fail(Failure.Type)
    }
  }
}

/** Records of one field, all with the same tag. */
const countRecords = (bytes: Uint8Array, start: number, end: number): number => {
  let count = 0
  for (let at = start; at < end; count++) {
    while (bytes[at]! >= 0x80) at++
    at++
    let length = 0
    let shift = 0
    for (;;) {
      const byte = bytes[at++]!
      length |= (byte & 0x7f) << shift
      shift += 7
      if (byte < 0x80) break
    }
    at += length
  }
  return count
}

export const len: ConverterSpec = { name: "Len", parameters: [{ name: "target", kind: "any" }], make: (args) => new Len(args.expr(0)) }

/** `Split(target, delimiter)`: an empty delimiter splits into characters. */
class Split extends Expr {
  private readonly target: Expr
  private readonly delimiter: Expr

  constructor(target: Expr, delimiter: Expr) {
    super()
    this.target = target
    this.delimiter = delimiter
  }

  eval(ws: Workspace): number {
    const delimiterTag = this.delimiter.eval(ws)
    if (delimiterTag !== Tag.String) return delimiterTag === Tag.Error ? delimiterTag : ws.fail(Failure.Type)
    const delimiter = Buffer.from(ws.bytes(X[0]!).slice(X[1], X[2]))
    const tag = this.target.eval(ws)
    if (tag !== Tag.String) return tag === Tag.Error ? tag : ws.fail(Failure.Type)
    const where = X[0]!
    const end = X[2]!
    const list = ws.end
    let from = X[1]!
    if (delimiter.length === 0) {
      for (let at = from; at < end; from = at) {
        at++
        while (at < end && (ws.bytes(where)[at]! & 0xc0) === 0x80) at++
        this.element(ws, where, from, at)
      }
    } else {
      for (;;) {
        const bytes = ws.bytes(where)
        const found = Buffer.from(bytes.buffer, bytes.byteOffset, end).indexOf(delimiter, from)
        this.element(ws, where, from, found < 0 ? end : found)
        if (found < 0) break
        from = found + delimiter.length
      }
    }
    X[0] = 1
    X[1] = list
    X[2] = ws.end
    return Tag.List
  }

  private element(ws: Workspace, where: number, start: number, end: number): void {
    const size = end - start
    const value = 1 + varintSize(size) + size
    ws.reserve(value + 6)
    ws.arena[ws.end++] = elementTag
    ws.end = writeVarint(ws.arena, ws.end, value)
    ws.arena[ws.end++] = 0x0a
    ws.end = writeVarint(ws.arena, ws.end, size)
    ws.append(where, start, end)
  }
}

export const split: ConverterSpec = {
  name: "Split",
  parameters: [
    { name: "target", kind: "string" },
    { name: "delimiter", kind: "string" }
  ],
  make: (args) => new Split(args.expr(0), args.expr(1))
}

/** `Substring(target, start, length)` in bytes; with `utf8_safe` both ends move to character starts. */
class Substring extends Expr {
  private readonly target: Expr
  private readonly start: Expr
  private readonly length: Expr
  private readonly utf8Safe: boolean

  constructor(target: Expr, start: Expr, length: Expr, utf8Safe: boolean) {
    super()
    this.target = target
    this.start = start
    this.length = length
    this.utf8Safe = utf8Safe
  }

  eval(ws: Workspace): number {
    const startTag = this.start.eval(ws)
    if (startTag !== Tag.Int) return startTag === Tag.Error ? startTag : ws.fail(Failure.Type)
    const from = toDouble(X[1]!, X[2]!)
    const lengthTag = this.length.eval(ws)
    if (lengthTag !== Tag.Int) return lengthTag === Tag.Error ? lengthTag : ws.fail(Failure.Type)
    const length = toDouble(X[1]!, X[2]!)
    const tag = this.target.eval(ws)
    if (tag !== Tag.String) return tag === Tag.Error ? tag : ws.fail(Failure.Type)
    if (from < 0 || length <= 0 || from + length > X[2]! - X[1]!) return ws.fail(Failure.Range)
    let start = X[1]! + from
    let end = start + length
    if (this.utf8Safe) {
      const bytes = ws.bytes(X[0]!)
      const limit = X[2]!
      while (start < limit && (bytes[start]! & 0xc0) === 0x80) start++
      while (end < limit && end > start && (bytes[end]! & 0xc0) === 0x80) end--
      if (end < start) end = start
    }
    X[1] = start
    X[2] = end
    return Tag.String
  }
}

export const substring: ConverterSpec = {
  name: "Substring",
  parameters: [
    { name: "target", kind: "string" },
    { name: "start", kind: "int" },
    { name: "length", kind: "int" },
    { name: "utf8_safe", kind: "literalBool", optional: true }
  ],
  make: (args) => new Substring(args.expr(0), args.expr(1), args.expr(2), args.literal<boolean>(3, false))
}

/** Whether a string starts (or ends) with another, byte by byte. */
class Affix extends Expr {
  private readonly target: Expr
  private readonly affix: Expr
  private readonly atEnd: boolean

  constructor(target: Expr, affix: Expr, atEnd: boolean) {
    super()
    this.target = target
    this.affix = affix
    this.atEnd = atEnd
  }

  eval(ws: Workspace): number {
    const tag = this.target.eval(ws)
    if (tag !== Tag.String) return tag === Tag.Error ? tag : ws.fail(Failure.Type)
    const where = X[0]!
    let at = X[1]!
    const size = X[2]! - at
    const affixTag = this.affix.eval(ws)
    if (affixTag !== Tag.String) return affixTag === Tag.Error ? affixTag : ws.fail(Failure.Type)
    const length = X[2]! - X[1]!
    let holds = length <= size
    if (this.atEnd) at += size - length
    const bytes = ws.bytes(where)
    const other = ws.bytes(X[0]!)
    for (let i = 0; i < length && holds; i++) holds = bytes[at + i] === other[X[1]! + i]
    X[1] = 0
    X[2] = holds ? 1 : 0
    return Tag.Bool
  }
}

const affix = (name: string, parameter: string, atEnd: boolean): ConverterSpec => ({
  name,
  parameters: [
    { name: "target", kind: "string" },
    { name: parameter, kind: "string" }
  ],
  make: (args) => new Affix(args.expr(0), args.expr(1), atEnd)
})

export const hasPrefix = affix("HasPrefix", "prefix", false)
export const hasSuffix = affix("HasSuffix", "suffix", true)
