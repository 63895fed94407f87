import type { Edits } from "../otlp/Edits.ts"
import { MapTable, State } from "./MapTable.ts"
import { valueEnd } from "../otlp/Wire.ts"
import { varintSize, writeVarint } from "../otlp/Write.ts"
import { readLength, readVarint64 } from "./Varint.ts"
import { X } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

/** A field of a message that OTTL can reach: its register in the message, its number and its wire type. */
export interface FieldSpec {
  readonly row: number
  readonly field: number
  readonly wire: 0 | 1 | 2 | 5
}

/** The fields of one protobuf message type; `map` is the number of its attribute map. */
export class Layout {
  readonly rowOf = new Int8Array(32).fill(-1)
  readonly wireOf = new Int8Array(32)
  readonly fieldOf = new Int8Array(32)
  readonly map: number

  constructor(fields: ReadonlyArray<FieldSpec>, map: number) {
    this.map = map
    for (const { field, row, wire } of fields) {
      this.rowOf[field] = row
      this.wireOf[field] = wire
      this.fieldOf[row] = field
    }
  }
}

/** Rows from here on are repeated message fields, whose records count together. */
export const repeatedRows = 16
/** Rows from here on hold messages or packed numbers: where a sender splits them, the parts belong together. */
export const messageRows = 24

/**
 * One protobuf message under work (a span, its resource, ...): where its wanted fields lie, and what has been written to them. Rows
 * are registers: the same field under two names is one row. Unwanted fields are stepped over.
 */
export class Message {
  private readonly ws: Workspace
  layout: Layout
  readonly map: MapTable
  /** The plan reads or writes the attribute map. */
  wantsMap = false
  /** Rows that the plan reads or writes, as bits. */
  wanted = 0
  /** Rows present now; rows written; rows that the source has; rows that stand more than once in it. */
  present = 0
  dirty = 0
  private source = 0
  private repeated = 0
  readonly recordStart = new Int32Array(32)
  readonly recordEnd = new Int32Array(32)
  readonly where = new Int32Array(32)
  readonly start = new Int32Array(32)
  readonly end = new Int32Array(32)
  /** Number of the field that a row stands for just now (two for a oneof). */
  readonly field = new Int32Array(32)
  readonly newStart = new Int32Array(32)
  readonly newEnd = new Int32Array(32)
  /** Payload of the whole message in the source; -1 if there is none. */
  payloadStart = -1
  payloadEnd = -1
  /** Number of the field that this message came in, where that tells its type (the data of a metric); 0 for none. */
  type = 0

  constructor(ws: Workspace, layout: Layout, map: MapTable) {
    this.ws = ws
    this.layout = layout
    this.map = map
    if (layout.map > 0) map.recordTags = [(layout.map << 3) | 2]
  }

  get isDirty(): boolean {
    return this.dirty !== 0 || this.map.dirty
  }

  /** No message at all: everything is unset. */
  clear(): void {
    this.present = 0
    this.dirty = 0
    this.source = 0
    this.repeated = 0
    this.payloadStart = this.payloadEnd = -1
    if (this.wantsMap) this.map.reset()
  }

