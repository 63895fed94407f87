import { AssertionCode, classAt, Op, type Program } from "./PatternProgram.ts"

/** What stands beside a position, as far as assertions care. */
const Beside = { Edge: 0, Newline: 1, Word: 2, Other: 3 } as const

const maxStates = 4096

/**
 * A deterministic automaton over a program's character classes, built state by state as inputs need it. It only answers *whether*
 * patterns match somewhere in a text, in one pass and linear time.
 *
 * A state is a list of instructions before their empty moves are followed, plus what stands before the position: assertions are then
 * decided exactly when the next character is known. With several patterns a state also knows which of them have matched already.
 */
export class Dfa {
  private readonly program: Program
  private readonly stride: number
  private readonly single: boolean
  private readonly words: number
  /** Patterns that can only match at the start of the text. */
  private readonly anchored: ReadonlyArray<boolean>
  private readonly patternOf: Int32Array
  private readonly visited: Int32Array
  private visit = 0
  private readonly stack: Int32Array
  private ids = new Map<string, number>()
  private threads: Array<ReadonlyArray<number>> = []
  private beside: Array<number> = []
  private matchedOf: Array<Int32Array> = []
  private transitions: Int32Array
  private start = 0

  constructor(program: Program) {
    this.program = program
    this.stride = program.classes + 1
    this.single = program.starts.length === 1
    this.words = (program.starts.length + 31) >> 5
    this.anchored = program.starts.map((pc) => isAnchored(program, pc, 0))
    const size = program.op.length
    this.visited = new Int32Array(size)
    this.stack = new Int32Array(2 * size + 2)
    this.patternOf = new Int32Array(size)
    let pattern = 0
    for (let pc = 0; pc < size; pc++) {
      // A pattern's code is contiguous and its entry comes last.
      this.patternOf[pc] = pattern
      if (pc === program.starts[pattern]) pattern++
    }
    this.transitions = new Int32Array(64 * this.stride).fill(-1)
    this.reset()
  }

  private reset(): void {
    this.ids = new Map()
    this.threads = []
    this.beside = []
    this.matchedOf = []
    this.transitions.fill(-1)
    const none = new Int32Array(this.words)
    // States 0 and 1: nothing can match any more; the only pattern has matched.
    this.add("dead", [], Beside.Other, none)
    this.add("matched", [], Beside.Other, none)
    this.start = this.add("start", this.program.starts, Beside.Edge, none)
  }

  private add(key: string, threads: ReadonlyArray<number>, beside: number, matched: Int32Array): number {
    const id = this.threads.length
    if ((id + 1) * this.stride > this.transitions.length) {
      const grown = new Int32Array(this.transitions.length * 2).fill(-1)
      grown.set(this.transitions)
      this.transitions = grown
    }
    this.ids.set(key, id)
    this.threads.push(threads)
    this.beside.push(beside)
    this.matchedOf.push(matched)
    return id
  }

  /** Whether the only pattern matches anywhere in `bytes[from, to)`. */
  test(bytes: Uint8Array, from: number, to: number): boolean {
    const { asciiClass } = this.program
    const { stride } = this
    let state = this.start
    let at = from
    while (at < to) {
      const byte = bytes[at]!
      let cls: number
      if (byte < 0x80) {
        cls = asciiClass[byte]!
        at++
      } else {
        const found = classAt(this.program, bytes, at, to)
        cls = found >> 3
        at += found & 7
      }
      const next = this.transitions[state * stride + cls]!
      state = next >= 0 ? next : this.step(state, cls)
      if (state <= 1) return state === 1
    }
    const last = this.transitions[state * stride + stride - 1]!
    return (last >= 0 ? last : this.step(state, stride - 1)) === 1
  }

