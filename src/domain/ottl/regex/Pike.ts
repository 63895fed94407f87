import { AssertionCode, classAt, Op, type Program } from "./PatternProgram.ts"

/**
 * Runs a program of one pattern over a text and finds where it matches: leftmost, alternatives by preference (as Perl and RE2), with
 * the positions of all groups, in time linear in the text.
 */
export class Pike {
  private readonly program: Program
  private readonly slots: number
  private current: Threads
  private upcoming: Threads
  private readonly stack: Array<number> = []
  /** Classes of characters that a match can start with; undefined if it can be empty. */
  private readonly firstClasses: Uint8Array | undefined
  /** Start and end of each group after a match, offsets in the bytes; -1 for a group that took no part. */
  readonly groups: Int32Array

  constructor(program: Program) {
    this.program = program
    this.slots = program.slots
    this.current = new Threads(program.op.length, this.slots)
    this.upcoming = new Threads(program.op.length, this.slots)
    this.groups = new Int32Array(this.slots)
    this.firstClasses = firstClasses(program)
  }

  /** Searches `bytes[from, to)`, where the text itself starts at `textStart`. */
  search(bytes: Uint8Array, textStart: number, from: number, to: number): boolean {
    const { program, slots } = this
    let matched = false
    let at = from
    this.current.count = 0
    for (;;) {
      if (this.current.count === 0 && matched) break
      if (!matched) {
        if (this.current.count === 0 && this.firstClasses !== undefined) {
          while (at < to) {
            const found = classAt(program, bytes, at, to)
            if (this.firstClasses[found >> 3] === 1) break
            at += found & 7
          }
          if (at >= to) break
        }
        this.groups.fill(-1)
        this.follow(this.current, program.starts[0]!, this.groups, 0, at, bytes, textStart, to)
      }
      const found = at < to ? classAt(program, bytes, at, to) : -1
      const threads = this.current
      const ahead = this.upcoming
      ahead.count = 0
      ahead.generation++
      for (let i = 0; i < threads.count; i++) {
        const pc = threads.dense[i]!
        if (program.op[pc] === Op.Match) {
          matched = true
          this.groups.set(threads.captures.subarray(i * slots, (i + 1) * slots))
          break
        }
        if (found >= 0 && program.sets[program.a[pc]!]![found >> 3] === 1) {
          this.follow(ahead, program.next[pc]!, threads.captures, i * slots, at + (found & 7), bytes, textStart, to)
        }
      }
      this.current = ahead
      this.upcoming = threads
      if (found < 0) break
      at += found & 7
    }
    this.current.count = 0
    this.current.generation++
    return matched
  }

  /** Adds the instructions that `pc` reaches without taking a character, most preferred first. */
  private follow(
    list: Threads,
    entry: number,
    captures: Int32Array,
    offset: number,
    at: number,
    bytes: Uint8Array,
    textStart: number,
    to: number
  ): void {
    const { a, next, op } = this.program
    const { slots, stack } = this
    const scratch = list.scratch
    for (let i = 0; i < slots; i++) scratch[i] = captures[offset + i]!
    // Entries: an instruction, or (negative) a slot to restore followed by its old value.
    stack.length = 0
    stack.push(entry)
    while (stack.length > 0) {
      const pc = stack.pop()!
      if (pc < 0) {
        scratch[-pc - 1] = stack.pop()!
        continue
      }
      if (list.seen[pc] === list.generation) continue
      list.seen[pc] = list.generation
      switch (op[pc]) {
        case Op.Split:
          stack.push(a[pc]!, next[pc]!)
          break
        case Op.Save:
          if (a[pc]! < slots) {
            stack.push(scratch[a[pc]!]!, -a[pc]! - 1)
            scratch[a[pc]!] = at
          }
          stack.push(next[pc]!)
          break
        case Op.Assert:
          if (this.holds(a[pc]!, bytes, textStart, at, to)) stack.push(next[pc]!)
          break
        default: {
          const base = list.count * slots
          list.dense[list.count++] = pc
          for (let i = 0; i < slots; i++) list.captures[base + i] = scratch[i]!
        }
      }
    }
  }

  private holds(assertion: number, bytes: Uint8Array, textStart: number, at: number, to: number): boolean {
    switch (assertion) {
      case AssertionCode.textStart:
        return at === textStart
      case AssertionCode.textEnd:
        return at === to
      case AssertionCode.lineStart:
        return at === textStart || bytes[at - 1] === 0x0a
      case AssertionCode.lineEnd:
        return at === to || bytes[at] === 0x0a
    }
    const boundary = (at > textStart && isWordByte(bytes[at - 1]!)) !== (at < to && isWordByte(bytes[at]!))
    return boundary === (assertion === AssertionCode.wordBoundary)
  }
}

const firstClasses = (program: Program): Uint8Array | undefined => {
  const classes = new Uint8Array(program.classes)
  const seen = new Set<number>()
  const stack = [program.starts[0]!]
  while (stack.length > 0) {
    const pc = stack.pop()!
    if (seen.has(pc)) continue
    seen.add(pc)
    switch (program.op[pc]) {
      case Op.Match:
        return undefined
      case Op.Set:
        for (const [cls, taken] of program.sets[program.a[pc]!]!.entries()) if (taken === 1) classes[cls] = 1
        break
      case Op.Split:
        stack.push(program.a[pc]!, program.next[pc]!)
        break
      default:
        stack.push(program.next[pc]!)
    }
  }
  return classes
}

const isWordByte = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f

class Threads {
  readonly dense: Int32Array
  readonly captures: Int32Array
  readonly seen: Int32Array
  readonly scratch: Int32Array
  count = 0
  generation = 1

  constructor(instructions: number, slots: number) {
    this.dense = new Int32Array(instructions)
    this.captures = new Int32Array(instructions * slots)
    this.seen = new Int32Array(instructions)
    this.scratch = new Int32Array(slots)
  }
}
