import type { Signal } from "../Signal.ts"
import { concat } from "./Copy.ts"
import { Malformed } from "./Malformed.ts"
import { Message, requests } from "./Messages.ts"
import { checkDepth } from "./Validator.ts"
import { LENGTH, tagValue, valueEnd, varintEnd } from "./Wire.ts"
import { lengthField } from "./Write.ts"

/**
 * The same request without what the wire format allows beyond one value a field: a singular field that occurs again counts as its last
 * occurrence, a message in several parts is joined (protobuf: "embedded messages are merged"), of a oneof's members the last one stands.
 * Views read such requests from normalised bytes. Unknown fields stay. Slow, for requests that no SDK sends.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/#last-one-wins
 */
export const normalise = (signal: Signal, bytes: Uint8Array): Uint8Array | Malformed =>
  checkDepth(signal, [bytes]) ?? concat(normaliseMessage(requests[signal], bytes))

const normaliseMessage = (message: Message, bytes: Uint8Array): Array<Uint8Array> => {
  const parts: Array<Uint8Array> = []
  /** Per singular field (and for a oneof, under 0) the part that holds it. */
  const held = new Map<number, number>()
  const payloads = new Map<number, Array<Uint8Array>>()
  for (let pos = 0; pos < bytes.length;) {
    const valueAt = varintEnd(bytes, pos, bytes.length)
    const tag = tagValue(bytes, pos, valueAt)
    const next = valueEnd(bytes, valueAt, bytes.length, tag & 7)
    const number = tag >>> 3
    const field = message.fields[number]
    const payload = (tag & 7) === LENGTH ? bytes.subarray(varintEnd(bytes, valueAt, bytes.length), next) : undefined
    let part: Uint8Array = bytes.subarray(pos, next)
    if (field !== undefined && !field.repeated) {
      const slot = field.oneof ? 0 : number
      const earlier = held.get(slot)
      if (earlier !== undefined) parts[earlier] = new Uint8Array(0)
      held.set(slot, parts.length)
    }
    if (field?.kind instanceof Message && payload !== undefined) {
      const split = field.repeated || field.oneof ? undefined : payloads.get(number)
      split?.push(payload)
      if (split === undefined) payloads.set(number, [payload])
      const inner = normaliseMessage(field.kind, split === undefined ? payload : concat(split))
      part = lengthField(number, concat(inner))
    }
    parts.push(part)
    pos = next
  }
  return parts
}