  /** Takes the message with payload `[start, end)`; false if it is malformed. */
  fill(start: number, end: number): boolean {
    this.clear()
    this.payloadStart = start
    this.payloadEnd = end
    const bytes = this.ws.source
    const { layout, map, wanted, wantsMap } = this
    const { rowOf, wireOf } = layout
    const mapField = wantsMap ? layout.map : -1
    let at = start
    while (at < end) {
      const record = at
      let tag = bytes[at++]!
      if (tag >= 0x80) {
        at = readVarint64(bytes, record, end)
        if (at < 0 || X[1] !== 0) return false
        tag = X[2]!
      }
      const wire = tag & 7
      const field = tag >>> 3
      let valueStart = at
      if (wire === 2) {
        let length = at < end ? bytes[at]! : -1
        if (length >= 0 && length < 0x80) at++
        else {
          length = readLength(bytes, at, end)
          if (length < 0) return false
          at = X[3]!
        }
        valueStart = at
        at += length
        if (at > end) return false
        if (field === mapField) {
          if (!map.enter(bytes, record, valueStart, at)) return false
          continue
        }
      } else {
        at = valueEnd(bytes, at, end, wire)
        if (at < 0) return false
      }
      if (field > 31) continue
      const row = rowOf[field]!
      if (row < 0 || (wanted & (1 << row)) === 0 || wireOf[field] !== wire) continue
      const bit = 1 << row
      if ((this.present & bit) !== 0) {
        this.repeated |= bit
        // Split messages merge by concatenation; of anything else the last one counts.
        if (wire === 2 && this.field[row] === field && row >= messageRows) {
          this.join(row, valueStart, at)
          this.recordStart[row] = record
          this.recordEnd[row] = at
          continue
        }
      }
      this.present |= bit
      this.recordStart[row] = record
      this.recordEnd[row] = at
      this.where[row] = 0
      this.start[row] = valueStart
      this.end[row] = at
      this.field[row] = field
    }
    this.source = this.present
    return true
  }

  /** Takes the message's type where one context has several (the kinds of data points). */
  become(layout: Layout): void {
    this.layout = layout
    if (layout.map > 0) this.map.become((layout.map << 3) | 2)
  }

  private join(row: number, start: number, end: number): void {
    const { ws } = this
    ws.reserve(this.end[row]! - this.start[row]! + end - start)
    const joined = ws.end
    ws.append(this.where[row]!, this.start[row]!, this.end[row]!)
    ws.append(0, start, end)
    this.where[row] = 1
    this.start[row] = joined
    this.end[row] = ws.end
    // The joined bytes must outlive an item that changes nothing else.
    ws.writes++
  }

  has(row: number): boolean {
    return (this.present & (1 << row)) !== 0
  }

  // ---- writing

  /**
   * Starts a new record of a row for a value of `size` bytes: writes tag (and length for wire type 2) into the arena. The caller
   * writes exactly `size` bytes at the arena's end and calls `commit`.
   */
  begin(row: number, size: number, field = this.layout.fieldOf[row]!): void {
    const { ws } = this
    const wire = this.layout.wireOf[field]!
    ws.reserve(size + 12)
    this.newStart[row] = ws.end
    ws.end = writeVarint(ws.arena, ws.end, (field << 3) | wire)
    if (wire === 2) ws.end = writeVarint(ws.arena, ws.end, size)
    this.where[row] = 1
    this.start[row] = ws.end
    this.field[row] = field
  }

  commit(row: number): void {
    this.newEnd[row] = this.end[row] = this.ws.end
    this.present |= 1 << row
    this.dirty |= 1 << row
    this.ws.writes++
  }

  /** Writes a row's value from a range of the source or the arena. */
  copy(row: number, where: number, start: number, end: number, field = this.layout.fieldOf[row]!): void {
    this.begin(row, end - start, field)
    this.ws.append(where, start, end)
    this.commit(row)
  }

  /** Replaces all records of a (perhaps repeated) row by ready-made ones, tags included. */
  replaceRecords(row: number, where: number, start: number, end: number): void {
    const { ws } = this
    ws.reserve(end - start)
    this.newStart[row] = ws.end
    ws.append(where, start, end)
    this.newEnd[row] = ws.end
    this.where[row] = 1
    this.start[row] = this.newStart[row]!
    this.end[row] = ws.end
    this.repeated |= 1 << row
    this.present |= 1 << row
    this.dirty |= 1 << row
    ws.writes++
  }

  /** Takes a row's records out. */
  erase(row: number): void {
    this.newStart[row] = this.newEnd[row] = this.ws.end
    this.present &= ~(1 << row)
    this.dirty |= 1 << row
    this.ws.writes++
  }

