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

/** How many bytes a 64-bit number (its high and low half) takes as a varint. */
export const varintSize64 = (high: number, low: number): number => {
  if (high === 0) return low >= 0 ? varintSize(low) : 5
  let size = 5
  for (let rest = high >>> 3; rest !== 0; rest >>>= 7) size++
  return size
}

/** Writes a 64-bit number (its high and low half) as a varint and says where it ends. */
export const writeVarint64 = (target: Uint8Array, at: number, high: number, low: number): number => {
  while (high !== 0 || low < 0 || low >= 0x80) {
    target[at++] = (low & 0x7f) | 0x80
    low = (low >>> 7) | (high << 25)
    high >>>= 7
  }
  target[at] = low
  return at + 1
}

/** Writes a 32-bit word, little-endian. */
export const writeFixed32 = (target: Uint8Array, at: number, value: number): void => {
  target[at] = value
  target[at + 1] = value >>> 8
  target[at + 2] = value >>> 16
  target[at + 3] = value >>> 24
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
