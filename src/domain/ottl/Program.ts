import { anyTag } from "./AnyValue.ts"
import { compare, compareOps, holdsFor } from "./Comparison.ts"
import type { Codec } from "./contexts/Codec.ts"
import { readField } from "./contexts/ReadField.ts"
import { type Expr, FieldPlace, KeyPlace, Literal } from "./Expr.ts"
import type { Editor } from "./functions/Function.ts"
import { MatchExpr, MatchGroup } from "./functions/Match.ts"
import type { MapTable } from "./MapTable.ts"
import type { Message } from "./Message.ts"
import { Mistake } from "./OttlError.ts"
import { StatementIndex } from "./StatementIndex.ts"
import { F, Failure, Tag, toDouble, X } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

/** A condition whose names are resolved and whose constants are folded. */
export type Condition =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "compare"; readonly op: number; readonly left: Expr; readonly right: Expr }
  | { readonly kind: "test"; readonly expr: Expr }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "and" | "or"; readonly operands: ReadonlyArray<Condition> }

/** What a statement does once its condition holds; without a constant record or a register it is a call. */
export type Action =
  | { readonly kind: "match" }
  | { readonly kind: "edit"; readonly editor: Editor }
  | { readonly kind: "setConstant"; readonly place: KeyPlace; readonly value: Literal }
  | { readonly kind: "deleteKey"; readonly place: KeyPlace }

/** Instructions are six numbers: operation, three operands, where to go on if true and if false. Actions go on at `ifTrue`. */
const Op = {
  keyText: 0,
  keyNumber: 1,
  keyNil: 2,
  keyBool: 3,
  keyMatch: 4,
  fieldNumber: 5,
  fieldText: 6,
  compare: 7,
  test: 8,
  setConstant: 9,
  deleteKey: 10,
  edit: 11,
  match: 12
} as const

const end = -1
/** Whole numbers up to here are exact as doubles, and no number beyond them rounds to one. */
const exact = Number.MAX_SAFE_INTEGER

/** What `run` returns besides the number of a matched condition. */
export const Outcome = { done: -1, failed: -2 } as const

/**
 * Statements of one level as an integer program run in one loop: conditions and plain edits are instructions over registers, only
 * functions are calls. Which statements run at all is decided by the index.
 */
export class Program {
  private readonly ws: Workspace
  private code = new Int32Array(0)
  private entries = new Int32Array(0)
  private readonly tables: ReadonlyArray<MapTable>
  private readonly messages: ReadonlyArray<Message>
  private readonly exprs: ReadonlyArray<Expr>
  private readonly editors: ReadonlyArray<Editor>
  private readonly numbers: Float64Array
  /** Places of constant texts (start, end) and of constant records (six numbers each) in the arena. */
  private readonly texts: Int32Array
  private readonly records: Int32Array
  /** Patterns that are asked about one key together: by expression, the group and the pattern's number in it. */
  private readonly groups: Array<MatchGroup | undefined> = []
  private readonly patterns: Array<number> = []
  readonly index: StatementIndex
  /** Failures by statement since the last look. */
  readonly failures: Int32Array
  /** The statement of the last failure; its cause is in the workspace. */
  failed = -1

  constructor(builder: ProgramBuilder) {
    this.ws = builder.ws
    this.code = Int32Array.from(builder.code)
    this.entries = Int32Array.from(builder.entries)
    this.tables = builder.tables
    this.messages = builder.messages
    this.exprs = builder.exprs
    this.editors = builder.editors
    this.numbers = Float64Array.from(builder.numbers)
    this.texts = Int32Array.from(builder.texts)
    this.records = Int32Array.from(builder.records)
    this.index = new StatementIndex(builder.entries.length)
    for (let i = 0; i < builder.entries.length; i++) {
      const needs = builder.needs[i]
      if (needs === undefined) this.index.alwaysOn(i)
      else for (const need of needs) this.index.needs(i, need.register, need.text)
    }
    if (builder.indexed !== undefined) builder.indexed.index = this.index
    this.failures = new Int32Array(builder.entries.length)
    for (const exprs of builder.matches.values()) this.group(exprs)
  }

  private group(exprs: ReadonlyArray<number>): void {
    if (exprs.length < 2) return
    try {
      const group = new MatchGroup(exprs.map((expr) => (this.exprs[expr] as MatchExpr).source!))
      for (const [i, expr] of exprs.entries()) {
        this.groups[expr] = group
        this.patterns[expr] = i
      }
    } catch (mistake) {
      // Too large together: each pattern then has its own automaton.
      if (!(mistake instanceof Mistake)) throw mistake
    }
  }

  /** Once per item, before its fields are read. */
  start(): void {
    this.index.start()
  }

