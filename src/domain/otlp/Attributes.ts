import { Entry, equals, plainKeyEnd, STRING } from "./Entry.ts"
import { Malformed } from "./Malformed.ts"
import { decodeUtf8, encodeUtf8 } from "./Utf8.ts"
import { explain, LENGTH, tagOf, tagValue, valueEnd, varintEnd } from "./Wire.ts"

/** Attribute keys that are looked for together, in one walk over a record's attributes. */
export class Keys {
  readonly patterns: ReadonlyArray<Uint8Array>
  /** By key: the position of the attribute's tag, or -1; the first of several with the same key. */
  readonly at: Int32Array
  /** By key: where that field ends. */
  readonly end: Int32Array
  /** By key: the value's type and range, as in `Entry`. */
  readonly types: Int32Array
  readonly valueStart: Int32Array
  readonly valueEnd: Int32Array
  private readonly entry = new Entry()
  private missing = 0

  constructor(keys: ReadonlyArray<string>) {
    this.patterns = keys.map(encodeUtf8)
    this.at = new Int32Array(keys.length)
    this.end = new Int32Array(keys.length)
    this.types = new Int32Array(keys.length)
    this.valueStart = new Int32Array(keys.length)
    this.valueEnd = new Int32Array(keys.length)
  }

  /**
   * Looks at the attributes (fields with number `field`) in `[pos, end)`: a record, a Resource, a scope, or the rest of one from its first
   * attribute on. Stops when all have been found.
   */
  find(bytes: Uint8Array, pos: number, end: number, field: number): Malformed | undefined {
    const { patterns } = this
    const wanted = tagOf(field, LENGTH)
    this.missing = patterns.length
    for (let i = 0; i < patterns.length; i++) this.at[i] = -1
    while (pos < end && this.missing > 0) {
      let tag = bytes[pos]!
      let start = pos + 2
      let next: number
      if (tag === wanted && tag < 0x80 && start <= end && bytes[pos + 1]! < 0x80) {
        next = start + bytes[pos + 1]!
        if (next > end) return explain(bytes, pos, end)
      } else {
        const valueAt = varintEnd(bytes, pos, end)
        tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
        next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
        if (next < 0) return explain(bytes, pos, end)
        if ((tag & 7) === LENGTH) start = varintEnd(bytes, valueAt, end)
      }
      if (tag === wanted) {
        const keyEnd = plainKeyEnd(bytes, start, next)
        // Only a key that is wanted, or an oddly written attribute, is worth reading whole.
        if ((keyEnd < 0 || this.isWanted(bytes, start + 2, keyEnd)) && !this.read(bytes, pos, start, next)) {
          return new Malformed(start, "an attribute is not a KeyValue message")
        }
      }
      pos = next
    }
    return undefined
  }

  /** The text of the attribute with key `i`; `undefined` if it is absent, no text, empty, or longer than `maxBytes`. */
  text(bytes: Uint8Array, i: number, maxBytes = 255): string | undefined {
    const start = this.valueStart[i]!
    const end = this.valueEnd[i]!
    if (this.at[i]! < 0 || this.types[i] !== STRING || end === start || end - start > maxBytes) return undefined
    return decodeUtf8(bytes, start, end)
  }

  private isWanted(bytes: Uint8Array, start: number, end: number): boolean {
    const { patterns } = this
    for (let i = 0; i < patterns.length; i++) if (equals(bytes, start, end, patterns[i]!)) return true
    return false
  }

  private read(bytes: Uint8Array, pos: number, start: number, next: number): boolean {
    const { patterns, entry } = this
    if (!entry.read(bytes, start, next)) return false
    for (let i = 0; i < patterns.length; i++) {
      if (this.at[i] !== -1 || !equals(bytes, entry.keyStart, entry.keyEnd, patterns[i]!)) continue
      this.at[i] = pos
      this.end[i] = next
      this.types[i] = entry.type
      this.valueStart[i] = entry.valueStart
      this.valueEnd[i] = entry.valueEnd
      this.missing--
    }
    return true
  }
}
