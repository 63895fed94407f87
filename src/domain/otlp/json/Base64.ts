import type { Output } from "./Output.ts"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const letters = Uint8Array.from(alphabet, (letter) => letter.charCodeAt(0))
const values = new Int8Array(256).fill(-1)
for (let i = 0; i < 64; i++) values[letters[i]!] = i
values["-".charCodeAt(0)] = 62
values["_".charCodeAt(0)] = 63
const PAD = 61

/** Appends the bytes that base64 `[start, end)` means: standard or URL alphabet, padded or not. `false` if it is no base64. */
export const decodeBase64 = (text: Uint8Array, start: number, end: number, out: Output): boolean => {
  const padded = (end - start) % 4 === 0
  if (padded && end > start && text[end - 1] === PAD) end -= text[end - 2] === PAD ? 2 : 1
  if ((end - start) % 4 === 1) return false
  out.ensure(Math.ceil(((end - start) * 3) / 4))
  let bits = 0
  let held = 0
  for (let i = start; i < end; i++) {
    const value = values[text[i]!]!
    if (value < 0) return false
    bits = (bits << 6) | value
    held += 6
    if (held >= 8) {
      held -= 8
      out.bytes[out.length++] = bits >> held
      bits &= (1 << held) - 1
    }
  }
  return true
}

/** Appends `[start, end)` as standard, padded base64. */
export const encodeBase64 = (bytes: Uint8Array, start: number, end: number, out: Output): void => {
  out.ensure(Math.ceil((end - start) / 3) * 4)
  for (let i = start; i < end; i += 3) {
    const left = end - i
    const triple = (bytes[i]! << 16) | ((left > 1 ? bytes[i + 1]! : 0) << 8) | (left > 2 ? bytes[i + 2]! : 0)
    out.bytes[out.length++] = letters[triple >> 18]!
    out.bytes[out.length++] = letters[(triple >> 12) & 63]!
    out.bytes[out.length++] = left > 1 ? letters[(triple >> 6) & 63]! : PAD
    out.bytes[out.length++] = left > 2 ? letters[triple & 63]! : PAD
  }
}
