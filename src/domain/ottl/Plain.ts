import { anyTag, elementTag, keyTag, KV, nextElement, readAny, readKeyValue, valueTag } from "./AnyValue.ts"
import { F, Failure, highBits, lowBits, setBigInt, Tag, toBigInt, X } from "./Value.ts"
import { varintSize, writeFixed32, writeVarint, writeVarint64 } from "../otlp/Write.ts"
import type { Workspace } from "./Workspace.ts"

/** An attribute value as JavaScript data, for what is rare or deep: nested writes, texts of maps. Whole numbers are `bigint`. */
export type Plain = null | string | boolean | bigint | number | Uint8Array | Array<Plain> | Map<string, Plain>

/** Lists and maps inside each other, at most; the limit that receivers set for whole messages. */
const maxDepth = 100

/** Decodes the value in `X`/`F`; `undefined` (and a failure) if it is malformed or cannot be an attribute. */
export const toPlain = (ws: Workspace, tag: number, depth = 0): Plain | undefined => {
  switch (tag) {
    case Tag.Nil:
      return null
    case Tag.String:
      return ws.text(X[0]!, X[1]!, X[2]!)
    case Tag.Bool:
      return X[2] !== 0
    case Tag.Int:
      return toBigInt(X[1]!, X[2]!)
    case Tag.Double:
      return F[0]!
    case Tag.Bytes:
      return ws.bytes(X[0]!).slice(X[1], X[2])
    case Tag.List:
    case Tag.Map:
      if (depth < maxDepth) return tag === Tag.List ? toList(ws, depth) : toMap(ws, depth)
      ws.failure = Failure.Malformed
      return undefined
    case Tag.UintList:
    case Tag.DoubleList: {
      const bytes = ws.bytes(X[0]!)
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      const list: Array<Plain> = []
      for (let at = X[1]!; at + 8 <= X[2]!; at += 8) {
        list.push(tag === Tag.UintList ? BigInt.asIntN(64, view.getBigUint64(at, true)) : view.getFloat64(at, true))
      }
      return list
    }
    case Tag.Error:
      return undefined
    default:
      ws.failure = Failure.Type
      return undefined
  }
}

const toList = (ws: Workspace, depth: number): Plain | undefined => {
  const where = X[0]!
  const end = X[2]!
  const list: Array<Plain> = []
  for (let at = X[1]!; at < end;) {
    at = nextElement(ws.bytes(where), at, end)
    if (at < 0) {
      ws.failure = Failure.Malformed
      return undefined
    }
    if (X[1]! < 0) continue
    const item = toPlain(ws, readAny(ws, where, X[1]!, X[2]!), depth + 1)
    if (item === undefined) return undefined
    list.push(item)
  }
  return list
}

/** Of duplicate keys the first one counts. */
const toMap = (ws: Workspace, depth: number): Plain | undefined => {
  const where = X[0]!
  const end = X[2]!
  const map = new Map<string, Plain>()
  for (let at = X[1]!; at < end;) {
    const bytes = ws.bytes(where)
    at = nextElement(bytes, at, end)
    if (at < 0 || (X[1]! >= 0 && !readKeyValue(bytes, X[1]!, X[2]!))) {
      ws.failure = Failure.Malformed
      return undefined
    }
    if (X[1]! < 0) continue
    const key = ws.text(where, KV[0]!, KV[1]!)
    const value = toPlain(ws, readAny(ws, where, KV[2]!, KV[3]!), depth + 1)
    if (value === undefined) return undefined
    if (!map.has(key)) map.set(key, value)
  }
  return map
}

/** Puts a value into the arena and leaves it in `X`/`F`. */
export const fromPlain = (ws: Workspace, value: Plain): number => {
  if (value === null) return Tag.Nil
  switch (typeof value) {
    case "string":
      return ws.putText(value)
    case "boolean":
      X[1] = 0
      X[2] = value ? 1 : 0
      return Tag.Bool
    case "bigint":
      setBigInt(value)
      return Tag.Int
    case "number":
      F[0] = value
      return Tag.Double
  }
  if (value instanceof Uint8Array) {
    ws.putBytes(value)
    return Tag.Bytes
  }
  ws.putBytes(elements(value))
  return value instanceof Map ? Tag.Map : Tag.List
}

/** The payload of an `ArrayValue` or `KeyValueList`. */
const elements = (value: Array<Plain> | Map<string, Plain>): Buffer =>
  value instanceof Map
    ? Buffer.concat(
        [...value].map(([key, inner]) =>
          record(elementTag, Buffer.concat([record(keyTag, Buffer.from(key)), record(valueTag, encodeAny(inner))]))
        )
      )
    : Buffer.concat(value.map((inner) => record(elementTag, encodeAny(inner))))

const record = (tag: number, payload: Uint8Array): Buffer => {
  const bytes = Buffer.alloc(1 + varintSize(payload.length) + payload.length)
  bytes[0] = tag
  bytes.set(payload, writeVarint(bytes, 1, payload.length))
  return bytes
}

/** The payload of an `AnyValue`. */
const encodeAny = (value: Plain): Buffer => {
  if (value === null) return Buffer.alloc(0)
  switch (typeof value) {
    case "string":
      return record(anyTag.string, Buffer.from(value))
    case "boolean":
      return Buffer.of(anyTag.bool, value ? 1 : 0)
    case "bigint": {
      setBigInt(value)
      const bytes = Buffer.alloc(11)
      bytes[0] = anyTag.int
      return bytes.subarray(0, writeVarint64(bytes, 1, X[1]!, X[2]!))
    }
    case "number": {
      const bytes = Buffer.alloc(9)
      bytes[0] = anyTag.double
      writeFixed32(bytes, 1, lowBits(value))
      writeFixed32(bytes, 5, highBits(value))
      return bytes
    }
  }
  if (value instanceof Uint8Array) return record(anyTag.bytes, value)
  return record(value instanceof Map ? anyTag.map : anyTag.array, elements(value))
}
