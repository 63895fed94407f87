import { Malformed } from "./Malformed.ts"

/**
 * The protobuf wire format, as far as scanning needs it: pure functions over (bytes, position, end) that return a position, or -1
 * where the bytes do not fit before `end`. Nothing here throws, allocates (but `explain`), or reads outside `[pos, end)`; callers
 * guarantee `0 <= pos <= end <= bytes.length`.
 *
 * Varints may be non-minimal and up to ten bytes long. Groups (wire types 3 and 4) have never been part of OTLP and are rejected.
 */

/** Wire types, the low three bits of a tag. */
export const VARINT = 0
export const FIXED64 = 1
export const LENGTH = 2
export const FIXED32 = 5

/** How deep messages may nest: what Go's and protobufjs' decoders allow at least. */
export const maxDepth = 100

/** The tag of a field, as it reads on the wire. */
export const tagOf = (field: number, wireType: number): number => (field << 3) | wireType

const longVarintEnd = (bytes: Uint8Array, pos: number, end: number): number => {
  const last = end - pos > 10 ? pos + 10 : end
  for (let i = pos; i < last; i++) if (bytes[i]! < 0x80) return i + 1
  return -1
}

/** Where the varint at `pos` ends, or -1 if it does not end in time. */
export const varintEnd = (bytes: Uint8Array, pos: number, end: number): number =>
  pos < end && bytes[pos]! < 0x80 ? pos + 1 : longVarintEnd(bytes, pos, end)

/** The value of the varint in `[pos, end)` as a double: exact up to 2^53. */
export const varintValue = (bytes: Uint8Array, pos: number, end: number): number => {
  let value = bytes[pos]! & 0x7f
  let scale = 128
  for (let i = pos + 1; i < end; i++) {
    value += (bytes[i]! & 0x7f) * scale
    scale *= 128
  }
  return value
}

/** The low 32 bits of the varint in `[pos, end)`, signed. */
export const varintLow = (bytes: Uint8Array, pos: number, end: number): number => {
  let value = bytes[pos]! & 0x7f
  for (let i = pos + 1, shift = 7; i < end && shift < 32; i++, shift += 7) value |= (bytes[i]! & 0x7f) << shift
  return value
}

/** The high 32 bits of the varint in `[pos, end)`, signed. */
export const varintHigh = (bytes: Uint8Array, pos: number, end: number): number => {
  if (end - pos < 5) return 0
  let value = (bytes[pos + 4]! & 0x7f) >> 4
  for (let i = pos + 5, shift = 3; i < end && shift < 32; i++, shift += 7) value |= (bytes[i]! & 0x7f) << shift
  return value
}

/** The little-endian 32-bit word at `pos`, signed. */
export const fixed32 = (bytes: Uint8Array, pos: number): number =>
  bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24)

/** The tag in `[pos, end)` (field number * 8 + wire type), or 0 if it is no tag: field numbers are 1 to 2^29 - 1. */
export const tagValue = (bytes: Uint8Array, pos: number, end: number): number => {
  if (end - pos === 1) return bytes[pos]! < 8 ? 0 : bytes[pos]!
  const tag = varintValue(bytes, pos, end)
  return tag < 8 || tag > 0xffffffff ? 0 : tag
}

/** Where the payload ends whose length is the varint in `[pos, start)`, or -1 if it goes past `end`. */
export const payloadEnd = (bytes: Uint8Array, pos: number, start: number, end: number): number => {
  const length = start - pos === 1 ? bytes[pos]! : varintValue(bytes, pos, start)
  return length <= end - start ? start + length : -1
}

/** Where the value at `pos` ends, that follows a tag with this wire type; -1 if it does not fit or the type is not known. */
export const valueEnd = (bytes: Uint8Array, pos: number, end: number, wireType: number): number => {
  switch (wireType) {
    case LENGTH: {
      const start = varintEnd(bytes, pos, end)
      return start < 0 ? -1 : payloadEnd(bytes, pos, start, end)
    }
    case VARINT:
      return varintEnd(bytes, pos, end)
    case FIXED64:
      return end - pos >= 8 ? pos + 8 : -1
    case FIXED32:
      return end - pos >= 4 ? pos + 4 : -1
    default:
      return -1
  }
}

/** Where the field at `pos` ends, tag and value; -1 if it is malformed. */
export const fieldEnd = (bytes: Uint8Array, pos: number, end: number): number => {
  const valueAt = varintEnd(bytes, pos, end)
  if (valueAt < 0) return -1
  const tag = tagValue(bytes, pos, valueAt)
  return tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
}

/** What is wrong with the field at `pos`, after a function here has said -1. `base` is where `bytes` begin in the request. */
export const explain = (bytes: Uint8Array, pos: number, end: number, base = 0): Malformed => {
  const at = (offset: number, message: string) => new Malformed(base + offset, message)
  const unfinished = (offset: number, what: string) =>
    at(offset, end - offset >= 10 ? `${what} is a varint of more than ten bytes` : `${what} is cut off`)
  const valueAt = varintEnd(bytes, pos, end)
  if (valueAt < 0) return unfinished(pos, "a field tag")
  const tag = tagValue(bytes, pos, valueAt)
  if (tag === 0) return at(pos, "a field number is outside 1 to 536870911")
  const name = `field ${Math.floor(tag / 8)}`
  switch (tag & 7) {
    case VARINT:
      return unfinished(valueAt, `the value of ${name}`)
    case LENGTH: {
      const start = varintEnd(bytes, valueAt, end)
      if (start < 0) return unfinished(valueAt, `the length of ${name}`)
      return at(valueAt, `${name} claims ${varintValue(bytes, valueAt, start)} bytes, ${end - start} are left`)
    }
    case FIXED64:
    case FIXED32:
      return at(valueAt, `the value of ${name} is cut off`)
    default:
      return at(pos, `${name} has wire type ${tag & 7}; expected 0, 1, 2 or 5`)
  }
}
