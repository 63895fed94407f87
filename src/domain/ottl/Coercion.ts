import { Expr } from "./Expr.ts"
import { Failure, Tag } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

// What stands between an argument whose type is only known at run time and the function that asks for one type.

/** A value of one type, or a failure. */
export class Expect extends Expr {
  private readonly inner: Expr
  private readonly tag: number

  constructor(inner: Expr, tag: number) {
    super()
    this.inner = inner
    this.tag = tag
  }

  eval(ws: Workspace): number {
    const tag = this.inner.eval(ws)
    return tag === this.tag || tag === Tag.Error ? tag : ws.fail(Failure.Type)
  }
}

/** A value converted to a type, nil staying nil. */
export class Converted extends Expr {
  private readonly inner: Expr
  private readonly convert: (ws: Workspace, tag: number) => number

  constructor(inner: Expr, convert: (ws: Workspace, tag: number) => number) {
    super()
    this.inner = inner
    this.convert = convert
  }

  eval(ws: Workspace): number {
    return this.convert(ws, this.inner.eval(ws))
  }
}
