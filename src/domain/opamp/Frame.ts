import { varintEnd, varintValue } from "../otlp/Wire.ts"
import { MalformedMessage } from "./MalformedMessage.ts"

// A WebSocket message is a header, a varint that is 0 so far, and the protobuf bytes.

/** The message with its header before it. */
export const frame = (message: Uint8Array): Uint8Array => {
  const framed = new Uint8Array(message.length + 1)
  framed.set(message, 1)
  return framed
}

/**
 * The protobuf bytes of a WebSocket message, without a copy. Peers from before February 2023 send no header: since no field tag begins
 * with a varint of 0, a message that does not start with one has none. Thus a header other than 0 is read as a tag; 1 to 7 are none, and
 * `decode` says so. The zero may be written in up to ten bytes.
 */
export const unframe = (framed: Uint8Array): Uint8Array | MalformedMessage => {
  if (framed.length === 0) return framed
  const end = varintEnd(framed, 0, framed.length)
  if (end < 0) return new MalformedMessage(0, "the frame header is no varint")
  return varintValue(framed, 0, end) === 0 ? framed.subarray(end) : framed
}