  /**
   * Runs statements `[from, to)`. The number of the first condition that matched, `done`, or, if a failure is to end the run
   * (`propagate`), `failed`.
   */
  run(from: number, to: number, propagate: boolean): number {
    const { code, entries, exprs, groups, messages, numbers, tables, ws } = this
    const { active } = this.index
    for (let word = from >> 5; word << 5 < to; word++) {
      // Statements that are behind: a bit that comes on late must not take the run back.
      let behind = word << 5 < from ? (1 << (from & 31)) - 1 : 0
      for (;;) {
        const bits = active[word]! & ~behind
        if (bits === 0) break
        const lowest = bits & -bits
        behind |= lowest | (lowest - 1)
        const statement = (word << 5) + (31 - Math.clz32(lowest))
        if (statement >= to) return Outcome.done
        let pc = entries[statement]!
        while (pc >= 0) {
          let holds = 0
          switch (code[pc]) {
            case Op.keyText:
              holds = this.keyText(code[pc + 1]!, code[pc + 2]!, code[pc + 3]!)
              break
            case Op.keyNumber: {
              const table = tables[code[pc + 1]!]!
              const entry = table.slot[code[pc + 2]!]!
              if (entry >= 0) {
                const operand = code[pc + 3]!
                const small = smallInt(table.where[entry] === 0 ? ws.source : ws.arena, table.valueStart[entry]!, table.valueEnd[entry]!)
                if (small >= 0) {
                  holds = compareNumbers(operand & 7, small, numbers[operand >> 3]!)
                  break
                }
                const tag = table.read(entry)
                if (tag === Tag.Int) holds = compareNumbers(operand & 7, toDouble(X[1]!, X[2]!), numbers[operand >> 3]!)
                else if (tag === Tag.Double) holds = compareNumbers(operand & 7, F[0]!, numbers[operand >> 3]!)
                else if (tag === Tag.Error) holds = -1
              }
              break
            }
            case Op.keyNil: {
              const table = tables[code[pc + 1]!]!
              const entry = table.slot[code[pc + 2]!]!
              holds = entry < 0 || table.valueStart[entry] === table.valueEnd[entry] ? 1 : 0
              break
            }
            case Op.keyBool: {
              const table = tables[code[pc + 1]!]!
              const entry = table.slot[code[pc + 2]!]!
              if (entry >= 0) {
                const tag = table.read(entry)
                holds = tag === Tag.Bool && X[2] === code[pc + 3] ? 1 : tag === Tag.Error ? -1 : 0
              }
              break
            }
            case Op.keyMatch: {
              const table = tables[code[pc + 1]!]!
              const entry = table.slot[code[pc + 2]!]!
              if (entry < 0) break
              const expr = code[pc + 3]!
              const group = groups[expr]
              if (group !== undefined) {
                const where = table.where[entry]!
                const start = textStart(where === 0 ? ws.source : ws.arena, table.valueStart[entry]!, table.valueEnd[entry]!)
                if (start >= 0) {
                  holds = group.matches(ws, this.patterns[expr]!, where, start, table.valueEnd[entry]!)
                  break
                }
              }
              holds = (exprs[expr] as MatchExpr).matches(ws, table.read(entry))
              break
            }
            case Op.fieldNumber: {
              const operand = code[pc + 3]!
              const tag = readField(ws, messages[code[pc + 1]!]!, code[pc + 2]! & 31, (code[pc + 2]! >> 5) as Codec)
              if (tag === Tag.Int) holds = compareNumbers(operand & 7, toDouble(X[1]!, X[2]!), numbers[operand >> 3]!)
              else if (tag === Tag.Double) holds = compareNumbers(operand & 7, F[0]!, numbers[operand >> 3]!)
              else if (tag === Tag.Error) holds = -1
              break
            }
            case Op.fieldText: {
              const tag = readField(ws, messages[code[pc + 1]!]!, code[pc + 2]! & 31, (code[pc + 2]! >> 5) as Codec)
              if (tag === Tag.String) holds = this.isText(ws.bytes(X[0]!), X[1]!, X[2]!, code[pc + 3]!)
              else if (tag === Tag.Error) holds = -1
              break
            }
            case Op.compare:
              holds = compare(ws, code[pc + 3]!, exprs[code[pc + 1]!]!, exprs[code[pc + 2]!]!)
              break
            case Op.test: {
              const tag = exprs[code[pc + 1]!]!.eval(ws)
              if (tag === Tag.Bool) holds = X[2]!
              else {
                if (tag !== Tag.Error) ws.failure = Failure.Type
                holds = -1
              }
              break
            }
            case Op.setConstant:
              tables[code[pc + 1]!]!.setConstant(code[pc + 2]!, this.records, code[pc + 3]!)
              holds = 1
              break
            case Op.deleteKey: {
              const table = tables[code[pc + 1]!]!
              const entry = table.slot[code[pc + 2]!]!
              if (entry >= 0) table.remove(entry)
              holds = 1
              break
            }
            case Op.edit:
              holds = this.editors[code[pc + 1]!]!.run(ws) ? 1 : -1
              break
            default:
              return statement
          }
          if (holds < 0) {
            this.failures[statement]!++
            this.failed = statement
            if (propagate) return Outcome.failed
            break
          }
          pc = holds === 1 ? code[pc + 4]! : code[pc + 5]!
        }
      }
    }
    return Outcome.done
  }

