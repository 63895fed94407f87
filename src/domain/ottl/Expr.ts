import { equalBytes, nextElement, readKeyValue, readListIndex, readMapKey, KV } from "./AnyValue.ts"
import type { Codec } from "./contexts/Codec.ts"
import { readField } from "./contexts/ReadField.ts"
import { writeField } from "./contexts/WriteField.ts"
import type { MapTable } from "./MapTable.ts"
import type { Message } from "./Message.ts"
import { fromPlain, type Plain, toPlain } from "./Plain.ts"
import { F, Failure, Tag, toBigInt, X } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

/** A compiled value: `eval` returns a tag and leaves the payload in `X`/`F`. */
export abstract class Expr {
  abstract eval(ws: Workspace): number
}

/** A value that can also be assigned to. `write` takes the value in `X`/`F`; false means that it failed. */
export abstract class Place extends Expr {
  abstract write(ws: Workspace, tag: number): boolean
}

/** A constant; texts lie in the plan's constant part of the arena. */
export class Literal extends Expr {
  readonly value: Plain
  private readonly tag: number
  private readonly a: number
  private readonly b: number
  private readonly number: number

  constructor(ws: Workspace, value: Plain) {
    super()
    this.value = value
    this.tag = fromPlain(ws, value)
    this.a = X[1]!
    this.b = X[2]!
    this.number = F[0]!
  }

  eval(): number {
    X[0] = 1
    X[1] = this.a
    X[2] = this.b
    F[0] = this.number
    return this.tag
  }

  /** Where a text or bytes literal lies in the arena. */
  get start(): number {
    return this.a
  }

  get end(): number {
    return this.b
  }
}

/** `attributes["key"]` with a constant key: a register. */
export class KeyPlace extends Place {
  readonly table: MapTable
  readonly register: number

  constructor(table: MapTable, register: number) {
    super()
    this.table = table
    this.register = register
  }

  eval(): number {
    const entry = this.table.slot[this.register]!
    return entry < 0 ? Tag.Nil : this.table.read(entry)
  }

  write(_ws: Workspace, tag: number): boolean {
    return this.table.setKey(this.register, tag)
  }
}

/** `attributes[expression]`. */
export class DynamicKeyPlace extends Place {
  readonly table: MapTable
  private readonly key: Expr

  constructor(table: MapTable, key: Expr) {
    super()
    this.table = table
    this.key = key
  }

  eval(ws: Workspace): number {
    const tag = this.key.eval(ws)
    if (tag === Tag.Error) return tag
    if (tag !== Tag.String) return ws.fail(Failure.Index)
    const entry = this.table.find(X[0]!, X[1]!, X[2]!)
    return entry < 0 ? Tag.Nil : this.table.read(entry)
  }

  write(ws: Workspace, tag: number): boolean {
    const where = X[0]!
    const start = X[1]!
    const end = X[2]!
    const number = F[0]!
    const keyTag = this.key.eval(ws)
    if (keyTag !== Tag.String) {
      if (keyTag !== Tag.Error) ws.failure = Failure.Index
      return false
    }
    const keyWhere = X[0]!
    const keyStart = X[1]!
    const keyEnd = X[2]!
    X[0] = where
    X[1] = start
    X[2] = end
    F[0] = number
    return this.table.setDynamic(keyWhere, keyStart, keyEnd, tag)
  }
}

/** A whole map. Assigning copies; what is no map is refused, and nil empties it. */
export class MapPlace extends Place {
  readonly table: MapTable

  constructor(table: MapTable) {
    super()
    this.table = table
  }

  eval(): number {
    return this.table.readWhole()
  }

  write(ws: Workspace, tag: number): boolean {
    if (tag === Tag.Nil) {
      this.table.clear()
      return true
    }
    if (tag === Tag.Map) return this.table.writeWhole()
    ws.failure = Failure.Type
    return false
  }
}

export class FieldPlace extends Place {
  readonly message: Message
  readonly row: number
  readonly codec: Codec

  constructor(message: Message, row: number, codec: Codec) {
    super()
    this.message = message
    this.row = row
    this.codec = codec
  }

  eval(ws: Workspace): number {
    return readField(ws, this.message, this.row, this.codec)
  }

  write(ws: Workspace, tag: number): boolean {
    return writeField(ws, this.message, this.row, this.codec, tag)
  }
}

/**
 * `place["a"][0]`: keys behind a map entry or a body. Reading walks the bytes: a missing map key is nil and ends the way, an index
 * out of range or of the wrong type is an error. Writing decodes this one value, changes it and stores it whole.
 */
export class NestedPlace extends Place {
  private readonly base: Place
  private readonly keys: ReadonlyArray<Expr>
  /** A body that is neither map nor list cannot be indexed; an unset attribute simply has no keys. */
  private readonly strictBase: boolean

  constructor(base: Place, keys: ReadonlyArray<Expr>, strictBase: boolean) {
    super()
    this.base = base
    this.keys = keys
    this.strictBase = strictBase
  }

