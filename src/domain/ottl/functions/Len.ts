import { countElements } from "../AnyValue.ts"
import { Expr } from "../Expr.ts"
import { Failure, setInt, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import type { ConverterSpec } from "./Function.ts"

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
