import { defaultTenant } from "../Batch.ts"
import { copyOf } from "./Copy.ts"
import { Entry, equals, STRING } from "./Entry.ts"
import { Malformed } from "./Malformed.ts"
import { decodeUtf8, encodeUtf8 } from "./Utf8.ts"
import { explain, LENGTH, tagOf, tagValue, valueEnd, varintEnd } from "./Wire.ts"

const longestTenant = 255

/** Reads the tenant out of a Resource. It keeps the last name it has seen, so that the usual case makes no string. */
export class TenantReader {
  private readonly key: Uint8Array
  private readonly entry = new Entry()
  private lastBytes: Uint8Array = new Uint8Array(0)
  private last = defaultTenant

  constructor(key: string) {
    this.key = encodeUtf8(key)
  }

  /** The tenant that the Resource message in `[pos, end)` names; `undefined` if it has no such attribute. The first one counts. */
  read(bytes: Uint8Array, pos: number, end: number): string | Malformed | undefined {
    const { entry, key } = this
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return explain(bytes, pos, end)
      if (tag === tagOf(1, LENGTH)) {
        const start = varintEnd(bytes, valueAt, end)
        if (!entry.read(bytes, start, next)) return new Malformed(start, "an attribute of a resource is not a KeyValue message")
        if (equals(bytes, entry.keyStart, entry.keyEnd, key)) return this.name(bytes)
      }
      pos = next
    }
    return undefined
  }

  private name(bytes: Uint8Array): string {
    const { type, valueStart, valueEnd } = this.entry
    if (type !== STRING || valueStart === valueEnd || valueEnd - valueStart > longestTenant) return defaultTenant
    if (!equals(bytes, valueStart, valueEnd, this.lastBytes)) {
      this.lastBytes = copyOf(bytes, valueStart, valueEnd)
      this.last = decodeUtf8(bytes, valueStart, valueEnd)
    }
    return this.last
  }
}
