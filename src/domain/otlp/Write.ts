import { concat } from "./Copy.ts"
import { encodeUtf8 } from "./Utf8.ts"
import { LENGTH, tagOf } from "./Wire.ts"

/** How many bytes a varint takes, for values below 2^35. */
export const varintSize = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5

/** Writes a varint below 2^35 and says where it ends. */
export const writeVarint = (target: Uint8Array, at: number, value: number): number => {
  while (value >= 0x80) {
    target[at++] = (value & 0x7f) | 0x80
    value = value >= 0x80000000 ? Math.floor(value / 128) : value >>> 7
  }
  target[at] = value
  return at + 1
}

/** A field with a payload, whole. */
export const lengthField = (field: number, payload: Uint8Array): Uint8Array => {
  const tag = tagOf(field, LENGTH) >>> 0
  const header = new Uint8Array(varintSize(tag) + varintSize(payload.length))
  writeVarint(header, writeVarint(header, 0, tag), payload.length)
  return concat([header, payload])
}

/** A text field, whole. */
export const textField = (field: number, text: string): Uint8Array => lengthField(field, encodeUtf8(text))
