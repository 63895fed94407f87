import type { Bits56 } from "./Bits56.ts"

/**
 * The randomness of a trace ID, its last 56 bits (W3C Trace Context level 2). `false`: it is no trace ID, since it has not 16 bytes or
 * is all zero.
 */
export const setTraceIdRandomness = (randomness: Bits56, bytes: Uint8Array, start: number, end: number): boolean => {
  if (!isTraceId(bytes, start, end)) return false
  const at = start + 9
  const high = (bytes[at]! << 20) | (bytes[at + 1]! << 12) | (bytes[at + 2]! << 4) | (bytes[at + 3]! >> 4)
  const low = ((bytes[at + 3]! & 15) << 24) | (bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!
  randomness.set(high, low)
  return true
}

export const isTraceId = (bytes: Uint8Array, start: number, end: number): boolean => {
  if (start < 0 || end - start !== 16) return false
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return true
  return false
}

/**
 * The randomness that the collector's `hash_seed` mode draws from bytes: FNV-1a (32 bits) over the seed (little endian) and the bytes.
 * Its low 14 bits decide, inverted into the leading ones, so that "keep where the hash is below" reads as "keep where R >= T".
 */
export const setHashRandomness = (randomness: Bits56, bytes: Uint8Array, start: number, end: number, seed: number): void => {
  let hash = 0x811c9dc5
  for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((seed >>> shift) & 0xff), 0x01000193)
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  const deciding = hash & 0x3fff
  const others = hash >>> 18
  const mixed = others ^ (others << 10)
  randomness.set(((0x3fff - deciding) << 14) | (mixed >>> 14), ((mixed & 0x3fff) << 14) | deciding)
}
