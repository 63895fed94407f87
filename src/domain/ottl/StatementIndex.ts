import { anyTag } from "./AnyValue.ts"

const buckets = 64

/**
 * Which statements can do anything at all for the item at hand, as bits that the walk sets while it finds keys. A statement whose
 * condition is certainly false without some key is off until that key (or, for `== "text"`, a value of the right hash) turns up. Too
 * many bits are always safe, and a write to a key switches on everything that looks at it.
 */
export class StatementIndex {
  readonly words: number
  /** Bits of the present item. */
  readonly active: Int32Array
  /** Bits that are always on. */
  readonly always: Int32Array
  /** Bits by key register, and bits by key register and value bucket; rows of `words`, or undefined where a key switches nothing on. */
  private readonly present: Array<Int32Array | undefined> = []
  private readonly anything: Array<Int32Array | undefined> = []
  private readonly byValue: Array<Array<Int32Array | undefined> | undefined> = []

  constructor(statements: number) {
    this.words = (statements + 31) >> 5
    this.active = new Int32Array(this.words)
    this.always = new Int32Array(this.words)
  }

  /** Statement `statement` is worth running whatever the item has. */
  alwaysOn(statement: number): void {
    this.always[statement >> 5]! |= 1 << (statement & 31)
  }

  /** Statement `statement` needs key `register`; with `text`, it needs that value. */
  needs(statement: number, register: number, text: Uint8Array | undefined): void {
    const bit = 1 << (statement & 31)
    const row = (rows: Array<Int32Array | undefined>, i: number): Int32Array => (rows[i] ??= new Int32Array(this.words))
    row(this.anything, register)[statement >> 5]! |= bit
    if (text === undefined) row(this.present, register)[statement >> 5]! |= bit
    else row((this.byValue[register] ??= []), hash(text, 0, text.length))[statement >> 5]! |= bit
  }

  start(): void {
    const { active, always } = this
    for (let i = 0; i < active.length; i++) active[i] = always[i]!
  }

  /** The walk has found key `register` with an `AnyValue` in `[start, end)`. */
  found(register: number, bytes: Uint8Array, start: number, end: number): void {
    const present = this.present[register]
    if (present !== undefined) this.switchOn(present)
    const byValue = this.byValue[register]
    if (byValue === undefined) return
    // Only a string in the usual shape has a hash; anything else is left to the condition itself.
    if (bytes[start] === anyTag.string && bytes[start + 1]! < 0x80 && start + 2 + bytes[start + 1]! === end) {
      const row = byValue[hash(bytes, start + 2, end)]
      if (row !== undefined) this.switchOn(row)
    } else this.switchOn(this.anything[register]!)
  }

  /** Key `register` has been written (-1: some key without a register, which no condition names). */
  written(register: number): void {
    const row = this.anything[register]
    if (row !== undefined) this.switchOn(row)
  }

  private switchOn(row: Int32Array): void {
    const { active } = this
    for (let i = 0; i < active.length; i++) active[i] = active[i]! | row[i]!
  }
}

const hash = (bytes: Uint8Array, start: number, end: number): number =>
  end === start ? 0 : (31 * (end - start) + bytes[end - 1]! * 7 + bytes[start]!) & (buckets - 1)
