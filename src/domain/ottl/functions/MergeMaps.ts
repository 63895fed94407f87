import { KV, nextElement, readAny, readKeyValue } from "../AnyValue.ts"
import type { Expr, Place } from "../Expr.ts"
import type { MapTable } from "../MapTable.ts"
import { Mistake } from "../OttlError.ts"
import type { Registers } from "../Registers.ts"
import { Failure, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import { type EditorSpec, MapEditor } from "./Function.ts"

const strategies = ["insert", "update", "upsert"]

/** `merge_maps(target, source, strategy)`: shallow; `insert` adds missing keys, `update` changes existing ones, `upsert` does both. */
class MergeMaps extends MapEditor {
  private readonly source: Expr
  private readonly inserts: boolean
  private readonly updates: boolean

  constructor(place: Place, registers: Registers, source: Expr, strategy: string) {
    super(place, registers)
    this.source = source
    this.inserts = strategy !== "update"
    this.updates = strategy !== "insert"
  }

  protected edit(ws: Workspace, table: MapTable): boolean {
    const tag = this.source.eval(ws)
    if (tag !== Tag.Map) {
      if (tag !== Tag.Error) ws.failure = Failure.Type
      return false
    }
    const where = X[0]!
    const end = X[2]!
    for (let at = X[1]!; at < end;) {
      const bytes = ws.bytes(where)
      at = nextElement(bytes, at, end)
      if (at < 0 || (X[1]! >= 0 && !readKeyValue(bytes, X[1]!, X[2]!))) {
        ws.failure = Failure.Malformed
        return false
      }
      if (X[1]! < 0) continue
      const keyStart = KV[0]!
      const keyEnd = KV[1]!
      const exists = table.find(where, keyStart, keyEnd) >= 0
      if (exists ? !this.updates : !this.inserts) continue
      const value = readAny(ws, where, KV[2]!, KV[3]!)
      if (value === Tag.Error || !table.setDynamic(where, keyStart, keyEnd, value)) return false
    }
    return true
  }
}

export const mergeMaps: EditorSpec = {
  name: "merge_maps",
  parameters: [
    { name: "target", kind: "mapPlace" },
    { name: "source", kind: "map" },
    { name: "strategy", kind: "literalString" }
  ],
  make: (args) => {
    const strategy = args.literal<string>(2, "")
    if (!strategies.includes(strategy)) {
      throw new Mistake(args.get(2)!.at, `invalid strategy ${JSON.stringify(strategy)}: expected one of ${strategies.join(", ")}`)
    }
    return new MergeMaps(args.place(0), args.registers, args.expr(1), strategy)
  }
}
