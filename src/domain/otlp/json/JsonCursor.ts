import { Malformed } from "../Malformed.ts"
import { numberEnd } from "./Numbers.ts"
import { Output } from "./Output.ts"

export const QUOTE = 34
const BACKSLASH = 92
const MINUS = 45

/**
 * Reads the tokens of JSON text (RFC 8259) straight from bytes that are known to be UTF-8. What is wrong ends in `error`; nothing
 * throws, and nothing recurses.
 */
export class JsonCursor {
  readonly bytes: Uint8Array
  readonly end: number
  pos = 0
  error: Malformed | undefined = undefined
  /** The token that was read last, without quotes and escapes: `text[textStart, textEnd)`. */
  text: Uint8Array
  textStart = 0
  textEnd = 0
  private unescaped: Output | undefined = undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.end = bytes.length
    this.text = bytes
  }

  fail(message: string, offset = this.pos): false {
    this.error ??= new Malformed(offset, offset >= this.end ? `${message}, but the text ends` : message)
    return false
  }

  /** Skips white space; the byte that follows, or -1 at the end. */
  space(): number {
    const { bytes, end } = this
    let pos = this.pos
    let byte = -1
    while (pos < end && ((byte = bytes[pos]!) === 32 || byte === 10 || byte === 13 || byte === 9)) pos++
    this.pos = pos
    return pos < end ? byte : -1
  }

  /** The string whose opening quote is at `pos`. */
  string(): boolean {
    const { bytes, end } = this
    const start = this.pos + 1
    let pos = start
    let escaped = false
    while (pos < end) {
      const byte = bytes[pos]!
      if (byte === QUOTE) {
        this.pos = pos + 1
        if (escaped) this.unescape(start, pos)
        else {
          this.text = bytes
          this.textStart = start
          this.textEnd = pos
        }
        return true
      }
      if (byte === BACKSLASH) {
        const length = this.escapeLength(pos)
        if (length === 0) return this.fail("invalid escape in a string", pos)
        escaped = true
        pos += length
      } else if (byte < 0x20) return this.fail("a control character in a string must be escaped", pos)
      else pos++
    }
    return this.fail("expected the end of a string", end)
  }

  /** The number at `pos`. */
  number(): boolean {
    const end = numberEnd(this.bytes, this.pos, this.end)
    if (end < 0) return this.fail("expected a number")
    this.text = this.bytes
    this.textStart = this.pos
    this.textEnd = end
    this.pos = end
    return true
  }

  /** `true`, `false` or `null` at `pos`. */
  literal(word: string): boolean {
    const { bytes, pos } = this
    for (let i = 0; i < word.length; i++) {
      if (pos + i >= this.end || bytes[pos + i] !== word.charCodeAt(i)) return this.fail(`expected ${word}`)
    }
    this.pos = pos + word.length
    return true
  }

  /** Any value that is neither object nor array and begins with `byte`. */
  scalar(byte: number): boolean {
    switch (byte) {
      case QUOTE:
        return this.string()
      case 116:
        return this.literal("true")
      case 102:
        return this.literal("false")
      case 110:
        return this.literal("null")
      default:
        return byte === MINUS || (byte >= 48 && byte <= 57) ? this.number() : this.fail("expected a value")
    }
  }

  private escapeLength(pos: number): number {
    switch (this.bytes[pos + 1]) {
      case QUOTE:
      case BACKSLASH:
      case 47:
      case 98:
      case 102:
      case 110:
      case 114:
      case 116:
        return 2
      case 117:
        return this.hex4(pos + 2) < 0 ? 0 : 6
      default:
        return 0
    }
  }

  private hex4(pos: number): number {
    if (pos + 4 > this.end) return -1
    let value = 0
    for (let i = pos; i < pos + 4; i++) {
      const digit = hexDigit(this.bytes[i]!)
      if (digit < 0) return -1
      value = value * 16 + digit
    }
    return value
  }

  /** Half of a surrogate pair alone becomes U+FFFD, as in Go. */
  private unescape(start: number, end: number): void {
    const { bytes } = this
    const out = (this.unescaped ??= new Output(256))
    out.length = 0
    out.ensure(end - start)
    let pos = start
    while (pos < end) {
      const byte = bytes[pos]!
      if (byte !== BACKSLASH) {
        out.bytes[out.length++] = byte
        pos++
        continue
      }
      const kind = bytes[pos + 1]!
      if (kind !== 117) {
        out.bytes[out.length++] = plainEscape(kind)
        pos += 2
        continue
      }
      let codePoint = this.hex4(pos + 2)
      pos += 6
      if (codePoint >= 0xd800 && codePoint < 0xe000) {
        const low = codePoint < 0xdc00 && bytes[pos] === BACKSLASH && bytes[pos + 1] === 117 ? this.hex4(pos + 2) : -1
        if (low >= 0xdc00 && low < 0xe000) {
          codePoint = 0x10000 + ((codePoint - 0xd800) << 10) + (low - 0xdc00)
          pos += 6
        } else codePoint = 0xfffd
      }
      writeUtf8(out, codePoint)
    }
    this.text = out.bytes
    this.textStart = 0
    this.textEnd = out.length
  }
}

/** 0 to 15, or -1. */
export const hexDigit = (byte: number): number => {
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

const plainEscape = (kind: number): number => {
  switch (kind) {
    case 98:
      return 8
    case 102:
      return 12
    case 110:
      return 10
    case 114:
      return 13
    case 116:
      return 9
    default:
      return kind
  }
}

/** At most as long as its escape, so there is room. */
const writeUtf8 = (out: Output, codePoint: number): void => {
  const { bytes } = out
  if (codePoint < 0x80) bytes[out.length++] = codePoint
  else if (codePoint < 0x800) {
    bytes[out.length++] = 0xc0 | (codePoint >> 6)
    bytes[out.length++] = 0x80 | (codePoint & 63)
  } else if (codePoint < 0x10000) {
    bytes[out.length++] = 0xe0 | (codePoint >> 12)
    bytes[out.length++] = 0x80 | ((codePoint >> 6) & 63)
    bytes[out.length++] = 0x80 | (codePoint & 63)
  } else {
    bytes[out.length++] = 0xf0 | (codePoint >> 18)
    bytes[out.length++] = 0x80 | ((codePoint >> 12) & 63)
    bytes[out.length++] = 0x80 | ((codePoint >> 6) & 63)
    bytes[out.length++] = 0x80 | (codePoint & 63)
  }
}
