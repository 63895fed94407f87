import { elementTag } from "../AnyValue.ts"
import { Expr } from "../Expr.ts"
import { Failure, Tag, X } from "../Value.ts"
import { varintSize, writeVarint } from "../../otlp/Write.ts"
import type { Workspace } from "../Workspace.ts"
import type { ConverterSpec } from "./Function.ts"

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
