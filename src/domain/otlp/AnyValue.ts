import { ARRAY, BOOL, BYTES, DOUBLE, Entry, INT, MAP, STRING } from "./Entry.ts"
import { concat, copyOf } from "./Copy.ts"
import { Malformed } from "./Malformed.ts"
import { decodeUtf8, encodeUtf8 } from "./Utf8.ts"
import { explain, fixed32, LENGTH, maxDepth, tagOf, tagValue, valueEnd, varintEnd, varintHigh, varintLow } from "./Wire.ts"
import { lengthField } from "./Write.ts"

/** A decoded attribute value; `null` is an empty one. For the edges: the path itself never makes these. */
export type Value = null | string | boolean | bigint | number | Uint8Array | ReadonlyArray<Value> | ReadonlyMap<string, Value>

const int64 = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0)

/** The varint in `[start, end)` as a signed 64-bit integer. */
export const readInt64 = (bytes: Uint8Array, start: number, end: number): bigint =>
  int64(varintHigh(bytes, start, end), varintLow(bytes, start, end))

const words = new DataView(new ArrayBuffer(8))

/** The eight bytes at `at` as a double. */
export const readDouble = (bytes: Uint8Array, at: number): number => {
  words.setInt32(0, fixed32(bytes, at), true)
  words.setInt32(4, fixed32(bytes, at + 4), true)
  return words.getFloat64(0, true)
}

/** Decodes the AnyValue message in `[start, end)`. Of a map's equal keys the first one counts. */
export const decodeValue = (bytes: Uint8Array, start: number, end: number, depth = 0): Value | Malformed => {
  const entry = new Entry()
  if (!entry.readValue(bytes, start, end)) return new Malformed(start, "a value is not an AnyValue message")
  return decodeEntry(bytes, entry.type, entry.valueStart, entry.valueEnd, depth)
}

/** Decodes a value as `Entry` and `Keys` find it. */
export const decodeEntry = (bytes: Uint8Array, type: number, start: number, end: number, depth = 0): Value | Malformed => {
  switch (type) {
    case STRING:
      return decodeUtf8(bytes, start, end)
    case BOOL:
      return varintLow(bytes, start, end) !== 0 || varintHigh(bytes, start, end) !== 0
    case INT:
      return readInt64(bytes, start, end)
    case DOUBLE:
      return readDouble(bytes, start)
    case BYTES:
      return copyOf(bytes, start, end)
    case ARRAY:
    case MAP:
      return depth >= maxDepth
        ? new Malformed(start, `values nest more than ${maxDepth} deep`)
        : decodeList(bytes, type, start, end, depth + 1)
    default:
      return null
  }
}

const decodeList = (bytes: Uint8Array, type: number, pos: number, end: number, depth: number): Value | Malformed => {
  const list: Array<Value> = []
  const map = new Map<string, Value>()
  const entry = new Entry()
  while (pos < end) {
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    if (next < 0) return explain(bytes, pos, end)
    if (tag === tagOf(1, LENGTH)) {
      const start = varintEnd(bytes, valueAt, end)
      if (type === MAP) {
        if (!entry.read(bytes, start, next)) return new Malformed(start, "an entry of a map is not a KeyValue message")
        const key = decodeUtf8(bytes, entry.keyStart, entry.keyEnd)
        const value = decodeEntry(bytes, entry.type, entry.valueStart, entry.valueEnd, depth)
        if (value instanceof Malformed) return value
        if (!map.has(key)) map.set(key, value)
      } else {
        const value = decodeValue(bytes, start, next, depth)
        if (value instanceof Malformed) return value
        list.push(value)
      }
    }
    pos = next
  }
  return type === MAP ? map : list
}

const varint64 = (value: bigint): Array<number> => {
  const bytes: Array<number> = []
  let rest = BigInt.asUintN(64, value)
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return bytes
}

/** The AnyValue message of a value. `bigint` is an integer, `number` a double. */
export const encodeValue = (value: Value): Uint8Array => {
  if (value === null) return new Uint8Array(0)
  if (typeof value === "string") return lengthField(STRING, encodeUtf8(value))
  if (typeof value === "boolean") return Uint8Array.of(tagOf(BOOL, 0), value ? 1 : 0)
  if (typeof value === "bigint") return Uint8Array.from([tagOf(INT, 0), ...varint64(value)])
  if (typeof value === "number") {
    const bytes = new Uint8Array(9)
    bytes[0] = tagOf(DOUBLE, 1)
    new DataView(bytes.buffer).setFloat64(1, value, true)
    return bytes
  }
  if (value instanceof Uint8Array) return lengthField(BYTES, value)
  if (value instanceof Map) return lengthField(MAP, concat([...value].map(([key, inner]) => encodeAttribute(1, key, inner))))
  return lengthField(ARRAY, concat((value as ReadonlyArray<Value>).map((inner) => lengthField(1, encodeValue(inner)))))
}

/** An attribute as field number `field` of its record, whole. */
export const encodeAttribute = (field: number, key: string, value: Value): Uint8Array =>
  lengthField(field, concat([lengthField(1, encodeUtf8(key)), lengthField(2, encodeValue(value))]))
