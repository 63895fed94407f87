import type { Message } from "../Message.ts"
import { X } from "../Value.ts"
import { valueEnd } from "../../otlp/Wire.ts"
import { readVarint64 } from "../Varint.ts"
import type { Workspace } from "../Workspace.ts"

// A row can hold a whole message (a status, the buckets of a histogram) of which a path names one field.

/** Finds the last field `number` inside the message at a row: its value's start, or -1; `X[2]` is then its end. */
export const findSubField = (ws: Workspace, message: Message, row: number, number: number): number => {
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
export const replaceSubField = (ws: Workspace, message: Message, row: number, number: number, start: number, end: number): void => {
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
