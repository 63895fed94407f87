import { sizeOfAny, writeAny } from "../AnyValue.ts"
import type { Message } from "../Message.ts"
import { F, Failure, highBits, lowBits, Tag, X } from "../Value.ts"
import { varintSize64, writeFixed32, writeVarint, writeVarint64 } from "../../otlp/Write.ts"
import type { Workspace } from "../Workspace.ts"
import { writeBucketCounts } from "./Buckets.ts"
import { Codec } from "./Codec.ts"
import { writeHexId } from "./HexId.ts"
import { toPacked } from "./PackedList.ts"
import { kindTexts, oldKindTexts } from "./SpanKind.ts"
import { replaceSubField } from "./SubField.ts"

/** Writes the value in `X`/`F` to a field; false, and a failure, if it does not fit there. */
export const writeField = (ws: Workspace, message: Message, row: number, codec: Codec, tag: number): boolean => {
  if (codec === Codec.metricType) return expect(ws, tag, Tag.Int)
  if (message.layout.fieldOf[row] === 0) {
    // Metrics without the field take no notice of it; data points of another kind refuse it.
    if (codec === Codec.temporality) return expect(ws, tag, Tag.Int)
    if (codec === Codec.monotonic) return expect(ws, tag, Tag.Bool)
    return ws.refuse(Failure.Type)
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
      if (codec === Codec.checkedFixed32 && X[1] !== 0) return ws.refuse(Failure.Range)
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
      if (kind < 0) return ws.refuse(Failure.Format)
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
      if (size < 0) return ws.refuse(Failure.Unsupported)
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

const expect = (ws: Workspace, tag: number, wanted: number): boolean => tag === wanted || ws.refuse(Failure.Type)

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