  private keyText(table: number, register: number, text: number): number {
    const map = this.tables[table]!
    const entry = map.slot[register]!
    if (entry < 0) return 0
    const bytes = map.where[entry] === 0 ? this.ws.source : this.ws.arena
    const start = map.valueStart[entry]!
    const end = map.valueEnd[entry]!
    const content = textStart(bytes, start, end)
    if (content >= 0) return this.isText(bytes, content, end, text)
    const tag = map.read(entry)
    return tag === Tag.String ? this.isText(this.ws.bytes(X[0]!), X[1]!, X[2]!, text) : tag === Tag.Error ? -1 : 0
  }

  private isText(bytes: Uint8Array, start: number, end: number, text: number): number {
    const { arena } = this.ws
    let at = this.texts[text]!
    if (this.texts[text + 1]! - at !== end - start) return 0
    for (let i = start; i < end; i++) if (bytes[i] !== arena[at++]) return 0
    return 1
  }
}

/** Where the text of an `AnyValue` in its usual shape starts (it ends where the value does); -1 for anything else. */
const textStart = (bytes: Uint8Array, start: number, end: number): number => {
  if (bytes[start] !== anyTag.string) return -1
  const length = bytes[start + 1]!
  return length < 0x80 && start + 2 + length === end ? start + 2 : -1
}

/** The whole number below 2^21 that an `AnyValue` holds in its usual shape; -1 for anything else, which is read the long way. */
const smallInt = (bytes: Uint8Array, start: number, end: number): number => {
  if (bytes[start] !== anyTag.int) return -1
  const first = bytes[start + 1]!
  if (end === start + 2 && first < 0x80) return first
  const second = bytes[start + 2]!
  if (end === start + 3 && second < 0x80) return (first & 0x7f) | (second << 7)
  const third = bytes[start + 3]!
  return end === start + 4 && third < 0x80 ? (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14) : -1
}

/** `Ne` is compiled by exchanging the targets of `==`, so that NaN needs no case of its own. */
const compareNumbers = (op: number, a: number, b: number): number => {
  switch (op) {
    case 0:
      return a === b ? 1 : 0
    case 2:
      return a < b ? 1 : 0
    case 3:
      return a <= b ? 1 : 0
    case 4:
      return a > b ? 1 : 0
    default:
      return a >= b ? 1 : 0
  }
}

interface Need {
  readonly register: number
  readonly text: Uint8Array | undefined
}

const mirrored = [0, 1, 4, 5, 2, 3]

/** Lowers statements to a program. `indexed` is the map whose keys the index watches: the one that each run's item is filled from. */
export class ProgramBuilder {
  readonly ws: Workspace
  readonly indexed: MapTable | undefined
  readonly code: Array<number> = []
  readonly entries: Array<number> = []
  readonly needs: Array<ReadonlyArray<Need> | undefined> = []
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
    const needs = where === undefined ? undefined : this.needed(where)
    this.needs.push(needs ?? (where === undefined ? this.neededBy(action) : undefined))
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

  // ---- what a condition needs

  /** Keys without which the condition is certainly false, one of which must be there; `undefined` if there are none such. */
  private needed(condition: Condition): ReadonlyArray<Need> | undefined {
    switch (condition.kind) {
      case "and":
        // Parts before the one that is relied on would have run; they must not be able to fail, or a failure would go uncounted.
        for (const operand of condition.operands) {
          const needs = this.needed(operand)
          if (needs !== undefined) return needs
          if (canFail(operand)) return undefined
        }
        return undefined
      case "or": {
        const all: Array<Need> = []
        for (const operand of condition.operands) {
          const needs = this.needed(operand)
          if (needs === undefined) return undefined
          all.push(...needs)
        }
        return all
      }
      case "test":
        if (!(condition.expr instanceof MatchExpr) || !condition.expr.isConstant) return undefined
        return this.key(condition.expr.target, undefined)
      case "compare": {
        const { left, op, right } = condition
        const [place, literal] = left instanceof Literal ? [right, left] : [left, right]
        if (compareOps[op] === "!=" || !(literal instanceof Literal) || literal.value === null) return undefined
        return this.key(place, typeof literal.value === "string" && op === 0 ? new Uint8Array(Buffer.from(literal.value)) : undefined)
      }
      default:
        return undefined
    }
  }

  /** An edit that does nothing, and cannot fail, without its key. */
  private neededBy(action: Action): ReadonlyArray<Need> | undefined {
    return action.kind === "deleteKey" ? this.key(action.place, undefined) : undefined
  }

  private key(place: Expr, text: Uint8Array | undefined): ReadonlyArray<Need> | undefined {
    if (!(place instanceof KeyPlace) || this.indexed === undefined || place.table !== this.indexed) return undefined
    return [{ register: place.register, text }]
  }
}

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

const put = <A>(list: Array<A>, ...items: ReadonlyArray<A>): number => {
  const known = items.length === 1 ? list.indexOf(items[0]!) : -1
  return known >= 0 ? known : list.push(...items) - items.length
}
