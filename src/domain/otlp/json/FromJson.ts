import type { Signal } from "../../Signal.ts"
import { Malformed } from "../Malformed.ts"
import { isUtf8Range } from "../Utf8.ts"
import { maxDepth } from "../Wire.ts"
import { JsonCursor, QUOTE } from "./JsonCursor.ts"
import { type JsonField, JsonKind, type JsonMessage, jsonRequests } from "./JsonMessage.ts"
import { Output } from "./Output.ts"
import { ScalarWriter } from "./ScalarWriter.ts"

const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93
const COMMA = 44
const COLON = 58
const NULL = 110

/** What is open: a message, the array of a repeated field, or something that OTLP does not know and that is skipped. */
class Frame {
  kind: "message" | "array" | "unknown object" | "unknown array" = "message"
  message: JsonMessage | undefined = undefined
  field: JsonField | undefined = undefined
  /** Where the content of a length-delimited value begins; 0: there is none. */
  start = 0
  /** Messages (and unknown values) around it. */
  depth = 0
  /** A value has been read, so a comma or the end must follow. */
  started = false
  /** Bits of the fields that have been written. */
  seen = 0
}

/**
 * OTLP/JSON to protobuf bytes: one walk over the text that writes as it reads; no object is made of it.
 *
 * As protobuf's JSON mapping has it, with what OTLP changes: ids are hex in any case, 64-bit integers are strings or numbers (exact),
 * enums are numbers (names tolerated), doubles may be "NaN" and "Infinity", field names are lowerCamelCase or the original ones, `null`
 * is absent, unknown fields are ignored at any depth. A key that occurs twice is what a field that occurs twice is in protobuf: the
 * last scalar stands, lists append, messages merge. Nesting is limited to `maxDepth`, as in the binary form.
 *
 * It can stop after any value, so that a large request need not be read in one go.
 */
export class FromJson {
  private readonly cursor: JsonCursor
  private readonly out: Output
  private readonly scalars: ScalarWriter
  private readonly frames: Array<Frame> = []
  private top = -1
  private begun = false
  private readonly root: JsonMessage

  constructor(signal: Signal, text: Uint8Array) {
    this.cursor = new JsonCursor(text)
    this.out = new Output(Math.max(256, text.length >> 1))
    this.scalars = new ScalarWriter(this.cursor, this.out)
    this.root = jsonRequests[signal]
  }

  /** Reads about `maxBytes` more. `undefined`: call again. */
  step(maxBytes: number): Uint8Array | Malformed | undefined {
    const { cursor } = this
    if (!this.begun) this.begin()
    const target = cursor.pos + maxBytes
    while (this.top >= 0 && cursor.error === undefined) {
      if (cursor.pos >= target) return undefined
      this.next(this.frames[this.top]!)
    }
    if (cursor.error === undefined && cursor.space() >= 0) cursor.fail("expected the end of the text")
    return cursor.error ?? this.out.finish()
  }

  private begin(): void {
    const { cursor } = this
    this.begun = true
    if (!isUtf8Range(cursor.bytes, 0, cursor.end)) cursor.fail("the text is not valid UTF-8", invalidAt(cursor.bytes))
    else if (cursor.space() !== OPEN_OBJECT) cursor.fail("expected an object")
    else {
      cursor.pos++
      this.push("message", 0, this.root, undefined, 0)
    }
  }

  /** Reads one member or element, or the end of what is open. */
  private next(frame: Frame): void {
    const { cursor } = this
    const isArray = frame.kind === "array" || frame.kind === "unknown array"
    let byte = cursor.space()
    if (byte === (isArray ? CLOSE_ARRAY : CLOSE_OBJECT) && cursor.error === undefined) {
      cursor.pos++
      return this.close(frame)
    }
    if (frame.started) {
      if (byte !== COMMA) return void cursor.fail(isArray ? "expected , or ]" : "expected , or }")
      cursor.pos++
      byte = cursor.space()
    }
    frame.started = true
    if (isArray) return frame.kind === "array" ? this.element(frame, byte) : this.unknown(frame, byte)

    if (byte !== QUOTE) return void cursor.fail("expected a name in quotes")
    if (!cursor.string()) return
    const field = frame.message?.find(cursor.text, cursor.textStart, cursor.textEnd)
    if (cursor.space() !== COLON) return void cursor.fail("expected :")
    cursor.pos++
    byte = cursor.space()
    if (field === undefined) this.unknown(frame, byte)
    else this.known(frame, field, byte)
  }

