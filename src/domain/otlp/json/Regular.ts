import type { Malformed } from "../Malformed.ts"
import { explain, LENGTH, tagValue, valueEnd, varintEnd } from "../Wire.ts"
import { type JsonField, JsonKind, type JsonMessage, wireTypeOf } from "./JsonMessage.ts"
import { Output } from "./Output.ts"

/** Whether a value with this wire type is one of `field`; what is not counts as unknown. Repeated numbers may come packed or not. */
export const accepts = (field: JsonField, wireType: number): boolean =>
  wireType === (field.packed ? LENGTH : wireTypeOf(field.kind)) || (field.packed && wireType === wireTypeOf(field.kind))

/**
 * Whether a message can be written as JSON from front to back: no singular field and no oneof occurs twice, and the elements of each
 * list stand together.
 */
export const isRegular = (type: JsonMessage, bytes: Uint8Array, start: number, end: number): boolean => {
  let seen = 0
  let oneof = false
  let last = 0
  let pos = start
  while (pos < end) {
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    // What is malformed is found again, and explained, by whoever writes the message.
    if (next < 0) return true
    pos = next
    const field = type.byNumber[tag >>> 3]
    if (field === undefined || !accepts(field, tag & 7)) continue
    if ((seen & field.bit) !== 0 && !(field.repeated && last === field.bit)) return false
    if (field.oneof) {
      if (oneof) return false
      oneof = true
    }
    seen |= field.bit
    last = field.bit
  }
  return true
}

interface Occurrence {
  readonly pos: number
  readonly valueAt: number
  readonly end: number
}

/**
 * The same message with every field once, as a decoder would understand it: lists collected, the last scalar, sub-messages merged
 * (concatenated), the last member of a oneof. Unknown fields are left out. Only for what is not regular; nested messages stay as they are.
 */
export const regularise = (type: JsonMessage, bytes: Uint8Array, start: number, end: number): Uint8Array | Malformed => {
  const occurrences = new Map<JsonField, Array<Occurrence>>()
  let member: JsonField | undefined
  let pos = start
  while (pos < end) {
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    if (next < 0) return explain(bytes, pos, end)
    const field = type.byNumber[tag >>> 3]
    if (field !== undefined && accepts(field, tag & 7)) {
      if (field.oneof && member !== field) {
        if (member !== undefined) occurrences.delete(member)
        member = field
      }
      const all = occurrences.get(field)
      if (all === undefined) occurrences.set(field, [{ pos, valueAt, end: next }])
      else all.push({ pos, valueAt, end: next })
    }
    pos = next
  }
  const out = new Output(end - start + 16)
  for (const [field, all] of occurrences) {
    if (field.kind === JsonKind.message && !field.repeated) {
      out.varint(field.tag, 0)
      const content = out.beginLength()
      for (const one of all) out.copy(bytes, varintEnd(bytes, one.valueAt, one.end), one.end)
      out.endLength(content)
    } else for (const one of field.repeated ? all : all.slice(-1)) out.copy(bytes, one.pos, one.end)
  }
  return out.finish()
}
