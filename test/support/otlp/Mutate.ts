import { requests, Message } from "../../../src/domain/otlp/Messages.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import type { Random } from "./Random.ts"

const lengthField = (field: number, payload: Uint8Array): Uint8Array => {
  const header = [(field << 3) | 2]
  let rest = payload.length
  for (; rest >= 128; rest = Math.floor(rest / 128)) header.push((rest % 128) | 128)
  return join([Uint8Array.from([...header, rest]), payload])
}

const join = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** An attribute value inside a value inside a value: a list in a list, so many levels. */
const bomb = (levels: number): Uint8Array => {
  let value: Uint8Array = Uint8Array.of(16, 1)
  for (let i = 0; i < levels; i++) value = lengthField(5, lengthField(1, value))
  return lengthField(1, lengthField(1, lengthField(1, lengthField(2, value))))
}

const splice = (bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array =>
  join([bytes.subarray(0, at), insert, bytes.subarray(Math.min(bytes.length, at + remove))])

/** Where messages, known to the schema, have their tag: a random one of them. */
const someField = (rng: Random, signal: Signal, bytes: Uint8Array): readonly [start: number, end: number] => {
  let message: Message = requests[signal]
  let [start, end, pos, stop] = [0, bytes.length, 0, bytes.length]
  for (let steps = rng.below(60); steps > 0 && pos + 1 < stop; steps--) {
    const tag = bytes[pos]!
    const kind = message.fields[tag >> 3]?.kind
    const lengthBytes = bytes[pos + 1]! < 128 ? 1 : 2
    const length = lengthBytes === 1 ? bytes[pos + 1]! : (bytes[pos + 1]! & 127) | ((bytes[pos + 2] ?? 0) << 7)
    if ((tag & 7) !== 2 || tag >= 128) break
    start = pos
    end = pos + 1 + lengthBytes + length
    if (kind instanceof Message && rng.chance(0.7)) {
      message = kind
      pos += 1 + lengthBytes
      stop = end
    } else pos = end
  }
  return [start, Math.min(end, bytes.length)]
}

/** The request, damaged in one to four places: as a line, a bug or an attacker would. */
export const mutate = (rng: Random, signal: Signal, original: Uint8Array): Uint8Array => {
  let bytes = original
  for (let times = 1 + rng.below(4); times > 0; times--) {
    const at = rng.below(bytes.length + 1)
    const [start, end] = someField(rng, signal, bytes)
    switch (rng.below(8)) {
      case 0:
        bytes = bytes.slice(0, at)
        break
      case 1:
        bytes = splice(bytes, at, rng.below(5), rng.bytes(rng.below(5)))
        break
      case 2:
        bytes = splice(bytes, start + 1, 1, Uint8Array.of(rng.pick([0, 1, 0x7f, 0x80, 0xff])))
        break
      case 3:
        bytes = splice(
          bytes,
          start + 1,
          1,
          Uint8Array.from({ length: rng.below(12) }, (_, i) => (i % 2 === 0 ? 0xff : 0x80))
        )
        break
      case 4:
        bytes = splice(bytes, end, 0, bytes.slice(start, end))
        break
      case 5:
        bytes = splice(bytes, rng.pick([0, start, end]), 0, bomb(rng.pick([1, 30, 33, 34, 50, 200, 3000])))
        break
      case 6:
        bytes = splice(bytes, start, 1, Uint8Array.of(rng.below(256)))
        break
      default:
        if (at < bytes.length) {
          bytes = bytes.slice()
          bytes[at]! ^= 1 << rng.below(8)
        }
    }
  }
  return bytes
}
