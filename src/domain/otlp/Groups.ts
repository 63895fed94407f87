import type { Signal } from "../Signal.ts"
import { childTags, SCOPE_GROUP } from "./Levels.ts"
import { Malformed } from "./Malformed.ts"
import { normalise } from "./Normalise.ts"
import { Table } from "./Table.ts"
import { explain, LENGTH, tagOf, tagValue, valueEnd, varintEnd } from "./Wire.ts"

/** Columns of every message in an index: its tag, its length, its payload, its end. */
export const START = 0
export const LENGTH_AT = 1
export const PAYLOAD = 2
export const END = 3
/** Of a group: its Resource or InstrumentationScope message (`HEAD` is -1 where it has none), and its rows in the table below. */
export const HEAD_LENGTH_AT = 4
export const HEAD = 5
export const HEAD_END = 6
export const FIRST = 7
export const AFTER_LAST = 8
/** Of a scope group or record: the row of its resource group or scope group. */
export const PARENT = 9
const GROUP_WIDTH = 10
export const RECORD_PARENT = 4
const RECORD_WIDTH = 5

/**
 * Where everything is in one chunk: resource groups, scope groups and records (spans, log records, metrics), as rows of positions in
 * `bytes`. The base of the views of each signal; reused between chunks.
 */
export class Groups {
  readonly signal: Signal
  /** What the positions refer to: the chunk as it came, or normalised bytes if it is written oddly. */
  bytes: Uint8Array = new Uint8Array(0)
  readonly resources = new Table(GROUP_WIDTH)
  readonly scopes = new Table(GROUP_WIDTH)
  readonly records = new Table(RECORD_WIDTH, 1024)
  /** Some singular field occurs more than once. */
  protected odd = false

  constructor(signal: Signal) {
    this.signal = signal
  }

  /** Items in the index. */
  get items(): number {
    return this.records.count
  }

  /** Reads a chunk, which replaces what was read before. */
  index(bytes: Uint8Array): Malformed | undefined {
    const fault = this.readAll(bytes)
    if (fault !== undefined || !this.odd) return fault
    const normal = normalise(this.signal, bytes)
    return normal instanceof Malformed ? normal : this.readAll(normal)
  }

  /** Reads what is inside the records; the views do. */
  protected readRecords(): Malformed | undefined {
    return undefined
  }

  private readAll(bytes: Uint8Array): Malformed | undefined {
    this.bytes = bytes
    this.odd = false
    this.resources.clear()
    this.scopes.clear()
    this.records.clear()
    return this.readGroup(0, 0, bytes.length, -1) ?? this.readRecords()
  }

  /** Reads the children of the message in `[pos, end)`; `row` is that of the group itself. */
  private readGroup(level: number, pos: number, end: number, row: number): Malformed | undefined {
    const { bytes } = this
    const table = level === 0 ? this.resources : level === SCOPE_GROUP ? this.records : this.scopes
    const own = level === SCOPE_GROUP ? this.scopes : this.resources
    const ownAt = row * GROUP_WIDTH
    const childTag = childTags[level]!
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return explain(bytes, pos, end)
      if (tag === childTag) {
        const payload = varintEnd(bytes, valueAt, end)
        const at = table.add()
        const { data } = table
        data[at + START] = pos
        data[at + LENGTH_AT] = valueAt
        data[at + PAYLOAD] = payload
        data[at + END] = next
        if (level === SCOPE_GROUP) data[at + RECORD_PARENT] = row
        else {
          const below = level === 0 ? this.scopes : this.records
          const index = table.count - 1
          data[at + HEAD] = -1
          data[at + PARENT] = row
          data[at + FIRST] = below.count
          const fault = this.readGroup(level + 1, payload, next, index)
          if (fault !== undefined) return fault
          table.data[at + AFTER_LAST] = below.count
        }
      } else if (level > 0 && tag === tagOf(1, LENGTH)) {
        const { data } = own
        if (data[ownAt + HEAD]! >= 0) this.odd = true
        data[ownAt + HEAD_LENGTH_AT] = valueAt
        data[ownAt + HEAD] = varintEnd(bytes, valueAt, end)
        data[ownAt + HEAD_END] = next
      }
      pos = next
    }
    return undefined
  }
}
