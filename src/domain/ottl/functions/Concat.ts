import { nextElement, readAny } from "../AnyValue.ts"
import { Expr } from "../Expr.ts"
import { toStringLike } from "../Text.ts"
import { Failure, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import type { ConverterSpec, Given } from "./Function.ts"

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
