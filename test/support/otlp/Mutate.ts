import { Message, requests } from "../../../src/domain/otlp/Messages.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import type { Random } from "./Random.ts"

const join = (parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

const lengthField = (field: number, payload: Uint8Array): Uint8Array => {
  const header = [(field << 3) | 2]
  let rest = payload.length
  for (; rest >= 128; rest = Math.floor(rest / 128)) header.push((rest % 128) | 128)
  return join([Uint8Array.from([...header, rest]), payload])
}

/** An attribute value inside a value inside a value: a list in a list, so many levels. */
const bomb = (levels: number): Uint8Array => {
  let value: Uint8Array = Uint8Array.of(16, 1)
  for (let i = 0; i < levels; i++) value = lengthField(5, lengthField(1, value))
  return lengthField(1, lengthField(1, lengthField(1, lengthField(2, value))))
}

const splice = (bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array =>
  join([bytes.subarray(0, at), insert, bytes.subarray(Math.min(bytes.length, at + remove))])

/** The fields of a message as ranges; as many as can be read. */
const fieldsOf = (bytes: Uint8Array): ReadonlyArray<readonly [number: number, start: number, payload: number, end: number]> => {
  const fields: Array<readonly [number, number, number, number]> = []
  for (let pos = 0; pos + 1 < bytes.length;) {
    const tag = bytes[pos]!
    if ((tag & 7) !== 2 || tag >= 128) return fields
    let [length, payload, scale] = [0, pos + 1, 1]
    for (; payload < bytes.length && bytes[payload]! >= 128; scale *= 128) length += (bytes[payload++]! & 127) * scale
    length += bytes[payload]! * scale
    payload++
    if (payload + length > bytes.length) return fields
    fields.push([tag >> 3, pos, payload, payload + length])
    pos = payload + length
  }
  return fields
}

/** Damages the bytes of one message, without knowing what it is. */
const damage = (rng: Random, bytes: Uint8Array): Uint8Array => {
  const at = rng.below(bytes.length + 1)
  switch (rng.below(6)) {
    case 0:
      return bytes.slice(0, at)
    case 1:
      return splice(bytes, at, rng.below(5), rng.bytes(rng.below(5)))
    case 2:
      return splice(bytes, at, 1, Uint8Array.of(rng.pick([0, 1, 0x7f, 0x80, 0xff])))
    case 3:
      return splice(
        bytes,
        at,
        1,
        Uint8Array.from({ length: rng.below(12) }, (_, i) => (i % 2 === 0 ? 0xff : 0x80))
      )
    case 4:
      return splice(bytes, at, 0, bomb(rng.pick([1, 30, 33, 34, 50, 200, 1000])))
    default:
      return at === bytes.length ? bytes : splice(bytes, at, 1, Uint8Array.of(bytes[at]! ^ (1 << rng.below(8))))
  }
}

/** Something else that is well-formed: a field twice, gone, moved, of another number, or a bomb. */
const rearrange = (rng: Random, bytes: Uint8Array): Uint8Array => {
  const fields = fieldsOf(bytes)
  if (fields.length === 0) return lengthField(rng.below(16), rng.bytes(rng.below(3)))
  const [, start, , end] = rng.pick(fields)
  const [, other] = rng.pick(fields)
  switch (rng.below(5)) {
    case 0:
      return splice(bytes, other, 0, bytes.slice(start, end))
    case 1:
      return splice(bytes, start, end - start, new Uint8Array(0))
    case 2:
      return splice(bytes, start, 1, Uint8Array.of((rng.below(15) << 3) | 2))
    case 3:
      return splice(bytes, other, 0, bomb(rng.pick([1, 20, 29, 30, 31, 32, 33, 34, 50])))
    default:
      return splice(bytes, start, 0, lengthField(1 + rng.below(15), bytes.slice(start, end)))
  }
}

const inside = (rng: Random, message: Message, bytes: Uint8Array): Uint8Array => {
  const [number, start, payload, end] = rng.pick([...fieldsOf(bytes), [0, 0, 0, 0] as const])
  const kind = message.fields[number]?.kind
  if (kind instanceof Message && rng.chance(0.8)) {
    return splice(bytes, start, end - start, lengthField(number, inside(rng, kind, bytes.slice(payload, end))))
  }
  return rng.chance(0.7) ? rearrange(rng, bytes) : damage(rng, bytes)
}

/**
 * The request, changed in one to three places: bytes that a line, a bug or an attacker has damaged, and messages in the middle that are
 * rearranged or damaged while the lengths around them are right.
 */
export const mutate = (rng: Random, signal: Signal, original: Uint8Array): Uint8Array => {
  let bytes = original
  for (let times = 1 + rng.below(3); times > 0; times--) bytes = rng.chance(0.8) ? inside(rng, requests[signal], bytes) : damage(rng, bytes)
  return bytes
}
