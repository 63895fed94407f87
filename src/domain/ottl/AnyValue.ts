import { doubleFromBits, F, Failure, highBits, lowBits, Tag, X } from "./Value.ts"
import { fixed32, valueEnd } from "../otlp/Wire.ts"
import { varintSize, varintSize64, writeFixed32, writeVarint, writeVarint64 } from "../otlp/Write.ts"
import { readLength, readVarint64 } from "./Varint.ts"
import type { Workspace } from "./Workspace.ts"

/** First bytes of OTLP's `AnyValue` by kind, and of the records inside lists and maps. */
export const anyTag = { string: 0x0a, bool: 0x10, int: 0x18, double: 0x21, array: 0x2a, map: 0x32, bytes: 0x3a } as const
/** `ArrayValue.values` and `KeyValueList.values` have the same first byte, and so does `KeyValue.key`. */
export const elementTag = 0x0a
export const keyTag = 0x0a
export const valueTag = 0x12

/**
 * Reads the `AnyValue` whose payload is `[start, end)`. An empty one is `Nil`. Where a sender has set several alternatives the last
 * one counts, as for every decoder.
 */
export const readAny = (ws: Workspace, where: number, start: number, end: number): number => {
  const bytes = ws.bytes(where)
  let tag: number = Tag.Nil
  let at = start
  let from = start
  let to = end
  let high = 0
  let low = 0
  while (at < end) {
    const first = bytes[at++]!
    switch (first) {
      case anyTag.string:
      case anyTag.array:
      case anyTag.map:
      case anyTag.bytes: {
        let length = bytes[at]!
        if (length < 0x80) at++
        else {
          length = readLength(bytes, at, end)
          at = X[3]!
        }
        if (length < 0 || at + length > end) return ws.fail(Failure.Malformed)
        from = at
        to = at += length
        tag = first === anyTag.string ? Tag.String : first === anyTag.array ? Tag.List : first === anyTag.map ? Tag.Map : Tag.Bytes
        break
      }
      case anyTag.bool:
      case anyTag.int:
        at = readVarint64(bytes, at, end)
        if (at < 0) return ws.fail(Failure.Malformed)
        high = X[1]!
        low = X[2]!
        tag = Tag.Int
        if (first === anyTag.bool) {
          low = (high | low) === 0 ? 0 : 1
          high = 0
          tag = Tag.Bool
        }
        break
      case anyTag.double:
        if (at + 8 > end) return ws.fail(Failure.Malformed)
        F[0] = doubleFromBits(fixed32(bytes, at + 4), fixed32(bytes, at))
        at += 8
        tag = Tag.Double
        break
      default: {
        let full = first
        if (first >= 0x80) {
          at = readVarint64(bytes, at - 1, end)
          if (at < 0) return ws.fail(Failure.Malformed)
          full = X[2]!
        }
        at = valueEnd(bytes, at, end, full & 7)
        if (at < 0) return ws.fail(Failure.Malformed)
      }
    }
  }
  if (tag === Tag.Int || tag === Tag.Bool) {
    X[1] = high
    X[2] = low
  } else {
    X[0] = where
    X[1] = from
    X[2] = to
  }
  return tag
}

/** Size of the `AnyValue` payload for the value in `X`/`F`; -1 for values that OTLP attributes cannot hold. */
export const sizeOfAny = (tag: number): number => {
  switch (tag) {
    case Tag.Nil:
      return 0
    case Tag.Bool:
      return 2
    case Tag.Int:
      return 1 + varintSize64(X[1]!, X[2]!)
    case Tag.Double:
      return 9
    case Tag.String:
    case Tag.List:
    case Tag.Map:
    case Tag.Bytes: {
      const length = X[2]! - X[1]!
      return 1 + varintSize(length) + length
    }
    case Tag.DoubleList: {
      // Each element: tag, length 9, tag, 8 bytes.
      const length = ((X[2]! - X[1]!) >> 3) * 11
      return 1 + varintSize(length) + length
    }
    default:
      return -1
  }
}

