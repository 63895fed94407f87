import { Lease } from "../Lease.ts"
import type { Piece, SlabPool } from "../SlabPool.ts"
import { copyBytes } from "./Copy.ts"
import { Table } from "./Table.ts"
import { varintSize, writeVarint } from "./Write.ts"

// One row per operation. OPEN and CLOSE are the two ends of a message that has edits inside.
const KIND = 0
const POSITION = 1
const END = 2
const FROM = 3
const TO = 4
const DEPTH = 5
const WIDTH = 6

const EDIT = 0
const OPEN = 1
const CLOSE = 2

/** An edit that comes late by this many rows at most is put in its place at once; for others all rows are sorted in the end. */
const nearby = 16

/** Whether a row belongs behind a later one with this position: where one message ends its contents come before what follows it outside. */
const isAfter = (data: Int32Array, row: number, position: number, depth: number): boolean =>
  data[row + POSITION]! > position || (data[row + POSITION] === position && data[row + DEPTH]! < depth)

/**
 * Edits of one chunk, as columns: `[start, end)` of the source is replaced by a range of the arena (nothing: a deletion; an empty range
 * of the source: an insertion). They hang in a tree of length-prefixed messages (`enter`, `leave`), whose lengths `rebuild` writes anew;
 * what lies between is copied in one go, so untouched items, unknown fields and the order of fields survive byte for byte.
 *
 * Edits of one message do not overlap. They may come in any order, as may the messages in a message, but each is entered once; in
 * order of position is cheapest. A message in which nothing was edited leaves no row. The object is reused: `begin` starts anew.
 */
export class Edits {
  /** What edits put in; valid in `[0, arenaEnd)`. */
  arena: Uint8Array = new Uint8Array(4096)
  arenaEnd = 0
  private constantsEnd = 0
  private source: Uint8Array = new Uint8Array(0)
  private readonly operations = new Table(WIDTH)
  private readonly opened: Array<number> = []
  private inOrder = true
  private readonly order: Array<number> = []
  private readonly lengths: Array<number> = []

  /** Keeps bytes for good at the start of the arena, for literals. Before the first `begin`. Returns where they start. */
  addConstant(bytes: Uint8Array): number {
    const at = this.put(bytes, 0, bytes.length)
    this.constantsEnd = this.arenaEnd
    return at
  }

  /** Starts on a chunk: no edits, nothing in the arena but the constants. */
  begin(source: Uint8Array): void {
    this.source = source
    this.arenaEnd = this.constantsEnd
    this.operations.clear()
    this.opened.length = 0
    this.inOrder = true
  }

  get isEmpty(): boolean {
    return this.operations.count === 0
  }

  /** Makes room for `count` bytes at `arenaEnd`. */
  reserve(count: number): void {
    const needed = this.arenaEnd + count
    if (needed <= this.arena.length) return
    const grown = new Uint8Array(Math.max(needed, this.arena.length * 2))
    grown.set(this.arena)
    this.arena = grown
  }

  /** Appends `[start, end)` of `bytes` to the arena and says where it starts there. */
  put(bytes: Uint8Array, start: number, end: number): number {
    this.reserve(end - start)
    const at = this.arenaEnd
    this.arenaEnd = copyBytes(this.arena, at, bytes, start, end)
    return at
  }

  /** From here on edits are inside the message whose length stands at `[lengthAt, payload)` and which ends at `end`. */
  enter(lengthAt: number, payload: number, end: number): void {
    const { operations } = this
    this.opened.push(operations.count)
    this.add(OPEN, lengthAt, end, payload, 0, this.opened.length)
  }

  /** Back to the message around. */
  leave(): void {
    const open = this.opened.pop()!
    const { operations } = this
    if (operations.count === open + 1) operations.count = open
    else {
      this.add(CLOSE, operations.data[open * WIDTH + END]!, open, 0, 0, this.opened.length + 1)
      if (this.inOrder) this.settle(open)
    }
  }

  /** Puts a message that comes late, as a Resource does that is edited after its spans, in its place among what the message around has. */
  private settle(open: number): void {
    const { operations, opened } = this
    const { count, data } = operations
    const late = open * WIDTH
    const position = data[late + POSITION]!
    const depth = data[late + DEPTH]!
    const first = opened.length === 0 ? 0 : opened[opened.length - 1]! + 1
    if (open === first || !isAfter(data, late - WIDTH, position, depth)) return
    let to = first * WIDTH
    while (!isAfter(data, to, position, depth)) to += WIDTH
    const message = data.slice(late, count * WIDTH)
    data.copyWithin(to + message.length, to, late)
    data.set(message, to)
  }

