import { readAny, sizeOfAny, writeAny, nextElement } from "../AnyValue.ts"
import type { Message } from "../Message.ts"
import { asText } from "../Text.ts"
import { doubleFromBits, F, Failure, highBits, lowBits, setInt, Tag, X } from "../Value.ts"
import { fixed32, valueEnd } from "../../otlp/Wire.ts"
import { varintSize, varintSize64, writeFixed32, writeVarint, writeVarint64 } from "../../otlp/Write.ts"
import { readVarint64 } from "../Varint.ts"
import type { Workspace } from "../Workspace.ts"
import { Codec } from "./Codec.ts"
import { DataField } from "./Layouts.ts"

const kindTexts = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]
const oldKindTexts = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map((name) => `SPAN_KIND_${name}`)

const metricTypes: Readonly<Record<number, number>> = {
  [DataField.gauge]: 1,
  [DataField.sum]: 2,
  [DataField.histogram]: 3,
  [DataField.exponentialHistogram]: 4,
  [DataField.summary]: 5
}

const range = (where: number, start: number, end: number, tag: number): number => {
  X[0] = where
  X[1] = start
  X[2] = end
  return tag
}

/** Reads the varint at a row into `X` as int32, sign extended; 0 if the field is unset. */
const readInt32 = (ws: Workspace, message: Message, row: number): void => {
  X[1] = X[2] = 0
  if (message.has(row)) readVarint64(ws.bytes(message.where[row]!), message.start[row]!, message.end[row]!)
  X[1] = X[2]! >> 31
}

/** Finds the last field `number` inside the message at a row: its value's start, or -1; `X[2]` is then its end. */
const subField = (ws: Workspace, message: Message, row: number, number: number): number => {
  if (!message.has(row)) return -1
  const bytes = ws.bytes(message.where[row]!)
  const end = message.end[row]!
  let found = -1
  let foundEnd = -1
  for (let at = message.start[row]!; at < end;) {
    const afterTag = readVarint64(bytes, at, end)
    if (afterTag < 0) break
    const tag = X[2]!
    at = valueEnd(bytes, afterTag, end, tag & 7)
    if (at < 0) break
    if (tag >>> 3 !== number) continue
    foundEnd = at
    // Of a length-delimited field the value starts behind its length.
    found = (tag & 7) === 2 ? readVarint64(bytes, afterTag, end) : afterTag
  }
  X[2] = foundEnd
  return found
}

/** Replaces field `number` of the message at a row by the record that lies in the arena at `[start, end)`; the other fields stay. */
const replaceSubField = (ws: Workspace, message: Message, row: number, number: number, start: number, end: number): void => {
  const where = message.where[row]!
  const from = message.has(row) ? message.start[row]! : 0
  const to = message.has(row) ? message.end[row]! : 0
  let kept = 0
  for (let pass = 0; pass < 2; pass++) {
    if (pass === 1) message.begin(row, kept + end - start)
    for (let at = from; at < to;) {
      const record = at
      const bytes = ws.bytes(where)
      const afterTag = readVarint64(bytes, at, to)
      const tag = X[2]!
      at = afterTag < 0 ? -1 : valueEnd(bytes, afterTag, to, tag & 7)
      if (at < 0) break
      if (tag >>> 3 === number) continue
      if (pass === 0) kept += at - record
      else ws.append(where, record, at)
    }
  }
  ws.append(1, start, end)
  message.commit(row)
}

