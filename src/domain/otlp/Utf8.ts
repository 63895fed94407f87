import { Buffer, isUtf8 } from "node:buffer"

// The one file of the codec that knows Node: elsewhere TextEncoder and TextDecoder do the same, at a higher price per short string.

const encoder = new TextEncoder()

/** The bytes of a string; lone surrogates become U+FFFD. */
export const encodeUtf8 = (text: string): Uint8Array => encoder.encode(text)

/** The text in `[start, end)`; invalid sequences become U+FFFD. */
export const decodeUtf8 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8")

/** Whether `[start, end)` is valid UTF-8. */
export const isUtf8Range = (bytes: Uint8Array, start: number, end: number): boolean => {
  const short = end - start <= 64 ? end : start + 64
  let pos = start
  while (pos < short && bytes[pos]! < 0x80) pos++
  return pos === end || isUtf8(bytes.subarray(pos, end))
}
