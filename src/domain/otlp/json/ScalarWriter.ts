import { decodeBase64 } from "./Base64.ts"
import { hexDigit, type JsonCursor, QUOTE } from "./JsonCursor.ts"
import { type JsonField, JsonKind } from "./JsonMessage.ts"
import { asciiText, Integer, numberEnd, parseDouble } from "./Numbers.ts"
import type { Output } from "./Output.ts"

/** Turns scalar JSON values into protobuf fields: the value at the cursor, written to `out`. */
export class ScalarWriter {
  private readonly cursor: JsonCursor
  private readonly out: Output
  private readonly integer = new Integer()

  constructor(cursor: JsonCursor, out: Output) {
    this.cursor = cursor
    this.out = out
  }

  /**
   * The value, which begins with `first`, with the field's tag in front. Zero is left out unless `explicit`. `packed` values come
   * without a tag. `false`: the cursor has the error.
   */
  write(field: JsonField, first: number, explicit: boolean, packed: boolean): boolean {
    const { cursor, out } = this
    const at = cursor.pos
    switch (field.kind) {
      case JsonKind.string: {
        if (first !== QUOTE) return this.expected(field, "a string", at)
        if (!cursor.string()) return false
        const size = cursor.textEnd - cursor.textStart
        if (size === 0 && !explicit) return true
        out.varint(field.tag, 0)
        out.varint(size, 0)
        out.copy(cursor.text, cursor.textStart, cursor.textEnd)
        return true
      }
      case JsonKind.id: {
        if (first !== QUOTE) return this.expected(field, "a string of hexadecimal digits", at)
        if (!cursor.string()) return false
        const size = (cursor.textEnd - cursor.textStart) / 2
        if (size === 0 && !explicit) return true
        out.varint(field.tag, 0)
        out.varint(size, 0)
        return (Number.isInteger(size) && this.hex()) || this.expected(field, "an even number of hexadecimal digits", at)
      }
      case JsonKind.base64: {
        if (first !== QUOTE) return this.expected(field, "a string of base64", at)
        if (!cursor.string()) return false
        if (cursor.textStart === cursor.textEnd && !explicit) return true
        out.varint(field.tag, 0)
        const start = out.beginLength()
        if (!decodeBase64(cursor.text, cursor.textStart, cursor.textEnd, out)) return this.expected(field, "base64", at)
        out.endLength(start)
        return true
      }
      case JsonKind.bool: {
        const isTrue = first === 116
        if (!isTrue && first !== 102) return this.expected(field, "true or false", at)
        if (!cursor.literal(isTrue ? "true" : "false")) return false
        return isTrue || explicit ? this.varint(field, packed, isTrue ? 1 : 0, 0) : true
      }
      case JsonKind.enum: {
        if (first === QUOTE) {
          if (!cursor.string()) return false
          const number = field.enumNames?.get(asciiText(cursor.text, cursor.textStart, Math.min(cursor.textEnd, cursor.textStart + 64)))
          if (number === undefined) return this.expected(field, "the number of an enum value", at)
          return number === 0 && !explicit ? true : this.varint(field, packed, number, 0)
        }
        if (!this.whole(field, first, true, at)) return false
        const { low, high } = this.integer
        if (high !== low >> 31) return this.expected(field, "a 32-bit integer", at)
        return low === 0 && !explicit ? true : this.varint(field, packed, low, high)
      }
      case JsonKind.double: {
        const value = this.double(field, first, at)
        if (cursor.error !== undefined) return false
        if (!explicit && Object.is(value, 0)) return true
        if (!packed) out.varint(field.tag, 0)
        out.double(value)
        return true
      }
      default:
        return this.wholeNumber(field, first, explicit, packed, at)
    }
  }

  private wholeNumber(field: JsonField, first: number, explicit: boolean, packed: boolean, at: number): boolean {
    const { out } = this
    const { kind } = field
    const signed = kind === JsonKind.int64 || kind === JsonKind.sfixed64 || kind === JsonKind.sint32
    if (!this.whole(field, first, signed, at)) return false
    const { low, high } = this.integer
    if (low === 0 && high === 0 && !explicit) return true
    switch (kind) {
      case JsonKind.int64:
      case JsonKind.uint64:
        return this.varint(field, packed, low, high)
      case JsonKind.sint32:
        if (high !== low >> 31) return this.expected(field, "a 32-bit integer", at)
        return this.varint(field, packed, (low << 1) ^ (low >> 31), 0)
      case JsonKind.uint32:
        if (high !== 0) return this.expected(field, "an unsigned 32-bit integer", at)
        return this.varint(field, packed, low, 0)
      default:
        if (!packed) out.varint(field.tag, 0)
        if (kind === JsonKind.fixed32) {
          if (high !== 0) return this.expected(field, "an unsigned 32-bit integer", at)
          out.fixed32(low)
          return true
        }
        out.fixed32(low)
        out.fixed32(high)
        return true
    }
  }

  private varint(field: JsonField, packed: boolean, low: number, high: number): true {
    if (!packed) this.out.varint(field.tag, 0)
    this.out.varint(low, high)
    return true
  }

  /** A whole number, as number or string, into `integer`. */
  private whole(field: JsonField, first: number, signed: boolean, at: number): boolean {
    const { cursor } = this
    if (first === QUOTE ? !cursor.string() : !this.isNumber(first) || !cursor.number()) {
      return cursor.error === undefined ? this.expected(field, signed ? "an integer" : "an unsigned integer", at) : false
    }
    return (
      this.integer.parse(cursor.text, cursor.textStart, cursor.textEnd, signed) ||
      this.expected(field, signed ? "a signed 64-bit integer" : "an unsigned 64-bit integer", at)
    )
  }

  private double(field: JsonField, first: number, at: number): number {
    const { cursor } = this
    if (first === QUOTE) {
      if (!cursor.string()) return NaN
      const { text, textStart, textEnd } = cursor
      if (numberEnd(text, textStart, textEnd) !== textEnd) {
        const word = asciiText(text, textStart, Math.min(textEnd, textStart + 16))
        if (word === "NaN") return NaN
        if (word === "Infinity") return Infinity
        if (word === "-Infinity") return -Infinity
        this.expected(field, 'a number, "NaN", "Infinity" or "-Infinity"', at)
        return NaN
      }
    } else if (!this.isNumber(first)) {
      this.expected(field, "a number", at)
      return NaN
    } else if (!cursor.number()) return NaN
    const value = parseDouble(cursor.text, cursor.textStart, cursor.textEnd)
    if (Number.isNaN(value)) this.expected(field, "a number that a double can hold", at)
    return value
  }

  private isNumber(first: number): boolean {
    return first === 45 || (first >= 48 && first <= 57)
  }

  private hex(): boolean {
    const { cursor, out } = this
    const { text, textEnd } = cursor
    out.ensure((textEnd - cursor.textStart) / 2)
    for (let i = cursor.textStart; i < textEnd; i += 2) {
      const high = hexDigit(text[i]!)
      const low = hexDigit(text[i + 1]!)
      if (high < 0 || low < 0) return false
      out.bytes[out.length++] = (high << 4) | low
    }
    return true
  }

  private expected(field: JsonField, what: string, at: number): false {
    return this.cursor.fail(`"${field.name}": expected ${what}`, at)
  }
}
