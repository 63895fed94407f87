import type { Signal } from "../../Signal.ts"
import { Malformed } from "../Malformed.ts"
import { explain, FIXED64, LENGTH, maxDepth, tagValue, VARINT, valueEnd, varintEnd } from "../Wire.ts"
import { type JsonField, JsonKind, type JsonMessage, jsonRequests, wireTypeOf } from "./JsonMessage.ts"
import { isZero, writeScalar } from "./JsonScalars.ts"
import { Output } from "./Output.ts"
import { accepts, isRegular, regularise } from "./Regular.ts"

const COMMA = 44
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93

const firstCapacity = 1 << 20
const leastPiece = 256 << 10

/** A message that is being written. */
class Frame {
  type: JsonMessage | undefined = undefined
  bytes: Uint8Array = new Uint8Array(0)
  pos = 0
  end = 0
  /** The list that is open. */
  list: JsonField | undefined = undefined
  /** The last byte was an opening bracket: no comma. */
  fresh = true
}

/**
 * Protobuf bytes to OTLP/JSON: one line without a newline, as the Collector's file exporter writes it (ids in hex, 64-bit integers as
 * strings, enums as numbers, lowerCamelCase, zero values left out, unknown fields too). One walk over the bytes that writes as it
 * reads; no object is made of them. Fields come in the order of the wire.
 *
 * It can stop after any field, so that a large batch need not be written in one go.
 */
export class ToJson {
  private readonly out: Output
  private readonly frames: Array<Frame> = []
  private top = -1
  private read = 0
  /** What has been written, but for what is in `out`. */
  private readonly pieces: Array<Uint8Array> = []
  private malformed: Malformed | undefined

  /** `chunks` are pieces of one request, each ending on a top-level field. */
  constructor(signal: Signal, chunks: ReadonlyArray<Uint8Array>) {
    const bytes = chunks.length === 1 ? chunks[0]! : concatenate(chunks)
    this.out = new Output(Math.min(bytes.length * 2 + 64, firstCapacity))
    this.malformed = this.push(jsonRequests[signal], bytes, 0, bytes.length)
  }

  /** Writes about `maxBytes` of protobuf more. `undefined`: call again. The text comes in pieces, so that it need not be joined. */
  step(maxBytes: number): ReadonlyArray<Uint8Array> | Malformed | undefined {
    this.read = 0
    while (this.top >= 0 && this.malformed === undefined) {
      if (this.read >= maxBytes) {
        if (this.out.length >= leastPiece) this.pieces.push(this.out.take())
        return undefined
      }
      this.malformed = this.next(this.frames[this.top]!)
    }
    if (this.malformed !== undefined) return this.malformed
    this.pieces.push(this.out.take())
    return this.pieces
  }

  private next(frame: Frame): Malformed | undefined {
    const { bytes, pos, end } = frame
    if (pos === end) {
      this.pop(frame)
      return undefined
    }
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    if (next < 0) return explain(bytes, pos, end)
    frame.pos = next
    const field = frame.type!.byNumber[tag >>> 3]
    const wireType = tag & 7
    if (field === undefined || !accepts(field, wireType)) {
      this.read += next - pos
      return undefined
    }
    const start = wireType === LENGTH ? varintEnd(bytes, valueAt, next) : valueAt
    if (field.kind === JsonKind.message) {
      this.read += start - pos
      if (this.top === maxDepth) return new Malformed(pos, `messages nest more than ${maxDepth} deep`)
      this.begin(frame, field)
      return this.push(field.message!, bytes, start, next)
    }
    this.read += next - pos
    if (field.packed) return this.list(frame, field, bytes, start, next, wireType)
    if (!field.explicit && (wireType === LENGTH ? start === next : isZero(bytes, start, next, wireType === VARINT))) return undefined
    this.begin(frame, field)
    writeScalar(field, bytes, start, next, this.out)
    return undefined
  }

  /** Numbers of a repeated field: packed, or a single one. */
  private list(frame: Frame, field: JsonField, bytes: Uint8Array, start: number, end: number, wireType: number): Malformed | undefined {
    const elementType = wireTypeOf(field.kind)
    if (wireType === LENGTH && start === end) return undefined
    let pos = start
    while (pos < end) {
      const next = elementType === FIXED64 ? (end - pos < 8 ? -1 : pos + 8) : varintEnd(bytes, pos, end)
      if (next < 0) return new Malformed(pos, `the last number of "${field.name}" is cut off`)
      this.begin(frame, field)
      writeScalar(field, bytes, pos, next, this.out)
      pos = next
    }
    return undefined
  }

  /** A comma where one is needed, and the name; elements of an open list need no name. */
  private begin(frame: Frame, field: JsonField): void {
    const { out } = this
    if (frame.list === field) return out.byte(COMMA)
    if (frame.list !== undefined) {
      out.byte(CLOSE_ARRAY)
      frame.list = undefined
    }
    if (!frame.fresh) out.byte(COMMA)
    frame.fresh = false
    out.copy(field.keyBytes, 0, field.keyBytes.length)
    if (field.repeated) {
      out.byte(OPEN_ARRAY)
      frame.list = field
    }
  }

  private push(type: JsonMessage, bytes: Uint8Array, start: number, end: number): Malformed | undefined {
    const frame = (this.frames[++this.top] ??= new Frame())
    frame.type = type
    if (isRegular(type, bytes, start, end)) {
      frame.bytes = bytes
      frame.pos = start
      frame.end = end
    } else {
      const regular = regularise(type, bytes, start, end)
      if (regular instanceof Malformed) return regular
      frame.bytes = regular
      frame.pos = 0
      frame.end = regular.length
    }
    frame.list = undefined
    frame.fresh = true
    this.out.byte(OPEN_OBJECT)
    return undefined
  }

  private pop(frame: Frame): void {
    this.top--
    if (frame.list !== undefined) this.out.byte(CLOSE_ARRAY)
    this.out.byte(CLOSE_OBJECT)
  }
}

/** Protobuf bytes to OTLP/JSON (UTF-8, one line, no newline at its end), all at once. */
export const toJson = (signal: Signal, chunks: ReadonlyArray<Uint8Array>): Uint8Array | Malformed => {
  const pieces = new ToJson(signal, chunks).step(Infinity)!
  return pieces instanceof Malformed ? pieces : pieces[0]!
}

const concatenate = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const all = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let length = 0
  for (const chunk of chunks) {
    all.set(chunk, length)
    length += chunk.length
  }
  return all
}