  private known(frame: Frame, field: JsonField, byte: number): void {
    const { cursor, out } = this
    if (byte === NULL) return void cursor.literal("null")
    if (field.repeated) {
      if (byte !== OPEN_ARRAY) return void cursor.fail(`"${field.name}": expected an array`)
      cursor.pos++
      if (field.packed) out.varint(field.tag, 0)
      return this.push("array", frame.depth, undefined, field, field.packed ? out.beginLength() : 0)
    }
    if (field.kind === JsonKind.message) this.message(frame, field, byte)
    else if (this.scalars.write(field, byte, field.explicit || (frame.seen & field.bit) !== 0, false)) frame.seen |= field.bit
  }

  private element(frame: Frame, byte: number): void {
    const field = frame.field!
    if (field.kind !== JsonKind.message) return void this.scalars.write(field, byte, true, field.packed)
    if (byte !== NULL) return this.message(frame, field, byte)
    // Encoders that write an empty AnyValue as null mean an element all the same.
    if (!this.cursor.literal("null")) return
    this.out.varint(field.tag, 0)
    this.out.byte(0)
  }

  private message(frame: Frame, field: JsonField, byte: number): void {
    const { cursor, out } = this
    if (byte !== OPEN_OBJECT) return void cursor.fail(`"${field.name}": expected an object`)
    if (frame.depth === maxDepth) return void cursor.fail(`messages nest more than ${maxDepth} deep`)
    cursor.pos++
    out.varint(field.tag, 0)
    this.push("message", frame.depth + 1, field.message, undefined, out.beginLength())
  }

  private unknown(frame: Frame, byte: number): void {
    const { cursor } = this
    if (byte !== OPEN_OBJECT && byte !== OPEN_ARRAY) return void cursor.scalar(byte)
    if (frame.depth === maxDepth) return void cursor.fail(`values nest more than ${maxDepth} deep`)
    cursor.pos++
    this.push(byte === OPEN_OBJECT ? "unknown object" : "unknown array", frame.depth + 1, undefined, undefined, 0)
  }

  private push(kind: Frame["kind"], depth: number, message: JsonMessage | undefined, field: JsonField | undefined, start: number): void {
    const frame = (this.frames[++this.top] ??= new Frame())
    frame.kind = kind
    frame.message = message
    frame.field = field
    frame.start = start
    frame.depth = depth
    frame.started = false
    frame.seen = 0
  }

  private close(frame: Frame): void {
    const { out } = this
    this.top--
    if (frame.start === 0) return
    if (frame.field?.packed === true && out.length === frame.start) {
      // An empty list is an absent one; tags of packed fields take one byte.
      out.length -= 2
      return
    }
    out.endLength(frame.start)
  }
}

/** Where text stops being UTF-8: the shortest prefix that is not. */
const invalidAt = (bytes: Uint8Array): number => {
  let valid = 0
  let invalid = bytes.length
  // A prefix that ends inside a character is invalid as well, so look at whole characters only.
  const boundary = (pos: number): number => {
    while (pos > valid && (bytes[pos]! & 0xc0) === 0x80) pos--
    return pos
  }
  while (invalid - valid > 4) {
    const middle = boundary((valid + invalid) >> 1)
    if (middle === valid) break
    if (isUtf8Range(bytes, 0, middle)) valid = middle
    else invalid = middle
  }
  return valid
}