/** Reads a field; `X`/`F` then hold its value. Unset fields read as their default, fields that the message's type lacks as nil. */
export const readField = (ws: Workspace, message: Message, row: number, codec: Codec): number => {
  if (message.layout.fieldOf[row] === 0 && codec !== Codec.metricType) return Tag.Nil
  const present = message.has(row)
  const where = present ? message.where[row]! : 1
  const start = present ? message.start[row]! : 0
  const end = present ? message.end[row]! : 0
  switch (codec) {
    case Codec.text:
    case Codec.traceState:
      return range(where, start, end, Tag.String)
    case Codec.uint32:
      readInt32(ws, message, row)
      X[1] = 0
      return Tag.Int
    case Codec.enum:
    case Codec.temporality:
      readInt32(ws, message, row)
      return Tag.Int
    case Codec.monotonic:
      readInt32(ws, message, row)
      X[2] = X[2] === 0 ? 0 : 1
      X[1] = 0
      return Tag.Bool
    case Codec.sint32: {
      readInt32(ws, message, row)
      X[2] = (X[2]! >>> 1) ^ -(X[2]! & 1)
      X[1] = X[2]! >> 31
      return Tag.Int
    }
    case Codec.fixed64:
    case Codec.time: {
      const bytes = ws.bytes(where)
      X[1] = present ? fixed32(bytes, start + 4) : 0
      X[2] = present ? fixed32(bytes, start) : 0
      return codec === Codec.time ? Tag.Time : Tag.Int
    }
    case Codec.fixed32:
    case Codec.checkedFixed32:
      X[1] = 0
      X[2] = present ? fixed32(ws.bytes(where), start) : 0
      return Tag.Int
    case Codec.double: {
      const bytes = ws.bytes(where)
      F[0] = present ? doubleFromBits(fixed32(bytes, start + 4), fixed32(bytes, start)) : 0
      return Tag.Double
    }
    case Codec.valueInt: {
      const isInt = present && message.field[row] === 6
      const bytes = ws.bytes(where)
      X[1] = isInt ? fixed32(bytes, start + 4) : 0
      X[2] = isInt ? fixed32(bytes, start) : 0
      return Tag.Int
    }
    case Codec.valueDouble: {
      const bytes = ws.bytes(where)
      F[0] = present && message.field[row] === 4 ? doubleFromBits(fixed32(bytes, start + 4), fixed32(bytes, start)) : 0
      return Tag.Double
    }
    case Codec.traceId:
    case Codec.traceIdText:
      return readId(ws, where, start, end, 16, codec === Codec.traceIdText)
    case Codec.spanId:
    case Codec.spanIdText:
      return readId(ws, where, start, end, 8, codec === Codec.spanIdText)
    case Codec.kindText:
    case Codec.kindOldText:
      readInt32(ws, message, row)
      return ws.putText((codec === Codec.kindText ? kindTexts : oldKindTexts)[X[2]!] ?? "")
    case Codec.struct:
      return range(where, start, end, Tag.Struct)
    case Codec.statusCode: {
      const at = subField(ws, message, row, 3)
      if (at >= 0) readVarint64(ws.bytes(where), at, X[2]!)
      else X[2] = 0
      X[1] = X[2]! >> 31
      return Tag.Int
    }
    case Codec.statusMessage: {
      const at = subField(ws, message, row, 2)
      return at < 0 ? range(1, 0, 0, Tag.String) : range(where, at, X[2]!, Tag.String)
    }
    case Codec.any:
      return readAny(ws, where, start, end)
    case Codec.anyText:
      return asText(ws, readAny(ws, where, start, end))
    case Codec.fixedList:
      return range(where, start, end, Tag.UintList)
    case Codec.doubleList:
      return range(where, start, end, Tag.DoubleList)
    case Codec.bucketsOffset: {
      const at = subField(ws, message, row, 1)
      if (at >= 0) readVarint64(ws.bytes(where), at, X[2]!)
      else X[2] = 0
      X[2] = (X[2]! >>> 1) ^ -(X[2]! & 1)
      X[1] = X[2]! >> 31
      return Tag.Int
    }
    case Codec.bucketsCounts: {
      const at = subField(ws, message, row, 2)
      const stop = X[2]!
      const counts = ws.end
      for (let i = at; i >= 0 && i < stop;) {
        i = readVarint64(ws.bytes(where), i, stop)
        ws.reserve(8)
        writeFixed32(ws.arena, ws.end, X[2]!)
        writeFixed32(ws.arena, ws.end + 4, X[1]!)
        ws.end += 8
      }
      return range(1, counts, ws.end, Tag.UintList)
    }
    case Codec.structs:
      message.readRecords(row)
      return Tag.Structs
    case Codec.metricType:
      setInt(metricTypes[message.type] ?? 0)
      return Tag.Int
  }
}

const readId = (ws: Workspace, where: number, start: number, end: number, size: number, asHex: boolean): number => {
  const tag = size === 16 ? Tag.TraceId : Tag.SpanId
  if (end - start !== size) range(1, 0, size, tag)
  else range(where, start, end, tag)
  if (!asHex) return tag
  ws.reserve(size * 2)
  const bytes = ws.bytes(X[0]!)
  const { arena } = ws
  const text = ws.end
  for (let i = 0; i < size; i++) {
    const byte = bytes[X[1]! + i]!
    arena[ws.end++] = hexDigit(byte >> 4)
    arena[ws.end++] = hexDigit(byte & 15)
  }
  return range(1, text, ws.end, Tag.String)
}

const hexDigit = (digit: number): number => (digit < 10 ? 0x30 + digit : 0x57 + digit)

const hexValue = (code: number): number =>
  code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : code >= 0x41 && code <= 0x46 ? code - 0x37 : -1

