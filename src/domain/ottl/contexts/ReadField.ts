import { readAny } from "../AnyValue.ts"
import type { Message } from "../Message.ts"
import { asText } from "../Text.ts"
import { doubleFromBits, F, setInt, setRange, Tag, X } from "../Value.ts"
import { fixed32 } from "../../otlp/Wire.ts"
import { readVarint64 } from "../Varint.ts"
import type { Workspace } from "../Workspace.ts"
import { readBucketCounts, readBucketsOffset } from "./Buckets.ts"
import { Codec } from "./Codec.ts"
import { readId } from "./HexId.ts"
import { DataField } from "./Layouts.ts"
import { kindTexts, oldKindTexts } from "./SpanKind.ts"
import { findSubField } from "./SubField.ts"

const metricTypes: Readonly<Record<number, number>> = {
  [DataField.gauge]: 1,
  [DataField.sum]: 2,
  [DataField.histogram]: 3,
  [DataField.exponentialHistogram]: 4,
  [DataField.summary]: 5
}

/** Reads the varint at a row into `X` as int32, sign extended; 0 if the field is unset. */
const readInt32 = (ws: Workspace, message: Message, row: number): void => {
  X[1] = X[2] = 0
  if (message.has(row)) readVarint64(ws.bytes(message.where[row]!), message.start[row]!, message.end[row]!)
  X[1] = X[2]! >> 31
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
      return setRange(where, start, end, Tag.String)
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
      return setRange(where, start, end, Tag.Struct)
    case Codec.statusCode: {
      const at = findSubField(ws, message, row, 3)
      if (at >= 0) readVarint64(ws.bytes(where), at, X[2]!)
      else X[2] = 0
      X[1] = X[2]! >> 31
      return Tag.Int
    }
    case Codec.statusMessage: {
      const at = findSubField(ws, message, row, 2)
      return at < 0 ? setRange(1, 0, 0, Tag.String) : setRange(where, at, X[2]!, Tag.String)
    }
    case Codec.any:
      return readAny(ws, where, start, end)
    case Codec.anyText:
      return asText(ws, readAny(ws, where, start, end))
    case Codec.fixedList:
      return setRange(where, start, end, Tag.UintList)
    case Codec.doubleList:
      return setRange(where, start, end, Tag.DoubleList)
    case Codec.bucketsOffset:
      return readBucketsOffset(ws, message, row)
    case Codec.bucketsCounts:
      return readBucketCounts(ws, message, row)
    case Codec.structs:
      message.readRecords(row)
      return Tag.Structs
    case Codec.metricType:
      setInt(metricTypes[message.type] ?? 0)
      return Tag.Int
  }
}