  /** Leaves the current message and forgets all edits inside it: it is about to be dropped. */
  forget(): void {
    this.operations.count = this.opened.pop()!
  }

  delete(start: number, end: number): void {
    const { data, count } = this.operations
    const last = (count - 1) * WIDTH
    const depth = this.opened.length
    // A run of dropped neighbours is one edit.
    if (
      count > 0 &&
      data[last + KIND] === EDIT &&
      data[last + END] === start &&
      data[last + DEPTH] === depth &&
      data[last + FROM] === data[last + TO]
    ) {
      data[last + END] = end
    } else this.add(EDIT, start, end, 0, 0, depth)
  }

  /** `[start, end)` of the source gives way to `[from, to)` of the arena. */
  replace(start: number, end: number, from: number, to: number): void {
    this.add(EDIT, start, end, from, to, this.opened.length)
  }

  /** `[from, to)` of the arena goes in at `position`, after what was inserted there before. */
  insert(position: number, from: number, to: number): void {
    this.add(EDIT, position, position, from, to, this.opened.length)
  }

  /** The chunk with all edits made, in memory of the pool; `arena` is where edits put in from. The source is not touched. */
  rebuild(pool: SlabPool, arena: Uint8Array = this.arena): Piece {
    const { source, operations, lengths } = this
    const { data, count } = operations
    const order = this.sorted()
    const size = this.measure(order)
    if (size === 0) return { bytes: new Uint8Array(0), lease: Lease.none }
    const target = pool.open(size)
    let at = 0
    let cursor = 0
    for (let i = 0; i < count; i++) {
      const row = (order === undefined ? i : order[i]!) * WIDTH
      const position = data[row + POSITION]!
      if (position > cursor) at = copyBytes(target, at, source, cursor, position)
      switch (data[row + KIND]) {
        case EDIT:
          at = copyBytes(target, at, arena, data[row + FROM]!, data[row + TO]!)
          cursor = data[row + END]!
          break
        case OPEN:
          at = writeVarint(target, at, lengths[row / WIDTH]!)
          cursor = data[row + FROM]!
          break
        default:
          cursor = position
      }
    }
    copyBytes(target, at, source, cursor, source.length)
    return pool.close(size)
  }

  /** The size of the result; the new lengths of the messages go to `lengths`, by row. Backwards: contents before their length. */
  private measure(order: ReadonlyArray<number> | undefined): number {
    const { source, operations, lengths, opened } = this
    const { data, count } = operations
    let size = 0
    let cursor = source.length
    for (let i = count - 1; i >= 0; i--) {
      const index = order === undefined ? i : order[i]!
      const row = index * WIDTH
      const position = data[row + POSITION]!
      switch (data[row + KIND]) {
        case EDIT:
          size += cursor - data[row + END]! + data[row + TO]! - data[row + FROM]!
          cursor = position
          break
        case CLOSE:
          size += cursor - position
          opened.push(size)
          cursor = position
          break
        default: {
          size += cursor - data[row + FROM]!
          const length = size - opened.pop()!
          lengths[index] = length
          size += varintSize(length)
          cursor = position
        }
      }
    }
    return size + cursor
  }

  private add(kind: number, position: number, end: number, from: number, to: number, depth: number): void {
    let row = this.operations.add()
    const { data } = this.operations
    if (row > 0 && isAfter(data, row - WIDTH, position, depth)) {
      const late = row
      if (kind === EDIT) {
        const farthest = Math.max(0, row - nearby * WIDTH)
        do row -= WIDTH
        while (row > farthest && isAfter(data, row - WIDTH, position, depth))
        data.copyWithin(row + WIDTH, row, late)
      }
      if (kind !== OPEN && row > 0 && isAfter(data, row - WIDTH, position, depth)) this.inOrder = false
    }
    data[row + KIND] = kind
    data[row + POSITION] = position
    data[row + END] = end
    data[row + FROM] = from
    data[row + TO] = to
    data[row + DEPTH] = depth
  }

  /** Rows in the order of `isAfter`. `undefined`: as they stand. */
  private sorted(): ReadonlyArray<number> | undefined {
    if (this.inOrder) return undefined
    const { order } = this
    const { data, count } = this.operations
    order.length = 0
    for (let i = 0; i < count; i++) order.push(i)
    // Stable, and quick on what is already in runs.
    return order.sort(
      (a, b) => data[a * WIDTH + POSITION]! - data[b * WIDTH + POSITION]! || data[b * WIDTH + DEPTH]! - data[a * WIDTH + DEPTH]! || a - b
    )
  }
}
