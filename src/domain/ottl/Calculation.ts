import { Expr } from "./Expr.ts"
import type { MathOp } from "./Ast.ts"
import { F, Failure, setBigInt, setInt, Tag, toBigInt, toDouble, X } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

const isNumber = (tag: number): boolean => tag === Tag.Int || tag === Tag.Double

/** What the operator makes of the operands' types, or `Error`. */
const resultTag = (op: MathOp, left: number, right: number): number => {
  if (isNumber(left) && isNumber(right)) return left === Tag.Double || right === Tag.Double ? Tag.Double : Tag.Int
  if (op === "+") {
    if ((left === Tag.Time && right === Tag.Duration) || (left === Tag.Duration && right === Tag.Time)) return Tag.Time
    if (left === Tag.Duration && right === Tag.Duration) return Tag.Duration
  }
  if (op === "-") {
    if (left === Tag.Time) return right === Tag.Time ? Tag.Duration : right === Tag.Duration ? Tag.Time : Tag.Error
    if (left === Tag.Duration && right === Tag.Duration) return Tag.Duration
  }
  return Tag.Error
}

/** `left op right` on numbers, times and durations. Whole numbers wrap at 64 bits; division cuts toward zero; dividing by zero is an error. */
export class MathExpr extends Expr {
  private readonly op: MathOp
  private readonly left: Expr
  private readonly right: Expr

  constructor(op: MathOp, left: Expr, right: Expr) {
    super()
    this.op = op
    this.left = left
    this.right = right
  }

  eval(ws: Workspace): number {
    const leftTag = this.left.eval(ws)
    if (leftTag === Tag.Error) return leftTag
    const leftHigh = X[1]!
    const leftLow = X[2]!
    const leftNumber = F[0]!
    const rightTag = this.right.eval(ws)
    if (rightTag === Tag.Error) return rightTag
    const tag = resultTag(this.op, leftTag, rightTag)
    if (tag === Tag.Error) return ws.fail(Failure.Type)
    if (tag === Tag.Double) {
      const a = leftTag === Tag.Double ? leftNumber : toDouble(leftHigh, leftLow)
      const b = rightTag === Tag.Double ? F[0]! : toDouble(X[1]!, X[2]!)
      if (this.op === "/" && b === 0) return ws.fail(Failure.DivideByZero)
      F[0] = this.op === "+" ? a + b : this.op === "-" ? a - b : this.op === "*" ? a * b : a / b
      return tag
    }
    if (this.op === "/" && (X[1]! | X[2]!) === 0) return ws.fail(Failure.DivideByZero)
    if (leftHigh === leftLow >> 31 && X[1] === X[2]! >> 31) {
      const a = leftLow
      const b = X[2]!
      const result = this.op === "+" ? a + b : this.op === "-" ? a - b : this.op === "*" ? a * b : Math.trunc(a / b)
      if (Number.isSafeInteger(result)) {
        setInt(result)
        return tag
      }
    }
    const a = toBigInt(leftHigh, leftLow)
    const b = toBigInt(X[1]!, X[2]!)
    setBigInt(this.op === "+" ? a + b : this.op === "-" ? a - b : this.op === "*" ? a * b : a / b)
    return tag
  }
}

export class NegateExpr extends Expr {
  private readonly operand: Expr

  constructor(operand: Expr) {
    super()
    this.operand = operand
  }

  eval(ws: Workspace): number {
    const tag = this.operand.eval(ws)
    if (tag === Tag.Double) F[0] = -F[0]!
    else if (tag === Tag.Int) setBigInt(-toBigInt(X[1]!, X[2]!))
    else if (tag !== Tag.Error) return ws.fail(Failure.Type)
    return tag
  }
}
