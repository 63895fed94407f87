import { Expr, Literal } from "../Expr.ts"
import { Mistake } from "../OttlError.ts"
import { Pattern, PatternSet } from "../regex/Pattern.ts"
import { toStringLike } from "../Text.ts"
import { Failure, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import type { ConverterSpec } from "./Function.ts"

const cachedPatterns = 64

/** A regular expression that is constant, or computed and then kept for as long as it comes up again. */
export class PatternSource {
  readonly constant: Pattern | undefined
  private readonly expr: Expr
  private readonly cache = new Map<string, Pattern | undefined>()

  /** `at` is the offset of the argument, for the mistake in a constant pattern. */
  constructor(expr: Expr, at: number) {
    this.expr = expr
    if (expr instanceof Literal) {
      try {
        this.constant = new Pattern(String(expr.value))
      } catch (error) {
        throw error instanceof Mistake ? new Mistake(at, `${error.message} (character ${error.offset + 1} of the pattern)`) : error
      }
    }
  }

  /** The pattern, or `undefined` and a failure. Changes `X`. */
  get(ws: Workspace): Pattern | undefined {
    if (this.constant !== undefined) return this.constant
    const tag = this.expr.eval(ws)
    if (tag !== Tag.String) {
      if (tag !== Tag.Error) ws.failure = Failure.Type
      return undefined
    }
    const source = ws.text(X[0]!, X[1]!, X[2]!)
    if (!this.cache.has(source)) {
      if (this.cache.size >= cachedPatterns) this.cache.clear()
      let pattern: Pattern | undefined
      try {
        pattern = new Pattern(source)
      } catch (error) {
        if (!(error instanceof Mistake)) throw error
      }
      this.cache.set(source, pattern)
    }
    const pattern = this.cache.get(source)
    if (pattern === undefined) ws.failure = Failure.Pattern
    return pattern
  }
}

/** `IsMatch(target, pattern)`: whether the pattern matches anywhere in the text of the target; false for nil. */
export class MatchExpr extends Expr {
  readonly target: Expr
  private readonly pattern: PatternSource

  constructor(target: Expr, pattern: PatternSource) {
    super()
    this.target = target
    this.pattern = pattern
  }

  get isConstant(): boolean {
    return this.pattern.constant !== undefined
  }

  /** The text of a constant pattern. */
  get source(): string | undefined {
    return this.pattern.constant?.source
  }

  /** For a target that has been read: 1, 0, or -1 for a failure. */
  matches(ws: Workspace, tag: number): number {
    const text = tag === Tag.String ? tag : toStringLike(ws, tag)
    if (text !== Tag.String) return text === Tag.Nil ? 0 : -1
    const where = X[0]!
    const start = X[1]!
    const end = X[2]!
    const pattern = this.pattern.get(ws)
    return pattern === undefined ? -1 : pattern.test(ws.bytes(where), start, end) ? 1 : 0
  }

  eval(ws: Workspace): number {
    const holds = this.matches(ws, this.target.eval(ws))
    if (holds < 0) return Tag.Error
    X[1] = 0
    X[2] = holds
    return Tag.Bool
  }
}

/** The constant patterns that a plan asks one value about: a single pass over the value answers for all, once per item. */
export class MatchGroup {
  private readonly set: PatternSet
  private epoch = -1
  private where = 0
  private start = 0
  private end = 0
  private bits: Int32Array = new Int32Array(0)

  /** Throws a `Mistake` if the patterns together are too large. */
  constructor(sources: ReadonlyArray<string>) {
    this.set = new PatternSet(sources)
  }

  /** 1 if pattern `pattern` matches the text at a place, else 0. */
  matches(ws: Workspace, pattern: number, where: number, start: number, end: number): number {
    if (this.epoch !== ws.epoch || this.start !== start || this.end !== end || this.where !== where) {
      this.bits = this.set.matches(ws.bytes(where), start, end)
      this.epoch = ws.epoch
      this.where = where
      this.start = start
      this.end = end
    }
    return (this.bits[pattern >> 5]! >>> (pattern & 31)) & 1
  }
}

export const isMatch: ConverterSpec = {
  name: "IsMatch",
  parameters: [
    { name: "target", kind: "any" },
    { name: "pattern", kind: "string" }
  ],
  make: (args) => new MatchExpr(args.expr(0), new PatternSource(args.expr(1), args.get(1)!.at))
}