  eval(ws: Workspace): number {
    let tag = this.base.eval(ws)
    if (tag === Tag.Nil && this.strictBase) return ws.fail(Failure.Index)
    for (const key of this.keys) {
      if (tag === Tag.Nil || tag === Tag.Error) return tag
      tag = index(ws, tag, key, false)
    }
    return tag
  }

  write(ws: Workspace, tag: number): boolean {
    // A time or an id cannot be stored; what was made on the way to its place stays, empty.
    const value = toPlain(ws, tag)
    const root = toPlain(ws, this.base.eval(ws))
    if (root === undefined) return false
    if (root === null && this.strictBase) {
      ws.failure = Failure.Index
      return false
    }
    const path: Array<string | bigint> = []
    for (const key of this.keys) {
      const keyTag = key.eval(ws)
      if (keyTag === Tag.String) path.push(ws.text(X[0]!, X[1]!, X[2]!))
      else if (keyTag === Tag.Int) path.push(toBigInt(X[1]!, X[2]!))
      else {
        if (keyTag !== Tag.Error) ws.failure = Failure.Index
        return false
      }
    }
    const changed = assign(root, path, 0, value)
    if (changed === undefined) {
      ws.failure = Failure.Index
      return false
    }
    if (!this.base.write(ws, fromPlain(ws, changed))) return false
    if (value === undefined) ws.failure = Failure.Unsupported
    return value !== undefined
  }
}

/** `value` (or, without one, what is there) put at `path[at...]` inside `container`; empty values become what the key asks for. `undefined`: the key does not fit. */
const assign = (container: Plain, path: ReadonlyArray<string | bigint>, at: number, value: Plain | undefined): Plain | undefined => {
  if (at === path.length) return value === undefined ? container : value
  const key = path[at]!
  if (typeof key === "string") {
    if (container !== null && !(container instanceof Map)) return undefined
    const map = container ?? new Map<string, Plain>()
    const inner = assign(map.get(key) ?? null, path, at + 1, value)
    if (inner === undefined) return undefined
    return map.set(key, inner)
  }
  if (container !== null && !Array.isArray(container)) return undefined
  const list = container ?? []
  const index = Number(key)
  // An empty value becomes a list long enough; 10 000 empty elements are a mistake, not a wish.
  if (index < 0 || (container !== null ? index >= list.length : index > 10_000)) return undefined
  while (list.length <= index) list.push(null)
  const inner = assign(list[index]!, path, at + 1, value)
  if (inner === undefined) return undefined
  list[index] = inner
  return list
}

/** Follows one key into the value in `X`. With `strict` (results of converters) a missing map key is an error. */
export const index = (ws: Workspace, tag: number, key: Expr, strict: boolean): number => {
  if (tag !== Tag.Map && tag !== Tag.List && !(strict && (tag === Tag.Bytes || tag === Tag.UintList || tag === Tag.DoubleList))) {
    return ws.fail(Failure.Index)
  }
  const where = X[0]!
  const start = X[1]!
  const end = X[2]!
  const keyTag = key.eval(ws)
  if (keyTag === Tag.Error) return keyTag
  const keyWhere = X[0]!
  const high = X[1]!
  const low = X[2]!
  X[0] = where
  X[1] = start
  X[2] = end
  if (tag === Tag.Map) {
    if (keyTag !== Tag.String) return ws.fail(Failure.Index)
    if (strict && !hasKey(ws, where, start, end, ws.bytes(keyWhere), high, low)) return ws.fail(Failure.Missing)
    X[0] = where
    X[1] = start
    X[2] = end
    return readMapKey(ws, ws.bytes(keyWhere), high, low)
  }
  if (keyTag !== Tag.Int) return ws.fail(Failure.Index)
  if (tag === Tag.List) return readListIndex(ws, high, low)
  const list = toPlain(ws, tag)
  const item = (list as ReadonlyArray<Plain> | Uint8Array)[high === 0 ? low : -1]
  return item === undefined ? ws.fail(Failure.Index) : fromPlain(ws, typeof item === "number" && tag === Tag.Bytes ? BigInt(item) : item)
}

const hasKey = (ws: Workspace, where: number, start: number, end: number, key: Uint8Array, keyStart: number, keyEnd: number): boolean => {
  const bytes = ws.bytes(where)
  for (let at = start; at < end;) {
    at = nextElement(bytes, at, end)
    if (at < 0) return false
    if (X[1]! >= 0 && readKeyValue(bytes, X[1]!, X[2]!) && equalBytes(bytes, KV[0]!, KV[1]!, key, keyStart, keyEnd)) return true
  }
  return false
}

/** `Converter(...)[key]`. */
export class IndexedExpr extends Expr {
  private readonly base: Expr
  private readonly keys: ReadonlyArray<Expr>

  constructor(base: Expr, keys: ReadonlyArray<Expr>) {
    super()
    this.base = base
    this.keys = keys
  }

  eval(ws: Workspace): number {
    let tag = this.base.eval(ws)
    for (const key of this.keys) {
      if (tag === Tag.Error) return tag
      tag = index(ws, tag, key, true)
    }
    return tag
  }
}
