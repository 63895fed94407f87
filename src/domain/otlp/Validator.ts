import type { Signal } from "../Signal.ts"
import { Malformed } from "./Malformed.ts"
import { Message, requests, type Field } from "./Messages.ts"
import { isUtf8Range } from "./Utf8.ts"
import { explain, FIXED32, FIXED64, LENGTH, maxDepth, tagValue, valueEnd, VARINT, varintEnd } from "./Wire.ts"

const wireTypeOf = (field: Field): number => {
  switch (field.kind) {
    case "varint":
    case "packed varints":
      return VARINT
    case "fixed64":
    case "packed fixed64":
      return FIXED64
    case "fixed32":
      return FIXED32
    default:
      return LENGTH
  }
}

const isPacked = (field: Field): boolean => field.kind === "packed varints" || field.kind === "packed fixed64"

/**
 * Walks every field of a request: lengths close, known fields have their wire type, strings are UTF-8, messages nest at most `maxDepth`
 * deep. Unknown fields are well-formed fields of any content. It can stop after any field, so that a large request need not be
 * walked in one go, and it does not recurse.
 */
export class Validator {
  private readonly bytes: Uint8Array
  private readonly base: number
  private readonly strings: boolean
  private readonly ends: Array<number>
  private readonly messages: Array<Message>
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
    while (budget-- > 0) {
      const depth = ends.length - 1
      const end = ends[depth]!
      const pos = this.pos
      if (pos === end) {
        if (depth === 0) return true
        ends.pop()
        messages.pop()
        continue
      }
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return explain(bytes, pos, end, this.base)
      this.pos = next
      const message = messages[depth]!
      const field = message.fields[Math.floor(tag / 8)]
      if (field === undefined) continue
      const { kind } = field
      if ((tag & 7) === LENGTH) {
        const start = varintEnd(bytes, valueAt, end)
        if (kind instanceof Message) {
          if (depth === maxDepth) return new Malformed(this.base + pos, `messages nest more than ${maxDepth} deep`)
          ends.push(next)
          messages.push(kind)
          this.pos = start
        } else if (kind === "string") {
          budget -= (next - start) >> 10
          if (this.strings && !isUtf8Range(bytes, start, next)) return this.fault(start, message, field, "is not valid UTF-8")
        } else if (kind === "packed varints") {
          budget -= (next - start) >> 10
          if (!this.isVarints(start, next)) return this.fault(start, message, field, "does not end with a whole varint")
        } else if (kind === "packed fixed64") {
          if ((next - start) % 8 !== 0) return this.fault(start, message, field, `has ${next - start} bytes, which 8 does not divide`)
        } else if (kind !== "bytes") return this.wrongType(pos, message, field, tag)
      } else if ((tag & 7) !== wireTypeOf(field)) return this.wrongType(pos, message, field, tag)
    }
    return false
  }

  private isVarints(start: number, end: number): boolean {
    let pos = start
    while (pos < end) if ((pos = varintEnd(this.bytes, pos, end)) < 0) return false
    return true
  }

  private wrongType(pos: number, message: Message, field: Field, tag: number): Malformed {
    const expected = isPacked(field) ? `${LENGTH} or ${wireTypeOf(field)}` : wireTypeOf(field)
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
