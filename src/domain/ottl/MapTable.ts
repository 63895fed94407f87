import { KV, readAny, readKeyValue, sizeOfAny, valueTag, writeAny, nextElement, elementTag, keyTag, equalBytes } from "./AnyValue.ts"
import type { Expr } from "./Expr.ts"
import type { Keys } from "./Keys.ts"
import type { StatementIndex } from "./StatementIndex.ts"
import { Failure, Tag, X } from "./Value.ts"
import { varintSize, writeVarint } from "../otlp/Write.ts"
import type { Workspace } from "./Workspace.ts"

/** What has become of an entry. `Gone` entries were added and removed again: they leave no trace. */
export const State = { Clean: 0, Changed: 1, Deleted: 2, New: 3, Gone: 4 } as const

/**
 * All entries of one attribute map, as columns: constant keys, dynamic keys and functions on the whole map see the same truth.
 *
 * The walk enters only keys that the plan names, or all when the plan uses the map whole or by a key that is only known at run time.
 * Duplicate keys are kept; the first live one is the one that counts. The `cache` is a table without source bytes.
 */
export class MapTable {
  private readonly ws: Workspace
  readonly keys: Keys
  /** First bytes that the map's records can have in its message (tag of field and wire type 2): several where a role has several types. */
  recordTags: ReadonlyArray<number> = [elementTag]
  private variant = 0
  /** Enter every entry, not only those with a named key. */
  all = false
  /** Which statements a key can make true; absent where no index is kept. */
  index: StatementIndex | undefined = undefined
  count = 0
  dirty = false
  private duplicates = false
  /** Entry of each named key, or -1. */
  slot = new Int32Array(0)
  /** Record in the source. */
  recordStart = new Int32Array(32)
  recordEnd = new Int32Array(32)
  /** The present `KeyValue` payload, its key and its value; all lie in `where`. */
  where = new Int32Array(32)
  payloadStart = new Int32Array(32)
  payloadEnd = new Int32Array(32)
  keyStart = new Int32Array(32)
  keyEnd = new Int32Array(32)
  valueStart = new Int32Array(32)
  valueEnd = new Int32Array(32)
  state = new Int32Array(32)
  /** Record in the arena that replaces the source's. */
  newStart = new Int32Array(32)
  newEnd = new Int32Array(32)
  /** Register of the key, or -1. */
  register = new Int32Array(32)

  constructor(ws: Workspace, keys: Keys) {
    this.ws = ws
    this.keys = keys
  }

  /** The map now stands in a message where its field has this tag. */
  become(recordTag: number): void {
    this.variant = this.recordTags.indexOf(recordTag)
  }

  reset(): void {
    if (this.slot.length !== this.keys.count) this.slot = new Int32Array(this.keys.count)
    const { slot } = this
    for (let i = 0; i < slot.length; i++) slot[i] = -1
    this.count = 0
    this.dirty = false
    this.duplicates = false
  }

  /** Takes note of the source record `[record, end)` whose `KeyValue` payload starts at `payload`; false if it is malformed. */
  enter(bytes: Uint8Array, record: number, payload: number, end: number): boolean {
    let keyStart = payload
    let keyEnd = payload
    let valueStart = end
    let valueEnd = end
    // The shape that every encoder writes: key, then value, lengths in one byte. Anything else goes the long way.
    const keyLength = bytes[payload + 1]!
    const at = payload + 2 + keyLength
    if (
      bytes[payload] === keyTag &&
      keyLength < 0x80 &&
      at + 2 <= end &&
      bytes[at] === valueTag &&
      bytes[at + 1]! < 0x80 &&
      at + 2 + bytes[at + 1]! === end
    ) {
      keyStart = payload + 2
      keyEnd = at
      valueStart = at + 2
    } else {
      if (!readKeyValue(bytes, payload, end)) return false
      keyStart = KV[0]!
      keyEnd = KV[1]!
      valueStart = KV[2]!
      valueEnd = KV[3]!
    }
    const register = this.keys.find(bytes, keyStart, keyEnd)
    if (register < 0 && !this.all) return true
    const entry = this.push(0, payload, end, keyStart, keyEnd, valueStart, valueEnd, State.Clean, register)
    this.recordStart[entry] = record
    this.recordEnd[entry] = end
    if (register >= 0) {
      if (this.slot[register] === -1) this.slot[register] = entry
      else this.duplicates = true
      if (this.index !== undefined) this.index.found(register, bytes, valueStart, valueEnd)
    }
    return true
  }

  private push(
    where: number,
    payloadStart: number,
    payloadEnd: number,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    state: number,
    register: number
  ): number {
    if (this.count === this.where.length) this.grow()
    const entry = this.count++
    this.where[entry] = where
    this.payloadStart[entry] = payloadStart
    this.payloadEnd[entry] = payloadEnd
    this.keyStart[entry] = keyStart
    this.keyEnd[entry] = keyEnd
    this.valueStart[entry] = valueStart
    this.valueEnd[entry] = valueEnd
    this.state[entry] = state
    this.register[entry] = register
    return entry
  }

