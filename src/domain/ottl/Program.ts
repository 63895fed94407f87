import { anyTag } from "./AnyValue.ts"
import { compare } from "./Comparison.ts"
import type { Codec } from "./contexts/Codec.ts"
import { readField } from "./contexts/ReadField.ts"
import type { Expr } from "./Expr.ts"
import type { Editor } from "./functions/Function.ts"
import { type MatchExpr, MatchGroup } from "./functions/Match.ts"
import { Op } from "./Instructions.ts"
import type { MapTable } from "./MapTable.ts"
import type { Message } from "./Message.ts"
import { Mistake } from "./OttlError.ts"
import type { ProgramBuilder } from "./ProgramBuilder.ts"
import { StatementIndex } from "./StatementIndex.ts"
import { F, Failure, Tag, toDouble, X } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

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
