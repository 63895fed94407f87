import type { Message } from "../Message.ts"
import { Failure, setRange, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"

/** Reads the id (of `size` bytes) that lies in `where` at `[start, end)`, as itself or as hexadecimal digits; one of another size reads as unset. */
export const readId = (ws: Workspace, where: number, start: number, end: number, size: number, asHex: boolean): number => {
  const tag = size === 16 ? Tag.TraceId : Tag.SpanId
  if (end - start !== size) setRange(1, 0, size, tag)
  else setRange(where, start, end, tag)
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
  return setRange(1, text, ws.end, Tag.String)
}

const hexDigit = (digit: number): number => (digit < 10 ? 0x30 + digit : 0x57 + digit)

const hexValue = (code: number): number =>
  code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : code >= 0x41 && code <= 0x46 ? code - 0x37 : -1

/** Sets an id from the hexadecimal digits that `X` points to; false, and a failure, if they are not `size` times two. */
export const writeHexId = (ws: Workspace, message: Message, row: number, size: number): boolean => {
  const bytes = ws.bytes(X[0]!)
  const start = X[1]!
  if (X[2]! - start !== size * 2) return ws.refuse(Failure.Format)
  for (let i = 0; i < size * 2; i++) if (hexValue(bytes[start + i]!) < 0) return ws.refuse(Failure.Format)
  const where = X[0]!
  message.begin(row, size)
  const from = ws.bytes(where)
  for (let i = 0; i < size; i++) ws.arena[ws.end++] = (hexValue(from[start + 2 * i]!) << 4) | hexValue(from[start + 2 * i + 1]!)
  message.commit(row)
  return true
}