  private grow(): void {
    const larger = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(column.length * 2)
      grown.set(column)
      return grown
    }
    this.recordStart = larger(this.recordStart)
    this.recordEnd = larger(this.recordEnd)
    this.where = larger(this.where)
    this.payloadStart = larger(this.payloadStart)
    this.payloadEnd = larger(this.payloadEnd)
    this.keyStart = larger(this.keyStart)
    this.keyEnd = larger(this.keyEnd)
    this.valueStart = larger(this.valueStart)
    this.valueEnd = larger(this.valueEnd)
    this.state = larger(this.state)
    this.newStart = larger(this.newStart)
    this.newEnd = larger(this.newEnd)
    this.register = larger(this.register)
  }

  isLive(entry: number): boolean {
    const state = this.state[entry]!
    return state !== State.Deleted && state !== State.Gone
  }

  /** The value of an entry, as in `Value.ts`. */
  read(entry: number): number {
    return readAny(this.ws, this.where[entry]!, this.valueStart[entry]!, this.valueEnd[entry]!)
  }

  /** The first live entry with a key that no register names (or any key); needs `all`. */
  find(where: number, start: number, end: number): number {
    const bytes = this.ws.bytes(where)
    for (let entry = 0; entry < this.count; entry++) {
      if (!this.isLive(entry)) continue
      if (equalBytes(this.ws.bytes(this.where[entry]!), this.keyStart[entry]!, this.keyEnd[entry]!, bytes, start, end)) return entry
    }
    return -1
  }

  // ---- writing

  /** Sets a named key to the value in `X`/`F`; false (and `failure` set) if attributes cannot hold it: a new key is then left empty, as in the original. */
  setKey(register: number, tag: number): boolean {
    const key = this.keys.bytes[register]!
    const entry = this.slot[register]!
    if (entry < 0) {
      // The key's bytes go to the arena with the record.
      return this.append(key, 0, key.length, register, tag)
    }
    return this.replace(entry, key, 0, key.length, tag)
  }

  /** Sets a key whose bytes lie in the source or the arena. */
  setDynamic(where: number, start: number, end: number, tag: number): boolean {
    const entry = this.find(where, start, end)
    const key = this.ws.bytes(where)
    const register = this.keys.find(key, start, end)
    // Should the arena move while the record is written, the old one still holds the key.
    return entry < 0 ? this.append(key, start, end, register, tag) : this.replace(entry, key, start, end, tag)
  }

  /** Gives an entry another value, its key unchanged. */
  setEntry(entry: number, tag: number): boolean {
    return this.replace(entry, this.ws.bytes(this.where[entry]!), this.keyStart[entry]!, this.keyEnd[entry]!, tag)
  }

  private replace(entry: number, key: Uint8Array, keyStart: number, keyEnd: number, tag: number): boolean {
    if (sizeOfAny(tag) < 0) {
      this.ws.failure = Failure.Unsupported
      return false
    }
    this.writeRecord(key, keyStart, keyEnd, tag)
    this.place(entry, keyEnd - keyStart)
    if (this.state[entry] === State.Clean) this.state[entry] = State.Changed
    this.touched(this.register[entry]!)
    return true
  }

  private append(key: Uint8Array, keyStart: number, keyEnd: number, register: number, tag: number): boolean {
    const supported = sizeOfAny(tag) >= 0
    this.writeRecord(key, keyStart, keyEnd, supported ? tag : Tag.Nil)
    const entry = this.push(1, 0, 0, 0, 0, 0, 0, State.New, register)
    this.recordStart[entry] = this.recordEnd[entry] = -1
    this.place(entry, keyEnd - keyStart)
    if (register >= 0) this.slot[register] = entry
    this.touched(register)
    if (!supported) this.ws.failure = Failure.Unsupported
    return supported
  }

  /** Puts a ready-made record of the plan's constants in place; `prepare` has made the numbers from `first` on. */
  setConstant(register: number, record: Int32Array, first: number): void {
    const at = first + 6 * this.variant
    let entry = this.slot[register]!
    if (entry < 0) {
      entry = this.push(1, 0, 0, 0, 0, 0, 0, State.New, register)
      this.recordStart[entry] = this.recordEnd[entry] = -1
      this.slot[register] = entry
    } else if (this.state[entry] === State.Clean) this.state[entry] = State.Changed
    this.where[entry] = 1
    this.newStart[entry] = record[at]!
    this.payloadStart[entry] = record[at + 1]!
    this.keyStart[entry] = record[at + 2]!
    this.keyEnd[entry] = record[at + 3]!
    this.valueStart[entry] = record[at + 4]!
    this.newEnd[entry] = this.payloadEnd[entry] = this.valueEnd[entry] = record[at + 5]!
    this.touched(register)
  }

  private touched(register: number): void {
    this.dirty = true
    this.ws.writes++
    if (this.index !== undefined) this.index.written(register)
  }

  // Places inside the record that writeRecord has just written.
  private recordAt = 0
  private payloadAt = 0
  private keyAt = 0
  private valueAt = 0

  private writeRecord(key: Uint8Array, keyStart: number, keyEnd: number, tag: number): void {
    const { ws } = this
    const keyLength = keyEnd - keyStart
    const valueSize = sizeOfAny(tag)
    const payload = 2 + varintSize(keyLength) + keyLength + varintSize(valueSize) + valueSize
    ws.reserve(payload + 6)
    const { arena } = ws
    let at = ws.end
    this.recordAt = at
    arena[at++] = this.recordTags[this.variant]!
    at = writeVarint(arena, at, payload)
    this.payloadAt = at
    arena[at++] = keyTag
    at = writeVarint(arena, at, keyLength)
    this.keyAt = at
    for (let i = keyStart; i < keyEnd; i++) arena[at++] = key[i]!
    arena[at++] = valueTag
    at = writeVarint(arena, at, valueSize)
    this.valueAt = at
    ws.end = at
    writeAny(ws, tag)
  }

  /** Writes a constant's record into the arena, once per tag: places of record, payload, key start and end, value, and the end. */
  prepare(register: number, value: Expr): ReadonlyArray<number> {
    const key = this.keys.bytes[register]!
    const places: Array<number> = []
    for (let i = 0; i < this.recordTags.length; i++) {
      this.variant = i
      this.writeRecord(key, 0, key.length, value.eval(this.ws))
      places.push(this.recordAt, this.payloadAt, this.keyAt, this.keyAt + key.length, this.valueAt, this.ws.end)
    }
    this.variant = 0
    return places
  }

  private place(entry: number, keyLength: number): void {
    this.where[entry] = 1
    this.newStart[entry] = this.recordAt
    this.payloadStart[entry] = this.payloadAt
    this.keyStart[entry] = this.keyAt
    this.keyEnd[entry] = this.keyAt + keyLength
    this.valueStart[entry] = this.valueAt
    this.newEnd[entry] = this.payloadEnd[entry] = this.valueEnd[entry] = this.ws.end
  }

  /** Removes one entry; a later duplicate of its key comes to light. */
  remove(entry: number): void {
    this.state[entry] = this.state[entry] === State.New ? State.Gone : State.Deleted
    const register = this.register[entry]!
    if (register >= 0 && this.slot[register] === entry) {
      let next = -1
      if (this.duplicates) {
        for (let i = entry + 1; i < this.count && next < 0; i++) if (this.register[i] === register && this.isLive(i)) next = i
      }
      this.slot[register] = next
    }
    this.touched(register)
  }

  clear(): void {
    for (let entry = 0; entry < this.count; entry++) if (this.isLive(entry)) this.remove(entry)
  }

  // ---- the map as one value

  /** The live entries as the payload of a `KeyValueList` in the arena; `X` points to it. */
  readWhole(): typeof Tag.Map {
    const { ws } = this
    let size = 0
    for (let entry = 0; entry < this.count; entry++) if (this.isLive(entry)) size += this.payloadEnd[entry]! - this.payloadStart[entry]! + 6
    ws.reserve(size)
    const start = ws.end
    for (let entry = 0; entry < this.count; entry++) {
      if (!this.isLive(entry)) continue
      ws.arena[ws.end++] = elementTag
      ws.end = writeVarint(ws.arena, ws.end, this.payloadEnd[entry]! - this.payloadStart[entry]!)
      ws.append(this.where[entry]!, this.payloadStart[entry]!, this.payloadEnd[entry]!)
    }
    X[0] = 1
    X[1] = start
    X[2] = ws.end
    return Tag.Map
  }

  /** Replaces all entries by those of the map value in `X`. */
  writeWhole(): boolean {
    const { ws } = this
    const where = X[0]!
    const start = X[1]!
    const end = X[2]!
    this.clear()
    let at = start
    while (at < end) {
      const bytes = ws.bytes(where)
      at = nextElement(bytes, at, end)
      if (at < 0) {
        ws.failure = Failure.Malformed
        return false
      }
      if (X[1]! >= 0 && !this.copyIn(where, X[1]!, X[2]!)) return false
    }
    this.touched(-1)
    return true
  }

  /** Adds a `KeyValue` payload as it is. */
  private copyIn(where: number, start: number, end: number): boolean {
    const { ws } = this
    ws.reserve(end - start + 6)
    const recordAt = ws.end
    ws.arena[ws.end++] = this.recordTags[this.variant]!
    ws.end = writeVarint(ws.arena, ws.end, end - start)
    const payloadAt = ws.end
    ws.append(where, start, end)
    if (!readKeyValue(ws.arena, payloadAt, ws.end)) {
      ws.failure = Failure.Malformed
      return false
    }
    const register = this.keys.find(ws.arena, KV[0]!, KV[1]!)
    const entry = this.push(1, payloadAt, ws.end, KV[0]!, KV[1]!, KV[2]!, KV[3]!, State.New, register)
    this.recordStart[entry] = this.recordEnd[entry] = -1
    this.newStart[entry] = recordAt
    this.newEnd[entry] = ws.end
    if (register >= 0) {
      if (this.slot[register] === -1) this.slot[register] = entry
      else this.duplicates = true
    }
    this.touched(register)
    return true
  }
}