/** Writes the value in `X`/`F` to a field; false, and a failure, if it does not fit there. */
export const writeField = (ws: Workspace, message: Message, row: number, codec: Codec, tag: number): boolean => {
  if (codec === Codec.metricType) return expect(ws, tag, Tag.Int)
  if (message.layout.fieldOf[row] === 0) {
    // Metrics without the field take no notice of it; data points of another kind refuse it.
    if (codec === Codec.temporality) return expect(ws, tag, Tag.Int)
    if (codec === Codec.monotonic) return expect(ws, tag, Tag.Bool)
    return refuse(ws, Failure.Type)
  }
  switch (codec) {
    case Codec.text:
    case Codec.traceState:
      if (!expect(ws, tag, Tag.String)) return false
      message.copy(row, X[0]!, X[1]!, X[2]!)
      return true
    case Codec.uint32:
      if (!expect(ws, tag, Tag.Int)) return false
      writeVarintField(ws, message, row, 0, X[2]!)
      return true
    case Codec.enum:
    case Codec.temporality:
      if (!expect(ws, tag, Tag.Int)) return false
      writeVarintField(ws, message, row, X[2]! >> 31, X[2]!)
      return true
    case Codec.monotonic:
      if (!expect(ws, tag, Tag.Bool)) return false
      writeVarintField(ws, message, row, 0, X[2]!)
      return true
    case Codec.sint32:
      if (!expect(ws, tag, Tag.Int)) return false
      writeVarintField(ws, message, row, 0, (X[2]! << 1) ^ (X[2]! >> 31))
      return true
    case Codec.fixed64:
    case Codec.time:
      if (!expect(ws, tag, codec === Codec.time ? Tag.Time : Tag.Int)) return false
      writeFixed64Field(ws, message, row, X[1]!, X[2]!)
      return true
    case Codec.checkedFixed32:
    case Codec.fixed32:
      if (!expect(ws, tag, Tag.Int)) return false
      if (codec === Codec.checkedFixed32 && X[1] !== 0) return refuse(ws, Failure.Range)
      message.begin(row, 4)
      writeFixed32(ws.arena, ws.end, X[2]!)
      ws.end += 4
      message.commit(row)
      return true
    case Codec.double:
      if (!expect(ws, tag, Tag.Double)) return false
      writeFixed64Field(ws, message, row, highBits(F[0]!), lowBits(F[0]!))
      return true
    case Codec.valueInt:
      if (!expect(ws, tag, Tag.Int)) return false
      writeFixed64Field(ws, message, row, X[1]!, X[2]!, 6)
      return true
    case Codec.valueDouble:
      if (!expect(ws, tag, Tag.Double)) return false
      writeFixed64Field(ws, message, row, highBits(F[0]!), lowBits(F[0]!), 4)
      return true
    case Codec.traceId:
    case Codec.spanId:
      if (!expect(ws, tag, codec === Codec.traceId ? Tag.TraceId : Tag.SpanId)) return false
      message.copy(row, X[0]!, X[1]!, X[2]!)
      return true
    case Codec.traceIdText:
    case Codec.spanIdText:
      return expect(ws, tag, Tag.String) && writeHexId(ws, message, row, codec === Codec.traceIdText ? 16 : 8)
    case Codec.kindText:
    case Codec.kindOldText: {
      if (!expect(ws, tag, Tag.String)) return false
      const kind = (codec === Codec.kindText ? kindTexts : oldKindTexts).indexOf(ws.text(X[0]!, X[1]!, X[2]!))
      if (kind < 0) return refuse(ws, Failure.Format)
      writeVarintField(ws, message, row, 0, kind)
      return true
    }
    case Codec.struct:
      if (!expect(ws, tag, Tag.Struct)) return false
      message.copy(row, X[0]!, X[1]!, X[2]!)
      return true
    case Codec.statusCode:
      if (!expect(ws, tag, Tag.Int)) return false
      writeSubVarint(ws, message, row, 3, X[2]! >> 31, X[2]!)
      return true
    case Codec.statusMessage: {
      if (!expect(ws, tag, Tag.String)) return false
      const size = X[2]! - X[1]!
      ws.reserve(size + 8)
      const record = ws.end
      ws.arena[ws.end++] = 0x12
      ws.end = writeVarint(ws.arena, ws.end, size)
      ws.append(X[0]!, X[1]!, X[2]!)
      replaceSubField(ws, message, row, 2, record, ws.end)
      return true
    }
    case Codec.any: {
      const size = sizeOfAny(tag)
      if (size < 0) return refuse(ws, Failure.Unsupported)
      message.begin(row, size)
      writeAny(ws, tag)
      message.commit(row)
      return true
    }
    case Codec.anyText:
      return expect(ws, tag, Tag.String) && writeField(ws, message, row, Codec.any, tag)
    case Codec.fixedList:
    case Codec.doubleList:
      if (tag === Tag.Nil) {
        message.erase(row)
        return true
      }
      if (!toPacked(ws, tag, codec === Codec.doubleList)) return false
      message.copy(row, X[0]!, X[1]!, X[2]!)
      return true
    case Codec.bucketsOffset:
      if (!expect(ws, tag, Tag.Int)) return false
      writeSubVarint(ws, message, row, 1, 0, (X[2]! << 1) ^ (X[2]! >> 31))
      return true
    case Codec.bucketsCounts:
      if (tag !== Tag.Nil && !toPacked(ws, tag, false)) return false
      writeBucketCounts(ws, message, row, tag)
      return true
    case Codec.structs:
      if (tag === Tag.Nil) {
        message.replaceRecords(row, 1, 0, 0)
        return true
      }
      if (!expect(ws, tag, Tag.Structs)) return false
      message.replaceRecords(row, X[0]!, X[1]!, X[2]!)
      return true
  }
}

