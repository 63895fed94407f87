import { Expr } from "../Expr.ts"
import { Failure, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import type { ConverterSpec } from "./Function.ts"

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

/** `HasPrefix(target, prefix)`, `HasSuffix(target, suffix)`. */
export const hasPrefix = affix("HasPrefix", "prefix", false)
export const hasSuffix = affix("HasSuffix", "suffix", true)
