import type { Signal } from "../Signal.ts"
import { Malformed } from "./Malformed.ts"
import { requests, type Field, type Message } from "./Messages.ts"
import { isUtf8Range } from "./Utf8.ts"
import { explain, FIXED64, LENGTH, maxDepth, tagValue, VARINT, valueEnd, varintEnd } from "./Wire.ts"

/**
 * What the walk looks at. `full`: every field. `form`: all but whether strings are UTF-8. `depth`: only what is long enough to nest too
 * deep; whether shorter fields are what they should be is not looked at, nor what follows where a message has too few bytes left.
 */
export type Scrutiny = "full" | "form" | "depth"

/** Per depth of a message: shorter fields are hopped over, and so is the rest of a message when it is shorter. */
type Hops = ReadonlyArray<number>

const noHops: Hops = Array.from({ length: maxDepth + 1 }, () => 1)

/**
 * The shortest content of a message at a depth that nests deeper than `maxDepth`: nothing but messages in each other, each a tag of one
 * byte and a length of one byte, or of two from 128 on. A span's or log record's is 230 bytes.
 */
const shortestNests: Hops = Array.from({ length: maxDepth + 1 }, (_, depth) => {
  let bytes = 0
  for (let inner = maxDepth; inner >= depth; inner--) bytes += bytes < 128 ? 2 : 3
  return bytes
})

/** A plain field has a tag of one byte and, if any, a length or varint of one byte: it is at most this long. */
const longestPlain = 2 + 127

/**
 * Walks every field of a request: lengths close, known fields have their wire type, strings are UTF-8, messages nest at most `maxDepth`
 * deep. Unknown fields are well-formed fields of any content. It can stop after any field, so that a large request need not be
 * walked in one go, and it does not recurse.
 */
export class Validator {
  private readonly bytes: Uint8Array
  private readonly base: number
  private readonly strings: boolean
  private readonly hops: Hops
  /** The messages that the walk is inside of, and where they end: valid up to `depth`. */
  private readonly ends: Array<number>
  private readonly messages: Array<Message>
  private depth = 0
  private pos = 0

  /** `base` is where `bytes` begin in the request, for offsets. */
  constructor(signal: Signal, bytes: Uint8Array, scrutiny: Scrutiny, base = 0) {
    this.bytes = bytes
    this.base = base
    this.strings = scrutiny === "full"
    this.hops = scrutiny === "depth" ? shortestNests : noHops
    this.ends = [bytes.length]
    this.messages = [requests[signal]]
  }

  /** Walks about `maxFields` fields. `true`: all is well and done; `false`: call again. A kilobyte of text counts as a field more. */
  step(maxFields: number): boolean | Malformed {
    const { bytes, ends, hops, messages } = this
    let budget = maxFields
    let { depth, pos } = this
    let end = ends[depth]!
    let message = messages[depth]!
    let hop = hops[depth]!
    while (budget-- > 0) {
      if (end - pos < hop) {
        if (depth === 0) return true
        pos = end
        depth--
        end = ends[depth]!
        message = messages[depth]!
        hop = hops[depth]!
        continue
      }
      if (hop >= longestPlain) {
        // Plain fields are too short to nest, and cannot reach beyond the end while `hop` bytes are left.
        const last = end - hop
        while (pos <= last && budget > 0) {
          const tag = bytes[pos]!
          const type = tag & 0x87
          if (tag < 8) break
          if (type === LENGTH && bytes[pos + 1]! < 0x80) pos += 2 + bytes[pos + 1]!
          else if (type === FIXED64) pos += 9
          else if (type === VARINT && bytes[pos + 1]! < 0x80) pos += 2
          else break
          budget--
        }
        if (pos > last) continue
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
      if (field === undefined || next - pos < hop) pos = next
      else if (field.message !== undefined && (tag & 7) === LENGTH) {
        if (depth === maxDepth) return new Malformed(this.base + pos, `messages nest more than ${maxDepth} deep`)
        pos = start
        end = next
        message = field.message
        depth++
        hop = hops[depth]!
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
  const verdict = new Validator(signal, bytes, "full").step(Infinity)
  return verdict instanceof Malformed ? verdict : undefined
}

/**
 * What a reader that recurses needs to know of bytes that have only had their lengths walked: that they are well-formed all the way
 * down and nest at most `maxDepth` deep.
 */
export const checkDepth = (signal: Signal, chunks: ReadonlyArray<Uint8Array>): Malformed | undefined => {
  let base = 0
  for (const chunk of chunks) {
    const verdict = new Validator(signal, chunk, "form", base).step(Infinity)
    if (verdict instanceof Malformed) return verdict
    base += chunk.length
  }
  return undefined
}
