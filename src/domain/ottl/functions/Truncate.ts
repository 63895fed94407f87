import type { Place } from "../Expr.ts"
import type { MapTable } from "../MapTable.ts"
import { Mistake } from "../OttlError.ts"
import type { Registers } from "../Registers.ts"
import { Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import { type EditorSpec, MapEditor } from "./Function.ts"

/** `truncate_all(target, limit)`: cuts string values to `limit` bytes, back to the start of a character; other values stay. */
class TruncateAll extends MapEditor {
  private readonly limit: number
  private readonly utf8Safe: boolean
  private readonly marker: Uint8Array

  constructor(place: Place, registers: Registers, limit: number, utf8Safe: boolean, marker: Uint8Array) {
    super(place, registers)
    this.limit = limit
    this.utf8Safe = utf8Safe
    this.marker = marker
  }

  protected edit(ws: Workspace, table: MapTable): boolean {
    const { limit, marker } = this
    for (let entry = 0; entry < table.count; entry++) {
      // No string value can be longer than its record.
      if (!table.isLive(entry) || table.valueEnd[entry]! - table.valueStart[entry]! <= limit) continue
      const tag = table.read(entry)
      if (tag === Tag.Error) return false
      if (tag !== Tag.String || X[2]! - X[1]! <= limit) continue
      const where = X[0]!
      const start = X[1]!
      let end = start + limit - marker.length
      if (this.utf8Safe) {
        const bytes = ws.bytes(where)
        while (end > start && (bytes[end]! & 0xc0) === 0x80) end--
      }
      X[2] = end
      if (marker.length > 0) {
        ws.reserve(limit)
        const cut = ws.end
        ws.append(where, start, end)
        ws.arena.set(marker, ws.end)
        ws.end += marker.length
        X[0] = 1
        X[1] = cut
        X[2] = ws.end
      }
      if (!table.setEntry(entry, Tag.String)) return false
    }
    return true
  }
}

export const truncateAll: EditorSpec = {
  name: "truncate_all",
  parameters: [
    { name: "target", kind: "mapPlace" },
    { name: "limit", kind: "literalInt" },
    { name: "utf8_safe", kind: "literalBool", optional: true },
    { name: "truncation_marker", kind: "literalString", optional: true }
  ],
  make: (args) => {
    const limit = Number(args.literal(1, 0n))
    const marker = new Uint8Array(Buffer.from(args.literal<string>(3, "")))
    if (marker.length > limit) throw new Mistake(args.get(3)!.at, `the marker has ${marker.length} bytes, more than the limit of ${limit}`)
    return new TruncateAll(args.place(0), args.registers, limit, args.literal<boolean>(2, true), marker)
  }
}
