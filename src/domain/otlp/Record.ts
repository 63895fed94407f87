import { Malformed } from "./Malformed.ts"
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
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    if (next < 0) return explain(bytes, pos, end)
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
          data[at] = varintEnd(bytes, valueAt, end)
          data[at + 1] = next
        } else data[at] = valueAt
      }
      seen |= bit
    }
    pos = next
  }
  return twice === 0 ? undefined : odd
}
