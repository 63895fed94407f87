/** Bytes that are being written: a buffer that grows. Callers make room (`ensure`) and then write to `bytes[length++]` directly. */
export class Output {
  bytes: Uint8Array
  length = 0
  private view: DataView

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity)
    this.view = new DataView(this.bytes.buffer)
  }

  ensure(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }

  byte(value: number): void {
    this.ensure(1)
    this.bytes[this.length++] = value
  }

  /** Copies `[start, end)`. */
  copy(from: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.ensure(size)
    if (size > 32) this.bytes.set(from.subarray(start, end), this.length)
    else for (let i = 0; i < size; i++) this.bytes[this.length + i] = from[start + i]!
    this.length += size
  }

  ascii(text: string): void {
    this.ensure(text.length)
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i)
  }

  /** A varint of 64 bits in two halves. */
  varint(low: number, high: number): void {
    this.ensure(10)
    while (high !== 0 || low >>> 0 > 0x7f) {
      this.bytes[this.length++] = (low & 0x7f) | 0x80
      low = (low >>> 7) | (high << 25)
      high >>>= 7
    }
    this.bytes[this.length++] = low
  }

  fixed32(value: number): void {
    this.ensure(4)
    this.view.setInt32(this.length, value | 0, true)
    this.length += 4
  }

  double(value: number): void {
    this.ensure(8)
    this.view.setFloat64(this.length, value, true)
    this.length += 8
  }

  /** Begins a length-delimited value: room for a length of one byte. Gives the position that `endLength` wants. */
  beginLength(): number {
    this.ensure(1)
    return ++this.length
  }

  /** Ends the value that began at `start`; a longer length moves the value up. */
  endLength(start: number): void {
    const size = this.length - start
    if (size < 0x80) {
      this.bytes[start - 1] = size
      return
    }
    const extra = size < 0x4000 ? 1 : size < 0x200000 ? 2 : size < 0x10000000 ? 3 : 4
    this.ensure(extra)
    this.bytes.copyWithin(start + extra, start, this.length)
    const end = this.length + extra
    this.length = start - 1
    this.varint(size, 0)
    this.length = end
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  /** What has been written since the last time. */
  take(): Uint8Array {
    const taken = this.finish()
    this.length = 0
    return taken
  }
}
