import { X } from "./Value.ts"

/** Size in bytes of a length or tag as varint (below 2^31). */
export const sizeOfVarint = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5

/** Writes a length or tag; returns the position behind it. */
export const writeVarint = (bytes: Uint8Array, at: number, value: number): number => {
  while (value >= 0x80) {
    bytes[at++] = (value & 0x7f) | 0x80
    value >>>= 7
  }
  bytes[at++] = value
  return at
}

/** Size of a 64-bit number (high, low) as varint. */
export const sizeOfVarint64 = (high: number, low: number): number => {
  if (high === 0) return low >= 0 ? sizeOfVarint(low) : 5
  let size = 5
  for (let rest = high >>> 3; rest !== 0; rest >>>= 7) size++
  return size
}

export const writeVarint64 = (bytes: Uint8Array, at: number, high: number, low: number): number => {
  while (high !== 0 || low < 0 || low >= 0x80) {
    bytes[at++] = (low & 0x7f) | 0x80
    low = (low >>> 7) | (high << 25)
    high >>>= 7
  }
  bytes[at++] = low
  return at
}

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

export const readFixed32 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)

export const writeFixed32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

/** The position behind a field's value of the given wire type, or -1. */
export const skipValue = (bytes: Uint8Array, at: number, end: number, wire: number): number => {
  switch (wire) {
    case 0: {
      let i = at
      while (i < end && bytes[i]! >= 0x80) i++
      return i < end && i - at < 10 ? i + 1 : -1
    }
    case 1:
      return at + 8 <= end ? at + 8 : -1
    case 2: {
      const length = readLength(bytes, at, end)
      return length < 0 ? -1 : X[3]! + length
    }
    case 5:
      return at + 4 <= end ? at + 4 : -1
    default:
      return -1
  }
}
