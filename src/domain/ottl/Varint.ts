import { X } from "./Value.ts"

// Varints that are read and validated in one pass, and left in registers. The functions of `otlp/Wire.ts` do the same in two steps (where
// it ends, what it says); here, where every record of every item passes through, that costs 7 % of a walk (`scripts/bench/ottl.ts`).

/** Reads a 64-bit varint into `X[1]`, `X[2]`; returns the position behind it, or -1 if it is malformed or crosses `end`. */
export const readVarint64 = (bytes: Uint8Array, at: number, end: number): number => {
  let low = 0
  let high = 0
  for (let shift = 0; shift < 70; shift += 7) {
    if (at >= end) return -1
    const byte = bytes[at++]!
    if (shift < 28) low |= (byte & 0x7f) << shift
    else if (shift === 28) {
      low |= (byte & 0x7f) << 28
      high = (byte & 0x7f) >> 4
    } else if (shift < 63) high |= (byte & 0x7f) << (shift - 32)
    else high |= (byte & 1) << 31
    if (byte < 0x80) {
      X[1] = high
      X[2] = low
      return at
    }
  }
  return -1
}

/** A varint that is a length: its value, or -1. The position behind it is left in `X[3]`. */
export const readLength = (bytes: Uint8Array, at: number, end: number): number => {
  const start = at
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    if (at >= end) return -1
    const byte = bytes[at++]!
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      X[3] = at
      return value < 0 || value > end - at ? -1 : value
    }
  }
  // Padded with zeros beyond five bytes: legal, and never seen from an encoder.
  const high = X[1]!
  const low = X[2]!
  const next = readVarint64(bytes, start, end)
  const long = next < 0 || X[1] !== 0 || X[2]! < 0 || X[2]! > end - next ? -1 : X[2]!
  X[1] = high
  X[2] = low
  X[3] = next
  return long
}
