import type { Signal } from "../Signal.ts"
import { Malformed } from "./Malformed.ts"
import { requests, type Field, type Message } from "./Messages.ts"
import { isUtf8Range } from "./Utf8.ts"
import { explain, LENGTH, maxDepth, tagValue, valueEnd, varintEnd } from "./Wire.ts"

/**
 * Walks every field of a request: lengths close, known fields have their wire type, strings are UTF-8, messages nest at most `maxDepth`
 * deep. Unknown fields are well-formed fields of any content. It can stop after any field, so that a large request need not be
 * walked in one go, and it does not recurse.
 */
export class Validator {
  private readonly bytes: Uint8Array
  private readonly base: number
  private readonly strings: boolean
  /** The messages that the walk is inside of, and where they end: valid up to `depth`. */
  private readonly ends: Array<number>
  private readonly messages: Array<Message>
  private depth = 0
  private pos = 0

  /** `base` is where `bytes` begin in the request, for offsets; without `strings` UTF-8 is not looked at. */
  constructor(signal: Signal, bytes: Uint8Array, base = 0, strings = true) {
    this.bytes = bytes
    this.base = base
    this.strings = strings
    this.ends = [bytes.length]
    this.messages = [requests[signal]]
  }

  /** Walks about `maxFields` fields. `true`: all is well and done; `false`: call again. A kilobyte of text counts as a field more. */
  step(maxFields: number): boolean | Malformed {
    const { bytes, ends, messages } = this
    let budget = maxFields
    let { depth, pos } = this
    let end = ends[depth]!
    let message = messages[depth]!
    while (budget-- > 0) {
      if (pos === end) {
        if (depth === 0) return true
        depth--
        end = ends[depth]!
        message = messages[depth]!
        continue
      }
      // The usual case inline: a tag of one byte, and a length of one byte if it has one.
      let tag = bytes[pos]!
      let start = pos + 2
      let next: number
      if ((tag & 0x87) === LENGTH && tag >= 8 && start <= end && bytes[pos + 1]! < 0x80) {
        next = start + bytes[pos + 1]!
        if (next > end) return explain(bytes, pos, end, this.base)
      } else {
        const valueAt = varintEnd(bytes, pos, end)
        tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
        next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
        if (next < 0) return explain(bytes, pos, end, this.base)
        if ((tag & 7) === LENGTH) start = varintEnd(bytes, valueAt, end)
      }
      const number = tag >>> 3
      const field = number < message.fields.length ? message.fields[number] : undefined
      if (field === undefined) pos = next
      else if (field.message !== undefined && (tag & 7) === LENGTH) {
        if (depth === maxDepth) return new Malformed(this.base + pos, `messages nest more than ${maxDepth} deep`)
        pos = start
        end = next
        message = field.message
        depth++
        ends[depth] = end
        messages[depth] = message
      } else {
        const fault = this.check(message, field, tag, pos, start, next)
        if (fault !== undefined) return fault
        if ((tag & 7) === LENGTH) budget -= (next - start) >> 10
        pos = next
      }
    }
    this.pos = pos
    this.depth = depth
    return false
  }

  private check(message: Message, field: Field, tag: number, pos: number, start: number, next: number): Malformed | undefined {
    const { kind, wireType } = field
    if ((tag & 7) !== LENGTH) return (tag & 7) === wireType ? undefined : this.wrongType(pos, message, field, tag)
    switch (kind) {
      case "bytes":
        return undefined
      case "string":
        if (!this.strings || isUtf8Range(this.bytes, start, next)) return undefined
        return this.fault(start, message, field, "is not valid UTF-8")
      case "packed varints":
        return this.isVarints(start, next) ? undefined : this.fault(start, message, field, "does not end with a whole varint")
      case "packed fixed64":
        if ((next - start) % 8 === 0) return undefined
        return this.fault(start, message, field, `has ${next - start} bytes, which 8 does not divide`)
      default:
        return this.wrongType(pos, message, field, tag)
    }
  }

  private isVarints(start: number, end: number): boolean {
    let pos = start
    while (pos < end) if ((pos = varintEnd(this.bytes, pos, end)) < 0) return false
    return true
  }

  private wrongType(pos: number, message: Message, field: Field, tag: number): Malformed {
    const packed = field.kind === "packed varints" || field.kind === "packed fixed64"
    const expected = packed ? `${LENGTH} or ${field.wireType}` : field.wireType
    return this.fault(pos, message, field, `has wire type ${tag & 7}; expected ${expected}`)
  }

  private fault(pos: number, message: Message, field: Field, what: string): Malformed {
    return new Malformed(this.base + pos, `${message.name}.${field.name} ${what}`)
  }
}

/** Walks all of `bytes` at once. */
export const validate = (signal: Signal, bytes: Uint8Array): Malformed | undefined => {
  const verdict = new Validator(signal, bytes).step(Infinity)
  return verdict instanceof Malformed ? verdict : undefined
}

/**
 * What a reader that recurses needs to know of bytes that have only had their lengths walked: that they are well-formed all the way
 * down and nest at most `maxDepth` deep.
 */
export const checkDepth = (signal: Signal, chunks: ReadonlyArray<Uint8Array>): Malformed | undefined => {
  let base = 0
  for (const chunk of chunks) {
    const verdict = new Validator(signal, chunk, base, false).step(Infinity)
    if (verdict instanceof Malformed) return verdict
    base += chunk.length
  }
  return undefined
}
