import { compareOps } from "./Comparison.ts"
import type { Action, Condition } from "./CheckedStatement.ts"
import { type Expr, FieldPlace, KeyPlace, Literal } from "./Expr.ts"
import { MatchExpr } from "./functions/Match.ts"
import type { MapTable } from "./MapTable.ts"

/** A key (by its register) that a statement waits for, and the text that its value must be if only one will do. */
export interface Need {
  readonly register: number
  readonly text: Uint8Array | undefined
}

/** One of them must be there; `undefined` if the statement can do something without any. */
export type Needs = ReadonlyArray<Need> | undefined

/** What an item must have in the map `indexed` for the statement to do anything, or to fail: the statement index skips it for others. */
export const needsOf = (where: Condition | undefined, action: Action, indexed: MapTable | undefined): Needs => {
  if (indexed === undefined) return undefined
  if (where !== undefined) return neededFor(where, indexed)
  // An edit that does nothing, and cannot fail, without its key.
  return action.kind === "deleteKey" ? keyOf(indexed, action.place, undefined) : undefined
}

/** Keys without which the condition is certainly false, one of which must be there; `undefined` if there are none such. */
const neededFor = (condition: Condition, indexed: MapTable): Needs => {
  switch (condition.kind) {
    case "and":
      // Parts before the one that is relied on would have run; they must not be able to fail, or a failure would go uncounted.
      for (const operand of condition.operands) {
        const needs = neededFor(operand, indexed)
        if (needs !== undefined) return needs
        if (canFail(operand)) return undefined
      }
      return undefined
    case "or": {
      const all: Array<Need> = []
      for (const operand of condition.operands) {
        const needs = neededFor(operand, indexed)
        if (needs === undefined) return undefined
        all.push(...needs)
      }
      return all
    }
    case "test":
      if (!(condition.expr instanceof MatchExpr) || !condition.expr.isConstant) return undefined
      return keyOf(indexed, condition.expr.target, undefined)
    case "compare": {
      const { left, op, right } = condition
      const [place, literal] = left instanceof Literal ? [right, left] : [left, right]
      if (compareOps[op] === "!=" || !(literal instanceof Literal) || literal.value === null) return undefined
      return keyOf(indexed, place, typeof literal.value === "string" && op === 0 ? new Uint8Array(Buffer.from(literal.value)) : undefined)
    }
    default:
      return undefined
  }
}

const keyOf = (indexed: MapTable, place: Expr, text: Uint8Array | undefined): Needs =>
  place instanceof KeyPlace && place.table === indexed ? [{ register: place.register, text }] : undefined

const canFail = (condition: Condition): boolean => {
  switch (condition.kind) {
    case "constant":
      return false
    case "not":
      return canFail(condition.operand)
    case "and":
    case "or":
      return condition.operands.some(canFail)
    case "compare":
      return ![condition.left, condition.right].every(
        (side) => side instanceof KeyPlace || side instanceof FieldPlace || side instanceof Literal
      )
    case "test":
      return true
  }
}
