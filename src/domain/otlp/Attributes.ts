import { Entry, equals } from "./Entry.ts"
import { Malformed } from "./Malformed.ts"
import { encodeUtf8 } from "./Utf8.ts"
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
    const { patterns, entry } = this
    const wanted = tagOf(field, LENGTH)
    let missing = patterns.length
    this.at.fill(-1)
    while (pos < end && missing > 0) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return explain(bytes, pos, end)
      if (tag === wanted) {
        const start = varintEnd(bytes, valueAt, end)
        if (!entry.read(bytes, start, next)) return new Malformed(start, "an attribute is not a KeyValue message")
        for (let i = 0; i < patterns.length; i++) {
          if (this.at[i] !== -1 || !equals(bytes, entry.keyStart, entry.keyEnd, patterns[i]!)) continue
          this.at[i] = pos
          this.end[i] = next
          this.types[i] = entry.type
          this.valueStart[i] = entry.valueStart
          this.valueEnd[i] = entry.valueEnd
          missing--
        }
      }
      pos = next
    }
    return undefined
  }
}