/** Writes the `AnyValue` payload for the value in `X`/`F` at the arena's end; room must have been made. */
export const writeAny = (ws: Workspace, tag: number): void => {
  const { arena } = ws
  switch (tag) {
    case Tag.Nil:
      return
    case Tag.Bool:
      arena[ws.end++] = anyTag.bool
      arena[ws.end++] = X[2]!
      return
    case Tag.Int:
      arena[ws.end++] = anyTag.int
      ws.end = writeVarint64(arena, ws.end, X[1]!, X[2]!)
      return
    case Tag.Double:
      arena[ws.end++] = anyTag.double
      writeFixed32(arena, ws.end, lowBits(F[0]!))
      writeFixed32(arena, ws.end + 4, highBits(F[0]!))
      ws.end += 8
      return
    case Tag.DoubleList: {
      const from = ws.bytes(X[0]!)
      const start = X[1]!
      const count = (X[2]! - start) >> 3
      arena[ws.end++] = anyTag.array
      ws.end = writeVarint(arena, ws.end, count * 11)
      for (let i = 0; i < count; i++) {
        arena[ws.end++] = elementTag
        arena[ws.end++] = 9
        arena[ws.end++] = anyTag.double
        for (let j = 0; j < 8; j++) arena[ws.end++] = from[start + i * 8 + j]!
      }
      return
    }
    default:
      arena[ws.end++] = tag === Tag.String ? anyTag.string : tag === Tag.List ? anyTag.array : tag === Tag.Map ? anyTag.map : anyTag.bytes
      ws.end = writeVarint(arena, ws.end, X[2]! - X[1]!)
      ws.append(X[0]!, X[1]!, X[2]!)
  }
}

/** Places of the last `KeyValue` that `readKeyValue` has read: key start, key end, value start, value end. */
export const KV = new Int32Array(4)

/** Reads the `KeyValue` whose payload is `[start, end)` into `KV`; false if it is malformed. A missing key or value is empty. */
export const readKeyValue = (bytes: Uint8Array, start: number, end: number): boolean => {
  KV[0] = KV[1] = KV[2] = KV[3] = end
  let at = start
  while (at < end) {
    const tag = bytes[at++]!
    if (tag === keyTag || tag === valueTag) {
      let length = at < end ? bytes[at]! : -1
      if (length >= 0 && length < 0x80) at++
      else {
        length = readLength(bytes, at, end)
        at = X[3]!
      }
      if (length < 0 || at + length > end) return false
      if (tag === keyTag) {
        KV[0] = at
        KV[1] = at + length
      } else if (length > 0 || KV[2] === end) {
        KV[2] = at
        KV[3] = at + length
      }
      at += length
      continue
    }
    let full = tag
    if (tag >= 0x80) {
      at = readVarint64(bytes, at - 1, end)
      if (at < 0) return false
      full = X[2]!
    }
    at = valueEnd(bytes, at, end, full & 7)
    if (at < 0) return false
  }
  return true
}

/**
 * Steps through the elements of a list or map payload (records of field 1): returns the position behind the next element and leaves
 * its payload in `X[1]`, `X[2]`; -1 if malformed. Other fields come out as an empty range at the end, so callers test `X[1]`.
 */
export const nextElement = (bytes: Uint8Array, at: number, end: number): number => {
  const tag = bytes[at++]!
  if (tag !== elementTag) {
    let full = tag
    if (tag >= 0x80) {
      at = readVarint64(bytes, at - 1, end)
      if (at < 0) return -1
      full = X[2]!
    }
    X[1] = -1
    return valueEnd(bytes, at, end, full & 7)
  }
  const length = readLength(bytes, at, end)
  if (length < 0) return -1
  X[1] = X[3]!
  X[2] = X[3]! + length
  return X[2]!
}

/** Number of elements in a list or map payload. */
export const countElements = (bytes: Uint8Array, start: number, end: number): number => {
  let count = 0
  for (let at = start; at >= 0 && at < end;) {
    at = nextElement(bytes, at, end)
    if (at >= 0 && X[1]! >= 0) count++
  }
  return count
}

export const equalBytes = (a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): boolean => {
  if (aEnd - aStart !== bEnd - bStart) return false
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a[i] !== b[j]) return false
  return true
}

/** Follows a string key into the map value in `X`; a missing key is `Nil`. `key` is UTF-8. */
export const readMapKey = (ws: Workspace, key: Uint8Array, keyStart: number, keyEnd: number): number => {
  const where = X[0]!
  const bytes = ws.bytes(where)
  let at = X[1]!
  const end = X[2]!
  while (at < end) {
    at = nextElement(bytes, at, end)
    if (at < 0) return ws.fail(Failure.Malformed)
    if (X[1]! < 0) continue
    if (!readKeyValue(bytes, X[1]!, X[2]!)) return ws.fail(Failure.Malformed)
    if (equalBytes(bytes, KV[0]!, KV[1]!, key, keyStart, keyEnd)) return readAny(ws, where, KV[2]!, KV[3]!)
  }
  return Tag.Nil
}

/** Follows an index into the list value in `X`; out of range is a failure. */
export const readListIndex = (ws: Workspace, high: number, index: number): number => {
  const where = X[0]!
  const bytes = ws.bytes(where)
  let at = X[1]!
  const end = X[2]!
  if (high === 0 && index >= 0) {
    for (let i = 0; at < end;) {
      at = nextElement(bytes, at, end)
      if (at < 0) return ws.fail(Failure.Malformed)
      if (X[1]! >= 0 && i++ === index) return readAny(ws, where, X[1]!, X[2]!)
    }
  }
  return ws.fail(Failure.Index)
}
