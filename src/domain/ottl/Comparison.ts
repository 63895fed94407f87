import type { CompareOp } from "./Ast.ts"
import type { Expr } from "./Expr.ts"
import { type Plain, toPlain } from "./Plain.ts"
import { F, Tag, toDouble, X } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

export const compareOps: ReadonlyArray<CompareOp> = ["==", "!=", "<", "<=", ">", ">="]

/** The meaning of operator number `op` for an order (negative, zero, positive). */
export const holdsFor = (op: number, order: number): boolean => {
  switch (op) {
    case 0:
      return order === 0
    case 1:
      return order !== 0
    case 2:
      return order < 0
    case 3:
      return order <= 0
    case 4:
      return order > 0
    default:
      return order >= 0
  }
}

/** For operands that differ in kind or have no order: only `!=` is true of unequal ones, only `==` of equal ones. */
const unordered = (op: number, equal: boolean): number => ((op === 0 ? equal : op === 1 && !equal) ? 1 : 0)

const ordered = (op: number, order: number): number => (holdsFor(op, order) ? 1 : 0)

const orderOfBytes = (a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): number => {
  for (let i = aStart, j = bStart; i < aEnd && j < bEnd; i++, j++) if (a[i] !== b[j]) return a[i]! - b[j]!
  return aEnd - aStart - (bEnd - bStart)
}

/** 1 if `left op right`, 0 if not, -1 if an operand failed. Operands of different kinds are unequal, never an error. */
export const compare = (ws: Workspace, op: number, left: Expr, right: Expr): number => {
  const leftTag = left.eval(ws)
  if (leftTag === Tag.Error) return -1
  const where = X[0]!
  const a = X[1]!
  const b = X[2]!
  const number = F[0]!
  const rightTag = right.eval(ws)
  if (rightTag === Tag.Error) return -1
  if (leftTag === Tag.Nil || rightTag === Tag.Nil) {
    if (leftTag !== rightTag) return op === 1 ? 1 : 0
    return ordered(op, 0)
  }
  if (leftTag === Tag.Double || rightTag === Tag.Double) {
    const x = leftTag === Tag.Double ? number : leftTag === Tag.Int ? toDouble(a, b) : undefined
    const y = rightTag === Tag.Double ? F[0]! : rightTag === Tag.Int ? toDouble(X[1]!, X[2]!) : undefined
    if (x === undefined || y === undefined || Number.isNaN(x) || Number.isNaN(y)) return unordered(op, false)
    return ordered(op, x < y ? -1 : x > y ? 1 : 0)
  }
  if (leftTag !== rightTag) return unordered(op, false)
  switch (leftTag) {
    case Tag.Bool:
    case Tag.Int:
    case Tag.Time:
    case Tag.Duration: {
      const high = a - X[1]!
      return ordered(op, high !== 0 ? high : (b >>> 0) - (X[2]! >>> 0))
    }
    case Tag.String:
    case Tag.Bytes:
      return ordered(op, orderOfBytes(ws.bytes(where), a, b, ws.bytes(X[0]!), X[1]!, X[2]!))
    case Tag.List:
    case Tag.Map: {
      const other = toPlain(ws, rightTag)
      X[0] = where
      X[1] = a
      X[2] = b
      const value = toPlain(ws, leftTag)
      return value === undefined || other === undefined ? -1 : unordered(op, equal(value, other))
    }
    default:
      return unordered(op, orderOfBytes(ws.bytes(where), a, b, ws.bytes(X[0]!), X[1]!, X[2]!) === 0)
  }
}

/** Deep equality: kinds must agree (1 is not 1.0), the order of keys does not matter, NaN equals nothing. */
export const equal = (a: Plain, b: Plain): boolean => {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]!))
  if (!(b instanceof Map) || a.size !== b.size) return false
  for (const [key, value] of a) if (!b.has(key) || !equal(value, b.get(key)!)) return false
  return true
}
