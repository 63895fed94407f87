import { digits } from "./Bits56.ts"
import type { Carrier } from "./Sampler.ts"

const maxBytes = 1024
const maxOwnBytes = 256
const maxMembers = 31

const comma = 0x2c
const semicolon = 0x3b
const colon = 0x3a
const equalsSign = 0x3d
const at = 0x40

/**
 * The W3C `tracestate` of a span: its `ot` member holds the sampling threshold (`th`) and explicit randomness (`rv`).
 *
 * Reading follows the grammar of W3C Trace Context and of OpenTelemetry's "TraceState handling" strictly; writing puts `ot` first, then
 * what else there was, in order and unchanged. One object is reused for many spans.
 */
export class TraceState {
  private bytes: Uint8Array = new Uint8Array(0)
  /** Ranges of the other members, and of the other entries of `ot`: start, end, start, end, ... */
  private readonly others: Array<number> = []
  private readonly extras: Array<number> = []

  /** Reads `[start, end)`, or nothing where `start` is negative, into `carrier`. */
  read(bytes: Uint8Array, start: number, end: number, carrier: Carrier): void {
    this.bytes = bytes
    this.others.length = 0
    this.extras.length = 0
    carrier.clear()
    if (start < 0) return
    carrier.isValid = end - start <= maxBytes && this.readMembers(start, end, carrier)
  }

  private readMembers(start: number, end: number, carrier: Carrier): boolean {
    const { bytes, others } = this
    for (let pos = start, count = 1; pos < end; count++) {
      if (count > maxMembers) return false
      let from = pos
      let to = indexOf(bytes, comma, pos, end)
      pos = to + 1
      while (from < to && isSpace(bytes[from]!)) from++
      while (to > from && isSpace(bytes[to - 1]!)) to--
      if (from === to) continue
      const equals = indexOf(bytes, equalsSign, from, to)
      if (equals === to || !isKey(bytes, from, equals) || !isValue(bytes, equals + 1, to)) return false
      // "ot"
      if (equals - from === 2 && bytes[from] === 0x6f && bytes[from + 1] === 0x74) {
        if (!this.readOwn(equals + 1, to, carrier)) return false
      } else others.push(from, to)
    }
    return true
  }

  private readOwn(start: number, end: number, carrier: Carrier): boolean {
    const { bytes, extras } = this
    extras.length = 0
    if (end - start > maxOwnBytes || bytes[end - 1] === semicolon) return false
    for (let from = start; from < end;) {
      const to = indexOf(bytes, semicolon, from, end)
      const middle = indexOf(bytes, colon, from, to)
      if (middle === to || !isOwnKey(bytes, from, middle) || !isOwnValue(bytes, middle + 1, to)) return false
      // "th", "rv"
      if (middle - from === 2 && bytes[from] === 0x74 && bytes[from + 1] === 0x68) {
        if (!carrier.threshold.readHex(bytes, middle + 1, to)) return false
        carrier.hasThreshold = true
      } else if (middle - from === 2 && bytes[from] === 0x72 && bytes[from + 1] === 0x76) {
        if (to - middle - 1 !== digits || !carrier.randomness.readHex(bytes, middle + 1, to)) return false
        carrier.hasRandomness = true
      } else extras.push(from, to)
      from = to + 1
    }
    return true
  }

  /** At most so many bytes are written. */
  static readonly maxWritten = maxBytes + maxOwnBytes

  /** Writes the state that was read, with what `carrier` says now. Returns where it ends. */
  write(target: Uint8Array, start: number, carrier: Carrier): number {
    const { bytes, others, extras } = this
    let end = start
    if (carrier.hasRandomness || carrier.hasThreshold || extras.length > 0) {
      // "ot="
      target[end++] = 0x6f
      target[end++] = 0x74
      target[end++] = equalsSign
      const ownStart = end
      if (carrier.hasRandomness) {
        target[end++] = 0x72
        target[end++] = 0x76
        target[end++] = colon
        end = carrier.randomness.writeHex(target, end, false)
      }
      if (carrier.hasThreshold) {
        if (end > ownStart) target[end++] = semicolon
        target[end++] = 0x74
        target[end++] = 0x68
        target[end++] = colon
        end = carrier.threshold.writeHex(target, end, true)
      }
      for (let i = 0; i < extras.length; i += 2) {
        if (end > ownStart) target[end++] = semicolon
        for (let j = extras[i]!; j < extras[i + 1]!; j++) target[end++] = bytes[j]!
      }
    }
    for (let i = 0; i < others.length; i += 2) {
      if (end > start) target[end++] = comma
      for (let j = others[i]!; j < others[i + 1]!; j++) target[end++] = bytes[j]!
    }
    return end
  }
}

const indexOf = (bytes: Uint8Array, byte: number, start: number, end: number): number => {
  for (let i = start; i < end; i++) if (bytes[i] === byte) return i
  return end
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09
const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
const isKeyByte = (byte: number): boolean =>
  isLower(byte) || isDigit(byte) || byte === 0x5f || byte === 0x2d || byte === 0x2a || byte === 0x2f

const isKeyRest = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) if (!isKeyByte(bytes[i]!)) return false
  return true
}

/** A simple key of at most 256 bytes, or tenant (241) and system (14) around an `@`. */
const isKey = (bytes: Uint8Array, start: number, end: number): boolean => {
  const sign = indexOf(bytes, at, start, end)
  if (sign === end) return end > start && end - start <= 256 && isLower(bytes[start]!) && isKeyRest(bytes, start + 1, end)
  if (sign === start || sign + 1 === end || sign - start > 241 || end - sign - 1 > 14) return false
  return (
    (isLower(bytes[start]!) || isDigit(bytes[start]!)) &&
    isLower(bytes[sign + 1]!) &&
    isKeyRest(bytes, start + 1, sign) &&
    isKeyRest(bytes, sign + 2, end)
  )
}

/** 1 to 256 printable bytes but `,` and `=`; what surrounds it is trimmed, so it does not end in a blank. */
const isValue = (bytes: Uint8Array, start: number, end: number): boolean => {
  if (start === end || end - start > 256) return false
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte < 0x20 || byte > 0x7e || byte === comma || byte === equalsSign) return false
  }
  return true
}

const isOwnKey = (bytes: Uint8Array, start: number, end: number): boolean => {
  if (start === end || !isLower(bytes[start]!)) return false
  for (let i = start; i < end; i++) if (!isLower(bytes[i]!) && !isDigit(bytes[i]!)) return false
  return true
}

const isOwnValue = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    const isUpper = byte >= 0x41 && byte <= 0x5a
    if (!isLower(byte) && !isUpper && !isDigit(byte) && byte !== 0x2e && byte !== 0x5f && byte !== 0x2d) return false
  }
  return true
}
