import { copyOf } from "../otlp/Copy.ts"
import { Entry, equals, plainKeyEnd, STRING } from "../otlp/Entry.ts"
import { decodeUtf8, encodeUtf8 } from "../otlp/Utf8.ts"
import { LENGTH, tagOf, tagValue, valueEnd, varintEnd } from "../otlp/Wire.ts"

const longestName = 255
const attribute = tagOf(1, LENGTH)
const key = encodeUtf8("service.name")

/** Reads `service.name` out of a Resource. It keeps the last name it has seen, so that the usual case makes no string. */
export class ServiceName {
  private readonly entry = new Entry()
  private lastBytes: Uint8Array = new Uint8Array(0)
  private last = ""

  /** Of the Resource message in `[pos, end)`; `undefined` if it names none, or none that may be one. */
  read(bytes: Uint8Array, pos: number, end: number): string | undefined {
    const { entry } = this
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return undefined
      if (tag === attribute) {
        const start = varintEnd(bytes, valueAt, end)
        const keyEnd = plainKeyEnd(bytes, start, next)
        if (keyEnd < 0 || equals(bytes, start + 2, keyEnd, key)) {
          if (!entry.read(bytes, start, next)) return undefined
          if (equals(bytes, entry.keyStart, entry.keyEnd, key)) return this.name(bytes)
        }
      }
      pos = next
    }
    return undefined
  }

  private name(bytes: Uint8Array): string | undefined {
    const { type, valueStart, valueEnd: end } = this.entry
    if (type !== STRING || end === valueStart || end - valueStart > longestName) return undefined
    if (!equals(bytes, valueStart, end, this.lastBytes)) {
      this.lastBytes = copyOf(bytes, valueStart, end)
      this.last = decodeUtf8(bytes, valueStart, end)
    }
    return this.last
  }
}
