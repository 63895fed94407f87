import type { Action, Condition } from "./CheckedStatement.ts"
import { compareOps, holdsFor } from "./Comparison.ts"
import { type Expr, FieldPlace, KeyPlace, Literal } from "./Expr.ts"
import type { Editor } from "./functions/Function.ts"
import { MatchExpr } from "./functions/Match.ts"
import { Op } from "./Instructions.ts"
import type { MapTable } from "./MapTable.ts"
import type { Message } from "./Message.ts"
import { type Needs, needsOf } from "./Needs.ts"
import type { Workspace } from "./Workspace.ts"

/** The target that ends a statement. */
const end = -1
/** Whole numbers up to here are exact as doubles, and no number beyond them rounds to one. */
const exact = Number.MAX_SAFE_INTEGER

/** The comparison that holds for `b, a` where each one holds for `a, b`. */
const mirrored = [0, 1, 4, 5, 2, 3]

/**
 * Lowers checked statements to the instructions and tables of a program. `indexed` is the map whose keys the index watches: the one that
 * each run's item is filled from.
 */
export class ProgramBuilder {
  readonly ws: Workspace
  readonly indexed: MapTable | undefined
  readonly code: Array<number> = []
  readonly entries: Array<number> = []
  readonly needs: Array<Needs> = []
  readonly tables: Array<MapTable> = []
  readonly messages: Array<Message> = []
  readonly exprs: Array<Expr> = []
  readonly editors: Array<Editor> = []
  readonly numbers: Array<number> = []
  readonly texts: Array<number> = []
  readonly records: Array<number> = []
  /** Constant patterns (numbers of expressions) by the key that they are asked about. */
  readonly matches = new Map<string, Array<number>>()

  constructor(ws: Workspace, indexed: MapTable | undefined) {
    this.ws = ws
    this.indexed = indexed
  }

  get statements(): number {
    return this.entries.length
  }

  add(where: Condition | undefined, action: Action): void {
    this.needs.push(needsOf(where, action, this.indexed))
    const act = this.action(action)
    this.entries.push(where === undefined ? act : this.condition(where, act, end))
  }

  private emit(op: number, a: number, b: number, c: number, ifTrue: number, ifFalse: number): number {
    const at = this.code.length
    this.code.push(op, a, b, c, ifTrue, ifFalse)
    return at
  }

  private action(action: Action): number {
    switch (action.kind) {
      case "match":
        return this.emit(Op.match, 0, 0, 0, end, end)
      case "edit":
        return this.emit(Op.edit, put(this.editors, action.editor), 0, 0, end, end)
      case "deleteKey":
        return this.emit(Op.deleteKey, put(this.tables, action.place.table), action.place.register, 0, end, end)
      case "setConstant": {
        const { register, table } = action.place
        const record = this.records.length
        this.records.push(...table.prepare(register, action.value))
        return this.emit(Op.setConstant, put(this.tables, table), register, record, end, end)
      }
    }
  }

  /** Code that goes on at `ifTrue` or `ifFalse`; returns its entry. Built from the end, so targets are always known. */
  private condition(condition: Condition, ifTrue: number, ifFalse: number): number {
    switch (condition.kind) {
      case "constant":
        return condition.value ? ifTrue : ifFalse
      case "not":
        return this.condition(condition.operand, ifFalse, ifTrue)
      case "and":
        return condition.operands.reduceRight((next, operand) => this.condition(operand, next, ifFalse), ifTrue)
      case "or":
        return condition.operands.reduceRight((next, operand) => this.condition(operand, ifTrue, next), ifFalse)
      case "test":
        return this.test(condition.expr, ifTrue, ifFalse)
      case "compare":
        return this.comparison(condition, ifTrue, ifFalse)
    }
  }

  private test(expr: Expr, ifTrue: number, ifFalse: number): number {
    if (expr instanceof MatchExpr && expr.target instanceof KeyPlace && expr.isConstant) {
      const table = put(this.tables, expr.target.table)
      const number = put(this.exprs, expr)
      const key = `${table}/${expr.target.register}`
      const group = this.matches.get(key)
      if (group === undefined) this.matches.set(key, [number])
      else group.push(number)
      return this.emit(Op.keyMatch, table, expr.target.register, number, ifTrue, ifFalse)
    }
    return this.emit(Op.test, put(this.exprs, expr), 0, 0, ifTrue, ifFalse)
  }

  private comparison({ left, op, right }: Extract<Condition, { kind: "compare" }>, ifTrue: number, ifFalse: number): number {
    if (left instanceof Literal && !(right instanceof Literal)) {
      return this.comparison({ kind: "compare", left: right, op: mirrored[op]!, right: left }, ifTrue, ifFalse)
    }
    if (right instanceof Literal) {
      if (compareOps[op] === "!=") {
        const atom = this.atom(left, 0, right, ifFalse, ifTrue)
        if (atom !== undefined) return atom
      } else {
        const atom = this.atom(left, op, right, ifTrue, ifFalse)
        if (atom !== undefined) return atom
      }
    }
    return this.emit(Op.compare, put(this.exprs, left), put(this.exprs, right), op, ifTrue, ifFalse)
  }

  /** A comparison with a constant as one instruction, where there is one for it. */
  private atom(left: Expr, op: number, { end: textEnd, start, value }: Literal, ifTrue: number, ifFalse: number): number | undefined {
    const number = typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : Number.NaN
    const isExact = typeof value === "number" || (typeof value === "bigint" && Math.abs(number) <= exact)
    const isText = typeof value === "string" && op === 0
    if (left instanceof KeyPlace) {
      const table = put(this.tables, left.table)
      if (isText) return this.emit(Op.keyText, table, left.register, put(this.texts, start, textEnd), ifTrue, ifFalse)
      if (isExact) return this.emit(Op.keyNumber, table, left.register, op | (put(this.numbers, number) << 3), ifTrue, ifFalse)
      if (typeof value === "boolean" && op === 0) return this.emit(Op.keyBool, table, left.register, value ? 1 : 0, ifTrue, ifFalse)
      if (value === null && holdsFor(op, 0)) return this.emit(Op.keyNil, table, left.register, 0, ifTrue, ifFalse)
    } else if (left instanceof FieldPlace) {
      const field = left.row | (left.codec << 5)
      const message = put(this.messages, left.message)
      if (isText) return this.emit(Op.fieldText, message, field, put(this.texts, start, textEnd), ifTrue, ifFalse)
      if (isExact) {
        return this.emit(Op.fieldNumber, message, field, op | (put(this.numbers, number) << 3), ifTrue, ifFalse)
      }
    }
    return undefined
  }
}

const put = <A>(list: Array<A>, ...items: ReadonlyArray<A>): number => {
  const known = items.length === 1 ? list.indexOf(items[0]!) : -1
  return known >= 0 ? known : list.push(...items) - items.length
}
