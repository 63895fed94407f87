import { Expr } from "../Expr.ts"
import { Failure, Tag, toDouble, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import type { ConverterSpec } from "./Function.ts"

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
