import { Buffer } from "node:buffer"

const copy = Buffer.prototype.copy

/** Copies `[start, end)` of `source` to `target` at `at`; returns where it ends there. A loop is cheaper for a few bytes (up to 24). */
export const copyBytes = (target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number => {
  if (end - start > 24) copy.call(source, target, at, start, end)
  else for (let from = start, to = at; from < end; from++, to++) target[to] = source[from]!
  return at + end - start
}

/** The parts one after another. */
export const concat = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  let size = 0
  for (const part of parts) size += part.length
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) at = copyBytes(whole, at, part, 0, part.length)
  return whole
}

/** `[start, end)` in memory of its own. (`slice` would share it where the bytes are a Node Buffer.) */
export const copyOf = (bytes: Uint8Array, start: number, end: number): Uint8Array => new Uint8Array(bytes.subarray(start, end))
