/**
 * Reads the fields of one small protobuf message (a status, a response), one after another. Bytes come from strangers: what cannot be
 * a message sets `malformed` and ends the walk; it never throws and reads every byte at most once.
 */
export class FieldReader {
  /** The number of the current field. */
  field = 0
  /** 0 varint, 1 fixed64, 2 length-delimited, 5 fixed32; groups do not occur in these messages and count as malformed. */
  wireType = 0
  /** The current varint: low and high 32 bits. */
  low = 0
  high = 0
  /** The current length-delimited value: `[start, end)`. */
  start = 0
  end = 0
  malformed = false
  private readonly bytes: Uint8Array
  private readonly limit: number
  private position: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.limit = end
  }

  /** Moves to the next field; `false` at the end and where the bytes are malformed. */
  next(): boolean {
    if (this.malformed || this.position >= this.limit) return false
    if (!this.varint()) return this.fail()
    this.field = this.low >>> 3
    this.wireType = this.low & 7
    if (this.field === 0 || this.high !== 0) return this.fail()
    switch (this.wireType) {
      case 0:
        return this.varint() || this.fail()
      case 1:
        return this.skip(8)
      case 2:
        return this.varint() && this.high === 0 ? this.skip(this.low >>> 0) : this.fail()
      case 5:
        return this.skip(4)
      default:
        return this.fail()
    }
  }

  isMessage(field: number): boolean {
    return this.field === field && this.wireType === 2
  }

  isVarint(field: number): boolean {
    return this.field === field && this.wireType === 0
  }

  /** The current varint as a signed 64-bit integer; exact up to 2^53. */
  int64(): number {
    return this.high * 4294967296 + (this.low >>> 0)
  }

  /** The current value as text, at most `maxBytes` of it; what is not UTF-8 becomes U+FFFD. */
  text(maxBytes: number): string {
    return decoder.decode(this.bytes.subarray(this.start, Math.min(this.end, this.start + maxBytes)))
  }

  message(): FieldReader {
    return new FieldReader(this.bytes, this.start, this.end)
  }

  private skip(length: number): boolean {
    this.start = this.position
    this.end = this.position + length
    if (this.end > this.limit) return this.fail()
    this.position = this.end
    return true
  }

  private varint(): boolean {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= this.limit) return false
      const byte = this.bytes[this.position++]
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) {
        this.low = low
        this.high = high
        return true
      }
    }
    return false
  }

  private fail(): false {
    this.malformed = true
    return false
  }
}

/** Builds one small protobuf message; zero values and empty texts are left out, as proto3 does. */
export class FieldWriter {
  private readonly bytes: Array<number> = []

  integer(field: number, value: number): this {
    if (value === 0) return this
    this.varint(field << 3)
    this.varint(value)
    return this
  }

  text(field: number, value: string): this {
    return value === "" ? this : this.message(field, encoder.encode(value))
  }

  message(field: number, value: Uint8Array): this {
    this.varint((field << 3) | 2)
    this.varint(value.length)
    for (const byte of value) this.bytes.push(byte)
    return this
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.bytes)
  }

  /** A whole number within ±2^53; negative ones take ten bytes, as int32 and int64 do. */
  private varint(value: number): void {
    let low = value >>> 0
    let high = Math.floor(value / 4294967296) >>> 0
    while (high !== 0 || low > 0x7f) {
      this.bytes.push((low & 0x7f) | 0x80)
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.bytes.push(low)
  }
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()
