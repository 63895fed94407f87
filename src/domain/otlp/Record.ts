import { Malformed } from "./Malformed.ts"
import type { Table } from "./Table.ts"
import { explain, LENGTH, tagValue, valueEnd, varintEnd } from "./Wire.ts"

/**
 * Where the fields of one record go: field `n` fills column `columns[n]` of the row with the position of its value (0: not wanted), and
 * column + 1 with its end where it is length-delimited. `repeated` is the set of fields of which only the first occurrence counts.
 */
export interface Layout {
  readonly columns: Int8Array
  readonly wireTypes: Int8Array
  readonly repeated: number
}

/** Fields of a record as (number, wire type, column); columns of `repeated` fields hold the first one's tag position. */
export const layout = (fields: ReadonlyArray<readonly [field: number, wireType: number, column: number, label?: "repeated"]>): Layout => {
  const columns = new Int8Array(32)
  const wireTypes = new Int8Array(32)
  let repeated = 0
  for (const [field, wireType, column, label] of fields) {
    columns[field] = column
    wireTypes[field] = wireType
    if (label === "repeated") repeated |= 1 << field
  }
  return { columns, wireTypes, repeated }
}

/** What `readRecord` says when a singular field occurs twice. */
export const odd = "odd"

/** Fills the row at `row` with the positions of the fields in `[pos, end)`; absent ones stay as they are. */
export const readRecord = (
  bytes: Uint8Array,
  pos: number,
  end: number,
  { columns, wireTypes, repeated }: Layout,
  data: Int32Array,
  row: number
): Malformed | typeof odd | undefined => {
  let seen = 0
  let twice = 0
  while (pos < end) {
    // The usual case inline: a tag of one byte, and a length of one byte if it has one.
    let tag = bytes[pos]!
    let valueAt = pos + 1
    let payload = valueAt
    let next: number
    if ((tag & 0x87) === LENGTH && tag >= 8 && valueAt < end && bytes[valueAt]! < 0x80) {
      payload = valueAt + 1
      next = payload + bytes[valueAt]!
      if (next > end) return explain(bytes, pos, end)
    } else {
      valueAt = varintEnd(bytes, pos, end)
      tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return explain(bytes, pos, end)
      if ((tag & 7) === LENGTH) payload = varintEnd(bytes, valueAt, end)
    }
    const field = tag >>> 3
    if (field < 32 && columns[field] !== 0) {
      if ((tag & 7) !== wireTypes[field]) return new Malformed(pos, `field ${field} has wire type ${tag & 7}; expected ${wireTypes[field]}`)
      const at = row + columns[field]!
      const bit = 1 << field
      if ((repeated & bit) !== 0) {
        if ((seen & bit) === 0) data[at] = pos
      } else {
        twice |= seen & bit
        if ((tag & 7) === LENGTH) {
          data[at] = payload
          data[at + 1] = next
        } else data[at] = valueAt
      }
      seen |= bit
    }
    pos = next
  }
  return twice === 0 ? undefined : odd
}

/** Adds a row in which every field is absent. */
export const addRecord = (table: Table): number => {
  const row = table.add()
  const { data, width } = table
  for (let i = row; i < row + width; i++) data[i] = -1
  return row
}
