/**
 * A 56-bit number in two halves of 28 bits, as sampling thresholds and randomness are: more than a double holds, and BigInt would cost an
 * allocation per item. Mutable, so that one is reused for many items. 2^56 itself (`setNever`) stands above all values.
 */
export class Bits56 {
  high = 0
  low = 0

  set(high: number, low: number): this {
    this.high = high
    this.low = low
    return this
  }

  copy(other: Bits56): this {
    return this.set(other.high, other.low)
  }

  /** As a threshold: reject everything. */
  setNever(): this {
    return this.set(half, 0)
  }

  /** The largest value: every threshold but never lets it pass. */
  setLargest(): this {
    return this.set(half - 1, half - 1)
  }

  get isNever(): boolean {
    return this.high === half
  }

  isAtMost(other: Bits56): boolean {
    return this.high < other.high || (this.high === other.high && this.low <= other.low)
  }

  /** Reads 1 to 14 hexadecimal digits as the leading ones of 14. `false`: they are none. */
  readHex(bytes: Uint8Array, start: number, end: number): boolean {
    if (end <= start || end - start > digits) return false
    let high = 0
    let low = 0
    for (let i = 0; i < digits; i++) {
      const digit = start + i < end ? hexDigit(bytes[start + i]!) : 0
      if (digit < 0) return false
      if (i < digits / 2) high = (high << 4) | digit
      else low = (low << 4) | digit
    }
    this.set(high, low)
    return true
  }

  /** Writes the 14 digits, or with `trim` without trailing zeros (at least one digit). Returns where they end. */
  writeHex(target: Uint8Array, at: number, trim: boolean): number {
    for (let i = 0; i < digits / 2; i++) {
      const shift = 24 - 4 * i
      target[at + i] = asciiDigit((this.high >>> shift) & 15)
      target[at + digits / 2 + i] = asciiDigit((this.low >>> shift) & 15)
    }
    let end = at + digits
    if (trim) while (end > at + 1 && target[end - 1] === zero) end--
    return end
  }
}

/** Hexadecimal digits of the whole. */
export const digits = 14

/** 2^28, one more than the largest half. */
export const half = 0x10000000

const zero = 0x30

const asciiDigit = (value: number): number => (value < 10 ? zero + value : 0x57 + value)

const hexDigit = (ascii: number): number => {
  if (ascii >= zero && ascii <= 0x39) return ascii - zero
  const lower = ascii | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
