/**
 * Numbers of JSON text, exact: 64-bit integers in two halves, never through a double that could round. The functions read ASCII in
 * `[start, end)`, which is bounded by their callers.
 */

const MINUS = 45
const PLUS = 43
const DOT = 46

/** An integer of up to 64 bits, two's complement, in two signed halves. */
export class Integer {
  low = 0
  high = 0

  /** Reads decimal digits with an optional sign, also as `1e3` or `1.0`; `false` if it is no whole number or does not fit. */
  parse(bytes: Uint8Array, start: number, end: number, signed: boolean): boolean {
    const negative = bytes[start] === MINUS
    let pos = negative ? start + 1 : start
    if (pos === end) return false
    let value = 0
    const exact = Math.min(end, pos + 15)
    for (; pos < exact; pos++) {
      const digit = bytes[pos]! - 48
      if (digit < 0 || digit > 9) return this.parseSlowly(bytes, start, end, signed)
      value = value * 10 + digit
    }
    let high = Math.floor(value / 4294967296)
    let low = value >>> 0
    for (; pos < end; pos++) {
      const digit = bytes[pos]! - 48
      if (digit < 0 || digit > 9) return this.parseSlowly(bytes, start, end, signed)
      const next = low * 10 + digit
      low = next >>> 0
      high = high * 10 + Math.floor(next / 4294967296)
      if (high > 0xffffffff) return false
    }
    return this.set(negative, low, high, signed)
  }

  private parseSlowly(bytes: Uint8Array, start: number, end: number, signed: boolean): boolean {
    if (end - start > 64) return false
    const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?$/.exec(asciiText(bytes, start, end))
    if (match === null) return false
    const [, sign, whole, fraction = "", exponent = "0"] = match
    const digits = (whole! + fraction).replace(/0+$/, "")
    const zeros = Number(exponent) - fraction.length + (whole!.length + fraction.length - digits.length)
    if (digits !== "" && (zeros < 0 || digits.replace(/^0+/, "").length + zeros > 20)) return false
    const magnitude = digits === "" ? 0n : BigInt(digits) * 10n ** BigInt(zeros)
    if (magnitude >> 64n !== 0n) return false
    return this.set(sign === "-", Number(magnitude & 0xffffffffn), Number(magnitude >> 32n), signed)
  }

  /** Takes a magnitude in unsigned halves. */
  private set(negative: boolean, low: number, high: number, signed: boolean): boolean {
    if (negative && (low !== 0 || high !== 0)) {
      if (!signed || high > 0x80000000 || (high === 0x80000000 && low !== 0)) return false
      this.low = -low | 0
      this.high = (~high + (low === 0 ? 1 : 0)) | 0
      return true
    }
    if (signed && high > 0x7fffffff) return false
    this.low = low | 0
    this.high = high | 0
    return true
  }
}

/** Longer than any double needs to be told apart from its neighbours (767 digits). */
const maxDoubleText = 1100

const powersOfTen = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)

/**
 * A finite decimal number, correctly rounded. Up to 15 digits with up to 22 decimals are one exact division; the rest is left to the
 * engine. `NaN` if it is not finite, or absurdly long.
 */
export const parseDouble = (bytes: Uint8Array, start: number, end: number): number => {
  if (end - start > maxDoubleText) return NaN
  const negative = bytes[start] === MINUS
  let pos = negative ? start + 1 : start
  if (end - pos <= 16) {
    let value = 0
    let digits = 0
    let decimals = -1
    for (; pos < end; pos++) {
      const byte = bytes[pos]!
      if (byte === DOT) decimals = 0
      else if (byte >= 48 && byte <= 57) {
        value = value * 10 + (byte - 48)
        digits++
        if (decimals >= 0) decimals++
      } else break
    }
    if (pos === end && digits <= 15) {
      if (decimals > 0) value /= powersOfTen[decimals]!
      return negative ? -value : value
    }
  }
  const value = Number(asciiText(bytes, start, end))
  return Number.isFinite(value) ? value : NaN
}

/** Where the JSON number at `pos` ends (RFC 8259 section 6), or -1 if none stands there. */
export const numberEnd = (bytes: Uint8Array, pos: number, end: number): number => {
  if (pos < end && bytes[pos] === MINUS) pos++
  if (!isDigit(bytes, pos, end)) return -1
  if (bytes[pos] === 48) pos++
  else pos = digitsEnd(bytes, pos, end)
  if (pos < end && bytes[pos] === DOT) {
    if (!isDigit(bytes, pos + 1, end)) return -1
    pos = digitsEnd(bytes, pos + 1, end)
  }
  if (pos < end && (bytes[pos]! | 32) === 101) {
    pos++
    if (pos < end && (bytes[pos] === PLUS || bytes[pos] === MINUS)) pos++
    if (!isDigit(bytes, pos, end)) return -1
    pos = digitsEnd(bytes, pos, end)
  }
  return isDigit(bytes, pos, end) ? -1 : pos
}

const isDigit = (bytes: Uint8Array, pos: number, end: number): boolean => pos < end && bytes[pos]! >= 48 && bytes[pos]! <= 57

const digitsEnd = (bytes: Uint8Array, pos: number, end: number): number => {
  while (isDigit(bytes, pos, end)) pos++
  return pos
}

/** The text of ASCII bytes. */
export const asciiText = (bytes: Uint8Array, start: number, end: number): string => {
  let text = ""
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
  return text
}