  /** The bits of all patterns that match anywhere in `bytes[from, to)`. The array is the automaton's own. */
  matches(bytes: Uint8Array, from: number, to: number): Int32Array {
    const { stride } = this
    let state = this.start
    let at = from
    while (at < to) {
      const found = classAt(this.program, bytes, at, to)
      at += found & 7
      const next = this.transitions[state * stride + (found >> 3)]!
      state = next >= 0 ? next : this.step(state, found >> 3)
    }
    const last = this.transitions[state * stride + stride - 1]!
    return this.matchedOf[last >= 0 ? last : this.step(state, stride - 1)]!
  }

  private kindOf(cls: number): number {
    if (cls === this.stride - 1) return Beside.Edge
    if (cls === this.program.newlineClass) return Beside.Newline
    return this.program.wordClass[cls] === 1 ? Beside.Word : Beside.Other
  }

  private step(state: number, cls: number): number {
    const { program } = this
    const { a, next, op, sets } = program
    const before = this.beside[state]!
    const after = program.hasAssertions ? this.kindOf(cls) : Beside.Other
    const known = this.matchedOf[state]!
    const matched = Int32Array.from(known)
    const threads: Array<number> = []
    const generation = ++this.visit
    const added = new Set<number>()
    for (const entry of this.threads[state]!) {
      let depth = 0
      this.stack[depth++] = entry
      while (depth > 0) {
        const pc = this.stack[--depth]!
        if (this.visited[pc] === generation) continue
        this.visited[pc] = generation
        switch (op[pc]) {
          case Op.Split:
            this.stack[depth++] = a[pc]!
            this.stack[depth++] = next[pc]!
            break
          case Op.Save:
            this.stack[depth++] = next[pc]!
            break
          case Op.Assert:
            if (holds(a[pc]!, before, after, cls === this.stride - 1)) this.stack[depth++] = next[pc]!
            break
          case Op.Set:
            if (cls < program.classes && sets[a[pc]!]![cls] === 1 && !added.has(next[pc]!)) {
              added.add(next[pc]!)
              threads.push(next[pc]!)
            }
            break
          case Op.Match:
            if (this.single) return this.record(state, cls, 1)
            matched[a[pc]! >> 5]! |= 1 << (a[pc]! & 31)
        }
      }
    }
    if (cls < program.classes) {
      for (let i = 0; i < program.starts.length; i++) if (!this.anchored[i]) threads.push(program.starts[i]!)
    }
    const open = this.single
      ? threads
      : threads.filter((pc) => (matched[this.patternOf[pc]! >> 5]! & (1 << (this.patternOf[pc]! & 31))) === 0)
    if (this.single && open.length === 0) return this.record(state, cls, 0)
    const beside = program.hasAssertions ? after : Beside.Other
    const key = `${beside}/${matched.join()}/${open.join()}`
    const existing = this.ids.get(key)
    if (existing !== undefined) return this.record(state, cls, existing)
    if (this.threads.length >= maxStates) {
      this.reset()
      return this.add(key, open, beside, matched)
    }
    return this.record(state, cls, this.add(key, open, beside, matched))
  }

  private record(state: number, cls: number, target: number): number {
    this.transitions[state * this.stride + cls] = target
    return target
  }
}

const holds = (assertion: number, before: number, after: number, atEnd: boolean): boolean => {
  switch (assertion) {
    case AssertionCode.textStart:
      return before === Beside.Edge
    case AssertionCode.textEnd:
      return atEnd
    case AssertionCode.lineStart:
      return before === Beside.Edge || before === Beside.Newline
    case AssertionCode.lineEnd:
      return atEnd || after === Beside.Newline
    case AssertionCode.wordBoundary:
      return (before === Beside.Word) !== (after === Beside.Word)
    default:
      return (before === Beside.Word) === (after === Beside.Word)
  }
}

const isAnchored = (program: Program, pc: number, depth: number): boolean => {
  if (depth > 100) return false
  switch (program.op[pc]) {
    case Op.Save:
      return isAnchored(program, program.next[pc]!, depth + 1)
    case Op.Split:
      return isAnchored(program, program.next[pc]!, depth + 1) && isAnchored(program, program.a[pc]!, depth + 1)
    case Op.Assert:
      return program.a[pc] === AssertionCode.textStart
    default:
      return false
  }
}
