import protobuf from "protobufjs/minimal.js"
import { Message, requests } from "../../../src/domain/otlp/Messages.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import type { Random } from "./Random.ts"

interface Piece {
  readonly number: number
  readonly bytes: Uint8Array
}

const varint = (rng: Random, value: number): Array<number> => {
  const bytes: Array<number> = []
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  bytes.push(value)
  if (rng.chance(0.1)) {
    for (let padding = rng.below(4); padding >= 0 && bytes.length < 5; padding--) {
      bytes[bytes.length - 1]! |= 128
      bytes.push(0)
    }
  }
  return bytes
}

const unknown = (rng: Random): Piece => {
  const number = rng.pick([29, 100, 2047, 536870911])
  const type = rng.pick([0, 1, 2, 5])
  const value = type === 0 ? [0xff, 0x01] : rng.bytes(type === 1 ? 8 : type === 5 ? 4 : 3)
  return { number, bytes: Uint8Array.from([...varint(rng, number * 8 + type), ...(type === 2 ? [3] : []), ...value]) }
}

/**
 * The same request, written as oddly as the wire format allows: fields of a message in any order (repeated ones keep theirs), unknown
 * fields in between, tags and lengths longer than they need be. A decoder reads what it read before.
 */
export const distort = (signal: Signal, rng: Random, bytes: Uint8Array): Uint8Array => distortMessage(rng, requests[signal], bytes)

const distortMessage = (rng: Random, message: Message, bytes: Uint8Array): Uint8Array => {
  const reader = protobuf.Reader.create(bytes)
  const pieces: Array<Piece> = []
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    const number = tag >>> 3
    const kind = message.fields[number]?.kind
    if ((tag & 7) === 2) {
      const payload = reader.bytes()
      const inner = kind instanceof Message ? distortMessage(rng, kind, payload) : payload
      pieces.push({ number, bytes: Uint8Array.from([...varint(rng, tag), ...varint(rng, inner.length), ...inner]) })
    } else {
      reader.skipType(tag & 7)
      pieces.push({ number, bytes: Uint8Array.from([...varint(rng, tag), ...bytes.subarray(start + varintLength(tag), reader.pos)]) })
    }
  }
  if (rng.chance(0.3)) pieces.push(unknown(rng))
  if (rng.chance(0.3)) shuffle(rng, pieces)
  return Uint8Array.from(pieces.flatMap((piece) => [...piece.bytes]))
}

const varintLength = (value: number): number => (value < 128 ? 1 : 1 + varintLength(Math.floor(value / 128)))

/** Any order in which fields of the same number keep theirs. */
const shuffle = (rng: Random, pieces: Array<Piece>): void => {
  for (let i = pieces.length - 1; i > 0; i--) {
    const j = rng.below(i + 1)
    const [a, b] = [pieces[i]!, pieces[j]!]
    if (pieces.slice(j, i + 1).some((piece) => piece !== a && piece !== b && (piece.number === a.number || piece.number === b.number)))
      continue
    if (a.number === b.number) continue
    pieces[i] = b
    pieces[j] = a
  }
}