  /** Copies the present records of a repeated row, tags included, to the arena and points `X` to them. */
  readRecords(row: number): void {
    const { ws } = this
    X[0] = 1
    if ((this.dirty & (1 << row)) !== 0) {
      X[1] = this.newStart[row]!
      X[2] = this.newEnd[row]!
      return
    }
    const start = ws.end
    this.eachRecord(this.layout.fieldOf[row]!, (from, to) => {
      ws.reserve(to - from)
      ws.append(0, from, to)
    })
    X[0] = 1
    X[1] = start
    X[2] = ws.end
  }

  private eachRecord(field: number, visit: (start: number, end: number) => void): void {
    const bytes = this.ws.source
    let at = this.payloadStart
    while (at >= 0 && at < this.payloadEnd) {
      const record = at
      at = readVarint64(bytes, at, this.payloadEnd)
      if (at < 0) return
      const tag = X[2]!
      at = valueEnd(bytes, at, this.payloadEnd, tag & 7)
      if (at >= 0 && tag >>> 3 === field) visit(record, at)
    }
  }

  // ---- turning writes into edits

  /** Hands every write to `edits`, which has entered this message. */
  collect(edits: Edits): void {
    for (let rows = this.dirty, row = 0; rows !== 0; rows >>>= 1, row++) {
      if ((rows & 1) === 0) continue
      const inSource = (this.source & (1 << row)) !== 0
      if (inSource && (this.repeated & (1 << row)) !== 0) {
        const last = this.recordEnd[row]!
        for (let field = 1; field < 32; field++) {
          if (this.layout.rowOf[field] !== row) continue
          this.eachRecord(field, (from, to) => {
            if (to !== last) edits.delete(from, to)
          })
        }
      }
      if (inSource) edits.replace(this.recordStart[row]!, this.recordEnd[row]!, this.newStart[row]!, this.newEnd[row]!)
      else edits.insert(this.payloadEnd, this.newStart[row]!, this.newEnd[row]!)
    }
    if (this.wantsMap && this.map.dirty) {
      const { map } = this
      for (let entry = 0; entry < map.count; entry++) {
        switch (map.state[entry]) {
          case State.Changed:
            edits.replace(map.recordStart[entry]!, map.recordEnd[entry]!, map.newStart[entry]!, map.newEnd[entry]!)
            break
          case State.Deleted:
            edits.delete(map.recordStart[entry]!, map.recordEnd[entry]!)
            break
          case State.New:
            edits.insert(this.payloadEnd, map.newStart[entry]!, map.newEnd[entry]!)
        }
      }
    }
  }

  /** The same, where `edits` has entered the message around; this one's length stands at `lengthAt`. */
  flush(edits: Edits, lengthAt: number): void {
    edits.enter(lengthAt, this.payloadStart, this.payloadEnd)
    this.collect(edits)
    edits.leave()
  }

  /** The message as a new record of its parent, for a message that the source lacks. Leaves its place in `X[1]`, `X[2]`. */
  compose(field: number): void {
    const { map, ws } = this
    let size = 0
    for (let row = 0; row < 32; row++) if ((this.dirty & (1 << row)) !== 0) size += this.newEnd[row]! - this.newStart[row]!
    const live = (entry: number): boolean => map.state[entry] === State.New
    if (this.wantsMap) for (let entry = 0; entry < map.count; entry++) if (live(entry)) size += map.newEnd[entry]! - map.newStart[entry]!
    ws.reserve(size + 2 + varintSize(size))
    const start = ws.end
    ws.arena[ws.end++] = (field << 3) | 2
    ws.end = writeVarint(ws.arena, ws.end, size)
    for (let row = 0; row < 32; row++) if ((this.dirty & (1 << row)) !== 0) ws.append(1, this.newStart[row]!, this.newEnd[row]!)
    if (this.wantsMap)
      for (let entry = 0; entry < map.count; entry++) if (live(entry)) ws.append(1, map.newStart[entry]!, map.newEnd[entry]!)
    X[1] = start
    X[2] = ws.end
  }
}
