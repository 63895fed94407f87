import { LENGTH, payloadEnd, tagOf, tagValue, valueEnd, varintEnd } from "./Wire.ts"

/** Which member of AnyValue's oneof a value is: its field number. */
export const EMPTY = 0
export const STRING = 1
export const BOOL = 2
export const INT = 3
export const DOUBLE = 4
export const ARRAY = 5
export const MAP = 6
export const BYTES = 7

/** Wire types of AnyValue's members, by field number. */
const wireTypes: ReadonlyArray<number> = [-1, LENGTH, 0, 0, 1, LENGTH, LENGTH, LENGTH]

/**
 * One attribute (KeyValue) as positions, read into a reused object. Whatever the order and number of its fields: the last key
 * stands, values merge, and of a value's members the last one stands.
 */
export class Entry {
  keyStart = 0
  keyEnd = 0
  /** `STRING`, `INT`, ...; `EMPTY` if there is no value. */
  type = EMPTY
  /** The value itself, without tag and length: text, bytes, a varint, eight bytes, the inside of an array or a map. */
  valueStart = 0
  valueEnd = 0

  /** Reads the KeyValue message in `[pos, end)`. `false`: it is malformed. */
  read(bytes: Uint8Array, pos: number, end: number): boolean {
    this.keyStart = this.keyEnd = pos
    this.type = EMPTY
    this.valueStart = this.valueEnd = end
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      if (valueAt < 0) return false
      const tag = tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return false
      if (tag === tagOf(1, LENGTH)) {
        this.keyStart = varintEnd(bytes, valueAt, end)
        this.keyEnd = next
      } else if (tag === tagOf(2, LENGTH)) {
        if (!this.readValue(bytes, varintEnd(bytes, valueAt, end), next)) return false
      } else if (tag < tagOf(3, 0)) return false
      pos = next
    }
    return true
  }

  /** Reads the AnyValue message in `[pos, end)` into `type`, `valueStart` and `valueEnd`; what they held stands if it is empty. */
  readValue(bytes: Uint8Array, pos: number, end: number): boolean {
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      if (valueAt < 0) return false
      const tag = tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return false
      if (tag < tagOf(8, 0)) {
        if ((tag & 7) !== wireTypes[tag >> 3]) return false
        this.type = tag >> 3
        this.valueStart = (tag & 7) === LENGTH ? varintEnd(bytes, valueAt, end) : valueAt
        this.valueEnd = next
      }
      pos = next
    }
    return true
  }
}

/** Whether `[start, end)` holds exactly these bytes. The last byte is looked at first: keys share prefixes (`http.request.`). */
export const equals = (bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean => {
  const last = wanted.length - 1
  if (end - start !== last + 1) return false
  if (last < 0) return true
  if (bytes[end - 1] !== wanted[last]) return false
  for (let i = 0; i < last; i++) if (bytes[start + i] !== wanted[i]) return false
  return true
}

/**
 * Where the key ends in a KeyValue message `[pos, end)` that is written as every SDK does: the key in the first field, of less than 128
 * bytes (it starts at `pos + 2`), then the value, then nothing. -1 if it is written otherwise: then only `Entry.read` can tell.
 */
export const plainKeyEnd = (bytes: Uint8Array, pos: number, end: number): number => {
  if (end - pos < 2 || bytes[pos] !== 0x0a || bytes[pos + 1]! >= 0x80) return -1
  const keyEnd = pos + 2 + bytes[pos + 1]!
  if (keyEnd === end) return keyEnd
  if (end - keyEnd < 2 || bytes[keyEnd] !== 0x12) return -1
  const length = bytes[keyEnd + 1]!
  if (length < 0x80) return keyEnd + 2 + length === end ? keyEnd : -1
  const start = varintEnd(bytes, keyEnd + 1, end)
  return start >= 0 && payloadEnd(bytes, keyEnd + 1, start, end) === end ? keyEnd : -1
}
