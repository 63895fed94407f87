import { nextElement, readAny } from "../AnyValue.ts"
import type { Expr, Place } from "../Expr.ts"
import { Keys } from "../Keys.ts"
import type { MapTable } from "../MapTable.ts"
import { Mistake } from "../OttlError.ts"
import type { Registers } from "../Registers.ts"
import { Failure, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import { type EditorSpec, type Given, MapEditor } from "./Function.ts"
import { PatternSource } from "./Match.ts"

/** `delete_key(target, key)`: a missing key is fine. */
class DeleteKey extends MapEditor {
  private readonly key: Expr

  constructor(place: Place, registers: Registers, key: Expr) {
    super(place, registers)
    this.key = key
  }

  protected edit(ws: Workspace, table: MapTable): boolean {
    const tag = this.key.eval(ws)
    if (tag !== Tag.String) {
      if (tag !== Tag.Error) ws.failure = Failure.Type
      return false
    }
    const entry = table.find(X[0]!, X[1]!, X[2]!)
    if (entry >= 0) table.remove(entry)
    return true
  }
}

export const deleteKey: EditorSpec = {
  name: "delete_key",
  parameters: [
    { name: "target", kind: "mapPlace" },
    { name: "key", kind: "string" }
  ],
  make: (args) => new DeleteKey(args.place(0), args.registers, args.expr(1))
}

/** Removes the keys that a pattern matches, or all others. */
class MatchingKeys extends MapEditor {
  private readonly pattern: PatternSource
  private readonly keep: boolean

  constructor(place: Place, registers: Registers, pattern: PatternSource, keep: boolean) {
    super(place, registers)
    this.pattern = pattern
    this.keep = keep
  }

  protected edit(ws: Workspace, table: MapTable): boolean {
    const pattern = this.pattern.get(ws)
    if (pattern === undefined) return false
    for (let entry = 0; entry < table.count; entry++) {
      if (!table.isLive(entry)) continue
      if (pattern.test(ws.bytes(table.where[entry]!), table.keyStart[entry]!, table.keyEnd[entry]!) !== this.keep) table.remove(entry)
    }
    return true
  }
}

const matching = (name: string, keep: boolean): EditorSpec => ({
  name,
  parameters: [
    { name: "target", kind: "mapPlace" },
    { name: "pattern", kind: "string" }
  ],
  make: (args) => new MatchingKeys(args.place(0), args.registers, new PatternSource(args.expr(1), args.get(1)!.at), keep)
})

export const deleteMatchingKeys = matching("delete_matching_keys", false)
export const keepMatchingKeys = matching("keep_matching_keys", true)

/** `keep_keys(target, keys)` with constant keys, or with keys (or a list of keys) that are only known at run time. */
class KeepKeys extends MapEditor {
  private readonly constant: Keys | undefined
  private readonly given: Given

  constructor(place: Place, registers: Registers, constant: Keys | undefined, given: Given) {
    super(place, registers)
    this.constant = constant
    this.given = given
  }

  protected edit(ws: Workspace, table: MapTable): boolean {
    const keys = this.constant ?? this.computed(ws)
    if (keys === undefined) return false
    for (let entry = 0; entry < table.count; entry++) {
      if (!table.isLive(entry)) continue
      if (keys.find(ws.bytes(table.where[entry]!), table.keyStart[entry]!, table.keyEnd[entry]!) < 0) table.remove(entry)
    }
    return true
  }

  private computed(ws: Workspace): Keys | undefined {
    const keys = new Keys()
    const add = (tag: number): boolean => {
      if (tag === Tag.String) keys.add(ws.text(X[0]!, X[1]!, X[2]!))
      else if (tag !== Tag.Error) ws.failure = Failure.Type
      return tag === Tag.String
    }
    if (this.given.items !== undefined) return this.given.items.every((item) => add(item.eval(ws))) ? keys : undefined
    const tag = this.given.expr!.eval(ws)
    if (tag !== Tag.List) {
      if (tag !== Tag.Error) ws.failure = Failure.Type
      return undefined
    }
    const where = X[0]!
    const end = X[2]!
    for (let at = X[1]!; at < end;) {
      at = nextElement(ws.bytes(where), at, end)
      if (at < 0) {
        ws.failure = Failure.Malformed
        return undefined
      }
      if (X[1]! >= 0 && !add(readAny(ws, where, X[1]!, X[2]!))) return undefined
    }
    return keys
  }
}

export const keepKeys: EditorSpec = {
  name: "keep_keys",
  parameters: [
    { name: "target", kind: "mapPlace" },
    { name: "keys", kind: "strings" }
  ],
  make: (args) => {
    const given = args.get(1)!
    let constant: Keys | undefined
    if (Array.isArray(given.literal)) {
      constant = new Keys()
      for (const key of given.literal) constant.add(key as string)
    }
    return new KeepKeys(args.place(0), args.registers, constant, given)
  }
}

/** `limit(target, limit, priority_keys)`: the priority keys first, then the others in the map's order. */
class Limit extends MapEditor {
  private readonly limit: number
  private readonly priority: Keys

  constructor(place: Place, registers: Registers, limit: number, priority: Keys) {
    super(place, registers)
    this.limit = limit
    this.priority = priority
  }

  protected edit(ws: Workspace, table: MapTable): boolean {
    const isPriority = (entry: number): boolean =>
      this.priority.find(ws.bytes(table.where[entry]!), table.keyStart[entry]!, table.keyEnd[entry]!) >= 0
    let live = 0
    let others = this.limit
    for (let entry = 0; entry < table.count; entry++) {
      if (!table.isLive(entry)) continue
      live++
      if (isPriority(entry)) others--
    }
    if (live <= this.limit) return true
    for (let entry = 0; entry < table.count; entry++) {
      if (!table.isLive(entry) || isPriority(entry)) continue
      if (others-- <= 0) table.remove(entry)
    }
    return true
  }
}

export const limit: EditorSpec = {
  name: "limit",
  parameters: [
    { name: "target", kind: "mapPlace" },
    { name: "limit", kind: "literalInt" },
    { name: "priority_keys", kind: "literalStrings" }
  ],
  make: (args) => {
    const limit = Number(args.literal(1, 0n))
    const priority = new Keys()
    const names = args.literal<Array<string>>(2, [])
    for (const name of names) priority.add(name)
    if (names.length > limit) throw new Mistake(args.get(2)!.at, `${names.length} priority keys are more than the limit of ${limit}`)
    return new Limit(args.place(0), args.registers, limit, priority)
  }
}
