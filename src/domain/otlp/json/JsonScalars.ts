import { decodeUtf8, encodeUtf8, isUtf8Range } from "../Utf8.ts"
import { fixed32, varintHigh, varintLow } from "../Wire.ts"
import { encodeBase64 } from "./Base64.ts"
import { type JsonField, JsonKind } from "./JsonMessage.ts"
import type { Output } from "./Output.ts"

const QUOTE = 34
const BACKSLASH = 92
const hexDigits = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0))
const shortEscapes: { readonly [byte: number]: string } = { 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\" }

/** Whether the number in `[start, end)` is zero, which proto3 leaves out. */
export const isZero = (bytes: Uint8Array, start: number, end: number, isVarint: boolean): boolean => {
  const mask = isVarint ? 0x7f : 0xff
  for (let i = start; i < end; i++) if ((bytes[i]! & mask) !== 0) return false
  return true
}

/** Appends the scalar in `[start, end)` as JSON. */
export const writeScalar = (field: JsonField, bytes: Uint8Array, start: number, end: number, out: Output): void => {
  switch (field.kind) {
    case JsonKind.string:
      return writeString(bytes, start, end, out)
    case JsonKind.id:
      return writeHex(bytes, start, end, out)
    case JsonKind.base64:
      out.byte(QUOTE)
      encodeBase64(bytes, start, end, out)
      return out.byte(QUOTE)
    case JsonKind.bool:
      return out.ascii(varintLow(bytes, start, end) === 0 && varintHigh(bytes, start, end) === 0 ? "false" : "true")
    case JsonKind.enum:
      return out.ascii(String(varintLow(bytes, start, end)))
    case JsonKind.uint32:
      return out.ascii(String(varintLow(bytes, start, end) >>> 0))
    case JsonKind.sint32: {
      const zigzag = varintLow(bytes, start, end)
      return out.ascii(String((zigzag >>> 1) ^ -(zigzag & 1)))
    }
    case JsonKind.fixed32:
      return out.ascii(String(fixed32(bytes, start) >>> 0))
    case JsonKind.double:
      return writeDouble(bytes, start, out)
    case JsonKind.int64:
      return writeInt64(varintLow(bytes, start, end), varintHigh(bytes, start, end), true, out)
    case JsonKind.uint64:
      return writeInt64(varintLow(bytes, start, end), varintHigh(bytes, start, end), false, out)
    case JsonKind.fixed64:
      return writeInt64(fixed32(bytes, start), fixed32(bytes, start + 4), false, out)
    case JsonKind.sfixed64:
      return writeInt64(fixed32(bytes, start), fixed32(bytes, start + 4), true, out)
  }
}

const writeHex = (bytes: Uint8Array, start: number, end: number, out: Output): void => {
  out.ensure((end - start) * 2 + 2)
  out.bytes[out.length++] = QUOTE
  for (let i = start; i < end; i++) {
    out.bytes[out.length++] = hexDigits[bytes[i]! >> 4]!
    out.bytes[out.length++] = hexDigits[bytes[i]! & 15]!
  }
  out.bytes[out.length++] = QUOTE
}

/** Text as JSON; what is not UTF-8 becomes U+FFFD, since JSON text must be UTF-8. */
const writeString = (bytes: Uint8Array, start: number, end: number, out: Output): void => {
  if (!isUtf8Range(bytes, start, end)) {
    const repaired = encodeUtf8(decodeUtf8(bytes, start, end))
    return writeString(repaired, 0, repaired.length, out)
  }
  out.ensure((end - start) * 6 + 2)
  out.bytes[out.length++] = QUOTE
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) out.bytes[out.length++] = byte
    else {
      const short = shortEscapes[byte]
      if (short !== undefined) out.ascii(short)
      else {
        out.ascii("\\u00")
        out.bytes[out.length++] = hexDigits[byte >> 4]!
        out.bytes[out.length++] = hexDigits[byte & 15]!
      }
    }
  }
  out.bytes[out.length++] = QUOTE
}

const scratch = new DataView(new ArrayBuffer(8))

const writeDouble = (bytes: Uint8Array, start: number, out: Output): void => {
  scratch.setInt32(0, fixed32(bytes, start), true)
  scratch.setInt32(4, fixed32(bytes, start + 4), true)
  const value = scratch.getFloat64(0, true)
  if (Number.isFinite(value)) return out.ascii(Object.is(value, -0) ? "-0" : String(value))
  out.ascii(Number.isNaN(value) ? '"NaN"' : value > 0 ? '"Infinity"' : '"-Infinity"')
}

/** A 64-bit integer in two halves as a decimal string, exact: long division by 10^9 in 16-bit steps. */
const writeInt64 = (low: number, high: number, signed: boolean, out: Output): void => {
  out.ensure(24)
  out.bytes[out.length++] = QUOTE
  if (signed && high < 0) {
    out.bytes[out.length++] = 45
    high = (~high + (low === 0 ? 1 : 0)) | 0
    low = -low | 0
  }
  const unsignedHigh = high >>> 0
  const middle = (unsignedHigh % 1e9) * 65536 + (low >>> 16)
  const last = (middle % 1e9) * 65536 + (low & 0xffff)
  const billions = Math.floor(unsignedHigh / 1e9) * 4294967296 + Math.floor(middle / 1e9) * 65536 + Math.floor(last / 1e9)
  if (billions > 0) {
    writeDigits(billions, 0, out)
    writeDigits(last % 1e9, 9, out)
  } else writeDigits(last % 1e9, 0, out)
  out.bytes[out.length++] = QUOTE
}

/** A whole number below 2^53, with zeros in front up to `width` digits. */
const writeDigits = (value: number, width: number, out: Output): void => {
  let digits = 1
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++
  digits = Math.max(digits, width)
  let rest = value
  for (let i = out.length + digits - 1; i >= out.length; i--) {
    const next = Math.floor(rest / 10)
    out.bytes[i] = 48 + (rest - next * 10)
    rest = next
  }
  out.length += digits
}
