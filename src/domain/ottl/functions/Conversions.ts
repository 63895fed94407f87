import { Role, Row } from "../contexts/Layouts.ts"
import { Codec } from "../contexts/Codec.ts"
import { readField } from "../contexts/ReadField.ts"
import { Expr } from "../Expr.ts"
import type { Message } from "../Message.ts"
import { toStringLike } from "../Text.ts"
import { F, Failure, setBigInt, setInt, Tag, toDouble, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import type { ConverterSpec } from "./Function.ts"

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)

/** Decimal digits with a sign, as Go's `ParseInt` in base 10. */
const parseInt64 = (ws: Workspace): number => {
  const text = ws.text(X[0]!, X[1]!, X[2]!)
  if (!/^[+-]?\d+$/.test(text)) return ws.fail(Failure.Format)
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text)
  if (value > maxInt64 || value < minInt64) return ws.fail(Failure.Range)
  setBigInt(value)
  return Tag.Int
}

const hexFloat = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/

/** Text of a number as Go's `ParseFloat` reads it; `undefined` if it does not. */
const parseFloat64 = (text: string): number | undefined => {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  const named = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i.exec(text)
  if (named !== null) return named[2] === undefined ? Number.NaN : named[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const hex = hexFloat.exec(text.replace(/(?<=[0-9a-fA-FxX])_(?=[0-9a-fA-F])/g, ""))
  if (hex === null || hex[2]! + hex[3]! === "") return undefined
  const value = Number(BigInt(`0x${hex[2]!}${hex[3]!}`)) * 2 ** (Number(hex[4]) - 4 * hex[3]!.length)
  return hex[1] === "-" ? -value : value
}

/** Converts the value in `X`/`F` to a whole number; nil stays nil. Doubles out of range become the smallest number, as on amd64 in Go. */
const toInt = (ws: Workspace, tag: number): number => {
  switch (tag) {
    case Tag.Error:
    case Tag.Nil:
    case Tag.Int:
      return tag
    case Tag.Bool:
      return Tag.Int
    case Tag.String:
      return parseInt64(ws)
    case Tag.Double: {
      const value = Math.trunc(F[0]!)
      if (!(Math.abs(value) < 2 ** 63)) {
        X[1] = -2147483648
        X[2] = 0
      } else if (Number.isSafeInteger(value)) setInt(value)
      else setBigInt(BigInt(value))
      return Tag.Int
    }
    default:
      return ws.fail(Failure.Type)
  }
}

const toFloat = (ws: Workspace, tag: number): number => {
  switch (tag) {
    case Tag.Error:
    case Tag.Nil:
    case Tag.Double:
      return tag
    case Tag.Bool:
    case Tag.Int:
      F[0] = toDouble(X[1]!, X[2]!)
      return Tag.Double
    case Tag.String: {
      const value = parseFloat64(ws.text(X[0]!, X[1]!, X[2]!))
      if (value === undefined) return ws.fail(Failure.Format)
      F[0] = value
      return Tag.Double
    }
    default:
      return ws.fail(Failure.Type)
  }
}

const truths = ["1", "t", "T", "TRUE", "true", "True"]
const falsehoods = ["0", "f", "F", "FALSE", "false", "False"]

const toBool = (ws: Workspace, tag: number): number => {
  let holds: boolean
  switch (tag) {
    case Tag.Error:
    case Tag.Nil:
    case Tag.Bool:
      return tag
    case Tag.Int:
      holds = (X[1]! | X[2]!) !== 0
      break
    case Tag.Double:
      holds = F[0] !== 0
      break
    case Tag.String: {
      const text = ws.text(X[0]!, X[1]!, X[2]!)
      holds = truths.includes(text)
      if (!holds && !falsehoods.includes(text)) return ws.fail(Failure.Format)
      break
    }
    default:
      return ws.fail(Failure.Type)
  }
  X[1] = 0
  X[2] = holds ? 1 : 0
  return Tag.Bool
}

class Conversion extends Expr {
  private readonly argument: Expr
  private readonly convert: (ws: Workspace, tag: number) => number

  constructor(argument: Expr, convert: (ws: Workspace, tag: number) => number) {
    super()
    this.argument = argument
    this.convert = convert
  }

  eval(ws: Workspace): number {
    return this.convert(ws, this.argument.eval(ws))
  }
}

const conversion = (
  name: string,
  convert: (ws: Workspace, tag: number) => number,
  kind: "stringLike" | "intLike" | "doubleLike" | "boolLike"
): ConverterSpec => ({
  name,
  parameters: [{ name: "target", kind }],
  make: (args) => new Conversion(args.expr(0), convert)
})

/** What the checker wraps around arguments of converting parameters, and what folds literals. */
export const likeConversions = { stringLike: toStringLike, intLike: toInt, doubleLike: toFloat, boolLike: toBool } as const

export const int = conversion("Int", toInt, "intLike")
export const double = conversion("Double", toFloat, "doubleLike")
export const string = conversion("String", toStringLike, "stringLike")
export const bool = conversion("Bool", toBool, "boolLike")

class IsType extends Expr {
  private readonly argument: Expr
  private readonly tags: ReadonlyArray<number>

  constructor(argument: Expr, tags: ReadonlyArray<number>) {
    super()
    this.argument = argument
    this.tags = tags
  }

  eval(ws: Workspace): number {
    const tag = this.argument.eval(ws)
    if (tag === Tag.Error) return tag
    X[1] = 0
    X[2] = this.tags.includes(tag) ? 1 : 0
    return Tag.Bool
  }
}

const isType = (name: string, ...tags: ReadonlyArray<number>): ConverterSpec => ({
  name,
  parameters: [{ name: "target", kind: "any" }],
  make: (args) => new IsType(args.expr(0), tags)
})

export const isString = isType("IsString", Tag.String)
export const isInt = isType("IsInt", Tag.Int)
export const isDouble = isType("IsDouble", Tag.Double)
export const isBool = isType("IsBool", Tag.Bool)
export const isMap = isType("IsMap", Tag.Map)
export const isList = isType("IsList", Tag.List, Tag.DoubleList, Tag.Structs)

/** `TraceID(bytes or hex)`, `SpanID(...)`. */
class Id extends Expr {
  private readonly argument: Expr
  private readonly size: number

  constructor(argument: Expr, size: number) {
    super()
    this.argument = argument
    this.size = size
  }

  eval(ws: Workspace): number {
    const tag = this.argument.eval(ws)
    if (tag === Tag.Error) return tag
    if (tag !== Tag.Bytes && tag !== Tag.String) return ws.fail(Failure.Type)
    const { size } = this
    if (X[2]! - X[1]! !== size) {
      const hex = ws.text(X[0]!, X[1]!, X[2]!)
      if (hex.length !== size * 2 || !/^[0-9a-fA-F]+$/.test(hex)) return ws.fail(Failure.Format)
      ws.putBytes(Buffer.from(hex, "hex"))
    }
    return size === 16 ? Tag.TraceId : Tag.SpanId
  }
}

const id = (name: string, size: number): ConverterSpec => ({
  name,
  parameters: [{ name: "target", kind: "any" }],
  make: (args) => new Id(args.expr(0), size)
})

export const traceId = id("TraceID", 16)
export const spanId = id("SpanID", 8)

class IsRootSpan extends Expr {
  private readonly span: Message

  constructor(span: Message) {
    super()
    this.span = span
  }

  eval(ws: Workspace): number {
    readField(ws, this.span, Row.parentSpanId, Codec.spanId)
    const bytes = ws.bytes(X[0]!)
    let some = 0
    for (let i = X[1]!; i < X[2]!; i++) some |= bytes[i]!
    X[1] = 0
    X[2] = some === 0 ? 1 : 0
    return Tag.Bool
  }
}

export const isRootSpan: ConverterSpec = {
  name: "IsRootSpan",
  parameters: [],
  contexts: ["span"],
  make: (args) => new IsRootSpan(args.registers.field(Role.item, Row.parentSpanId))
}
