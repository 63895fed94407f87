import { nextElement, readAny } from "../AnyValue.ts"
import { F, Failure, highBits, lowBits, setRange, Tag, X } from "../Value.ts"
import { writeFixed32 } from "../../otlp/Write.ts"
import type { Workspace } from "../Workspace.ts"

/** Turns a list of whole numbers (or of doubles) into packed 64-bit values in `X`; false, and a failure, for anything else. */
export const toPacked = (ws: Workspace, tag: number, doubles: boolean): boolean => {
  if (tag === (doubles ? Tag.DoubleList : Tag.UintList)) return true
  if (tag !== Tag.List) return ws.refuse(Failure.Type)
  const where = X[0]!
  const end = X[2]!
  const packed = ws.end
  for (let at = X[1]!; at < end;) {
    at = nextElement(ws.bytes(where), at, end)
    if (at < 0) return ws.refuse(Failure.Malformed)
    if (X[1]! < 0) continue
    const inner = readAny(ws, where, X[1]!, X[2]!)
    if (inner !== (doubles ? Tag.Double : Tag.Int)) return ws.refuse(Failure.Type)
    ws.reserve(8)
    writeFixed32(ws.arena, ws.end, doubles ? lowBits(F[0]!) : X[2]!)
    writeFixed32(ws.arena, ws.end + 4, doubles ? highBits(F[0]!) : X[1]!)
    ws.end += 8
  }
  setRange(1, packed, ws.end, Tag.UintList)
  return true
}
