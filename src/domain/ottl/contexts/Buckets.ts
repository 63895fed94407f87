import type { Message } from "../Message.ts"
import { setRange, Tag, X } from "../Value.ts"
import { fixed32 } from "../../otlp/Wire.ts"
import { varintSize, varintSize64, writeFixed32, writeVarint, writeVarint64 } from "../../otlp/Write.ts"
import { readVarint64 } from "../Varint.ts"
import type { Workspace } from "../Workspace.ts"
import { findSubField, replaceSubField } from "./SubField.ts"

// The buckets of an exponential histogram, a message of its own: field 1 is the offset (sint32), field 2 the counts (packed varints).

export const readBucketsOffset = (ws: Workspace, message: Message, row: number): number => {
  const at = findSubField(ws, message, row, 1)
  if (at >= 0) readVarint64(ws.bytes(message.where[row]!), at, X[2]!)
  else X[2] = 0
  X[2] = (X[2]! >>> 1) ^ -(X[2]! & 1)
  X[1] = X[2]! >> 31
  return Tag.Int
}

/** Reads the counts as a `UintList` in the arena. */
export const readBucketCounts = (ws: Workspace, message: Message, row: number): number => {
  const where = message.where[row]!
  const at = findSubField(ws, message, row, 2)
  const stop = X[2]!
  const counts = ws.end
  for (let i = at; i >= 0 && i < stop;) {
    i = readVarint64(ws.bytes(where), i, stop)
    ws.reserve(8)
    writeFixed32(ws.arena, ws.end, X[2]!)
    writeFixed32(ws.arena, ws.end + 4, X[1]!)
    ws.end += 8
  }
  return setRange(1, counts, ws.end, Tag.UintList)
}

/** Replaces the counts by the `UintList` in `X`, or by none. */
export const writeBucketCounts = (ws: Workspace, message: Message, row: number, tag: number): void => {
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
