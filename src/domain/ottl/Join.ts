import { X } from "./Value.ts"
import { valueEnd } from "../otlp/Wire.ts"
import { varintSize, writeVarint } from "../otlp/Write.ts"
import { readLength, readVarint64 } from "./Varint.ts"

const envelopeTag = 0x0a
const partTag = 0x0a
const childTag = 0x12

const message = (tag: number, payload: Uint8Array): Buffer => {
  const bytes = Buffer.allocUnsafe(1 + varintSize(payload.length) + payload.length)
  bytes[0] = tag
  bytes.set(payload, writeVarint(bytes, 1, payload.length))
  return bytes
}

/** Calls `visit` with each record of `bytes[start, end)`; false if they are malformed. */
const eachRecord = (
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (tag: number, record: number, value: number, next: number) => boolean
): boolean => {
  for (let at = start; at < end;) {
    const afterTag = readVarint64(bytes, at, end)
    if (afterTag < 0) return false
    const tag = X[2]!
    let value = afterTag
    let next: number
    if ((tag & 7) === 2) {
      const length = readLength(bytes, afterTag, end)
      if (length < 0) return false
      value = X[3]!
      next = value + length
    } else next = valueEnd(bytes, afterTag, end, tag & 7)
    if (next < 0 || !visit(tag, at, value, next)) return false
    at = next
  }
  return true
}

/** An envelope's payload with its part (field 1) in one piece; protobuf merges the pieces of a message by concatenation. */
const joinEnvelope = (bytes: Uint8Array, start: number, end: number, depth: number): Buffer | undefined => {
  const parts: Array<Uint8Array> = []
  const rest: Array<Uint8Array> = []
  const ok = eachRecord(bytes, start, end, (tag, record, value, next) => {
    if (tag === partTag) parts.push(bytes.subarray(value, next))
    else if (tag === childTag && depth === 0) {
      const child = joinEnvelope(bytes, value, next, 1)
      if (child === undefined) return false
      rest.push(message(childTag, child))
    } else rest.push(bytes.subarray(record, next))
    return true
  })
  if (!ok) return undefined
  return Buffer.concat(parts.length === 0 ? rest : [message(partTag, Buffer.concat(parts)), ...rest])
}

/**
 * The chunk with every resource and every scope in one piece. Senders may split a message into several records of the same field;
 * none does, so this is allowed to be slow. `undefined` if the chunk is malformed.
 */
export const joinSplit = (chunk: Uint8Array): Buffer | undefined => {
  const records: Array<Uint8Array> = []
  const ok = eachRecord(chunk, 0, chunk.length, (tag, record, value, next) => {
    if (tag !== envelopeTag) records.push(chunk.subarray(record, next))
    else {
      const envelope = joinEnvelope(chunk, value, next, 0)
      if (envelope === undefined) return false
      records.push(message(envelopeTag, envelope))
    }
    return true
  })
  return ok ? Buffer.concat(records) : undefined
}