const refuse = (ws: Workspace, cause: number): false => {
  ws.failure = cause
  return false
}

const expect = (ws: Workspace, tag: number, wanted: number): boolean => tag === wanted || refuse(ws, Failure.Type)

const writeVarintField = (ws: Workspace, message: Message, row: number, high: number, low: number): void => {
  message.begin(row, varintSize64(high, low))
  ws.end = writeVarint64(ws.arena, ws.end, high, low)
  message.commit(row)
}

const writeFixed64Field = (ws: Workspace, message: Message, row: number, high: number, low: number, field?: number): void => {
  message.begin(row, 8, field)
  writeFixed32(ws.arena, ws.end, low)
  writeFixed32(ws.arena, ws.end + 4, high)
  ws.end += 8
  message.commit(row)
}

const writeSubVarint = (ws: Workspace, message: Message, row: number, field: number, high: number, low: number): void => {
  ws.reserve(16)
  const record = ws.end
  ws.arena[ws.end++] = field << 3
  ws.end = writeVarint64(ws.arena, ws.end, high, low)
  replaceSubField(ws, message, row, field, record, ws.end)
}

const writeHexId = (ws: Workspace, message: Message, row: number, size: number): boolean => {
  const bytes = ws.bytes(X[0]!)
  const start = X[1]!
  if (X[2]! - start !== size * 2) return refuse(ws, Failure.Format)
  for (let i = 0; i < size * 2; i++) if (hexValue(bytes[start + i]!) < 0) return refuse(ws, Failure.Format)
  const where = X[0]!
  message.begin(row, size)
  const from = ws.bytes(where)
  for (let i = 0; i < size; i++) ws.arena[ws.end++] = (hexValue(from[start + 2 * i]!) << 4) | hexValue(from[start + 2 * i + 1]!)
  message.commit(row)
  return true
}

/** Turns a list of whole numbers (or of doubles) into packed 64-bit values in `X`. */
const toPacked = (ws: Workspace, tag: number, doubles: boolean): boolean => {
  if (tag === (doubles ? Tag.DoubleList : Tag.UintList)) return true
  if (tag !== Tag.List) return refuse(ws, Failure.Type)
  const where = X[0]!
  const end = X[2]!
  const packed = ws.end
  for (let at = X[1]!; at < end;) {
    at = nextElement(ws.bytes(where), at, end)
    if (at < 0) return refuse(ws, Failure.Malformed)
    if (X[1]! < 0) continue
    const inner = readAny(ws, where, X[1]!, X[2]!)
    if (inner !== (doubles ? Tag.Double : Tag.Int)) return refuse(ws, Failure.Type)
    ws.reserve(8)
    writeFixed32(ws.arena, ws.end, doubles ? lowBits(F[0]!) : X[2]!)
    writeFixed32(ws.arena, ws.end + 4, doubles ? highBits(F[0]!) : X[1]!)
    ws.end += 8
  }
  range(1, packed, ws.end, Tag.UintList)
  return true
}

const writeBucketCounts = (ws: Workspace, message: Message, row: number, tag: number): void => {
  const where = X[0]!
  const start = tag === Tag.Nil ? 0 : X[1]!
  const end = tag === Tag.Nil ? 0 : X[2]!
  let size = 0
  for (let at = start; at < end; at += 8) size += varintSize64(fixed32(ws.bytes(where), at + 4), fixed32(ws.bytes(where), at))
  ws.reserve(size + 8 + varintSize(size))
  const record = ws.end
  ws.arena[ws.end++] = 0x12
  ws.end = writeVarint(ws.arena, ws.end, size)
  for (let at = start; at < end; at += 8) {
    const bytes = ws.bytes(where)
    ws.end = writeVarint64(ws.arena, ws.end, fixed32(bytes, at + 4), fixed32(bytes, at))
  }
  replaceSubField(ws, message, row, 2, record, ws.end)
}
