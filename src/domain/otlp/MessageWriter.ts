import { copyBytes } from "./Copy.ts"
import { encodeUtf8 } from "./Utf8.ts"
import { FIXED64, LENGTH, tagOf, VARINT } from "./Wire.ts"
import { varintSize, writeVarint } from "./Write.ts"

const two32 = 4_294_967_296

/**
 * Writes protobuf messages one field after the other into one buffer that grows by doubling. A message inside of another begins with
 * `begin` and ends with `end`; its length is put in when it is known.
 */
export class MessageWriter {
  private bytes: Uint8Array
  private view: DataView
  private at = 0

  constructor(sizeBytes = 4096) {
    this.bytes = new Uint8Array(sizeBytes)
    this.view = new DataView(this.bytes.buffer)
  }

  /** What has been written, in memory of its own; the writer begins anew. */
  finish(): Uint8Array {
    const written = this.bytes.slice(0, this.at)
    this.at = 0
    return written
  }

  /** Opens a message; `end` takes what this gives. */
  begin(field: number): number {
    this.tag(field, LENGTH)
    this.at++
    return this.at
  }

  end(start: number): void {
    const size = this.at - start
    const more = varintSize(size) - 1
    if (more > 0) {
      this.reserve(more)
      this.bytes.copyWithin(start + more, start, this.at)
    }
    writeVarint(this.bytes, start - 1, size)
    this.at += more
  }

  /** Fields that are written already. */
  raw(fields: Uint8Array): void {
    this.reserve(fields.length)
    this.at = copyBytes(this.bytes, this.at, fields, 0, fields.length)
  }

  text(field: number, text: string): void {
    const start = this.begin(field)
    this.raw(encodeUtf8(text))
    this.end(start)
  }

  /** A whole number from 0 to 2^53. */
  varint(field: number, value: number): void {
    this.tag(field, VARINT)
    this.plainVarint(value)
  }

  /** A signed 32-bit integer in zigzag form (`sint32`). */
  zigzag(field: number, value: number): void {
    this.varint(field, ((value << 1) ^ (value >> 31)) >>> 0)
  }

  /** A whole number from 0 to 2^53 in eight bytes. */
  fixed64(field: number, value: number): void {
    this.tag(field, FIXED64)
    this.view.setUint32(this.at, value % two32, true)
    this.view.setUint32(this.at + 4, value / two32, true)
    this.at += 8
  }

  double(field: number, value: number): void {
    this.tag(field, FIXED64)
    this.view.setFloat64(this.at, value, true)
    this.at += 8
  }

  /** Whole numbers from 0 to 2^53, packed. */
  packed(field: number, values: ReadonlyArray<number>): void {
    const start = this.begin(field)
    for (const value of values) this.plainVarint(value)
    this.end(start)
  }

  private plainVarint(value: number): void {
    this.reserve(10)
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.bytes[this.at++] = (rest % 128) | 0x80
    this.bytes[this.at++] = rest
  }

  /** Room for the tag, and for the eight bytes of a number behind it. */
  private tag(field: number, wireType: number): void {
    this.reserve(16)
    this.at = writeVarint(this.bytes, this.at, tagOf(field, wireType))
  }

  private reserve(sizeBytes: number): void {
    if (this.at + sizeBytes <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.at + sizeBytes))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }
}
