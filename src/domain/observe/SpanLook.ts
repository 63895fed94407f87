import { fixed32, LENGTH, tagValue, valueEnd, varintEnd, varintLow } from "../otlp/Wire.ts"

// Tags of a span's fields (opentelemetry/proto/trace/v1/trace.proto).
const TRACE_ID = 0x0a
const PARENT_SPAN_ID = 0x22
const START_TIME = 0x39
const END_TIME = 0x41
const STATUS = 0x7a
const STATUS_CODE = 0x18
const ERROR = 2

/** No more fields of one span are looked at: who sends more hides its status, and costs no more time. */
const mostFields = 4096

const two32 = 4_294_967_296

/** What an observer wants to know of one span, read into a reused object. */
export class SpanLook {
  isError = false
  /** It has no parent. */
  isRoot = false
  /** Seconds, 0 where the end is before the start; NaN where a time is missing or 0. */
  duration = Number.NaN

  /** Reads the span in `[pos, end)`. What is malformed ends the look; what was seen by then counts. */
  read(bytes: Uint8Array, pos: number, end: number): void {
    this.isError = false
    this.isRoot = true
    this.duration = Number.NaN
    let startAt = -1
    let endAt = -1
    for (let fields = 0; pos < end && fields < mostFields; fields++) {
      // The usual case inline: a tag of one byte, and a length of one byte if it has one.
      let tag = bytes[pos]!
      let valueAt = pos + 1
      let next: number
      if ((tag & 0x87) === LENGTH && valueAt < end && bytes[valueAt]! < 0x80) {
        next = valueAt + 1 + bytes[valueAt]!
        valueAt++
        if (next > end) break
      } else {
        valueAt = varintEnd(bytes, pos, end)
        tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
        next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
        if (next < 0) break
        if ((tag & 7) === LENGTH) valueAt = varintEnd(bytes, valueAt, end)
      }
      if (tag === STATUS) this.isError = isErrorStatus(bytes, valueAt, next)
      else if (tag === START_TIME) startAt = valueAt
      else if (tag === END_TIME) endAt = valueAt
      else if (tag === PARENT_SPAN_ID) this.isRoot = isZero(bytes, valueAt, next)
      pos = next
    }
    if (startAt < 0 || endAt < 0 || isZero(bytes, startAt, startAt + 8) || isZero(bytes, endAt, endAt + 8)) return
    const high = (fixed32(bytes, endAt + 4) >>> 0) - (fixed32(bytes, startAt + 4) >>> 0)
    const nanos = high * two32 + ((fixed32(bytes, endAt) >>> 0) - (fixed32(bytes, startAt) >>> 0))
    this.duration = Math.max(0, nanos) / 1e9
  }
}

const isErrorStatus = (bytes: Uint8Array, pos: number, end: number): boolean => {
  let code = 0
  while (pos < end) {
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    if (next < 0) break
    if (tag === STATUS_CODE) code = varintLow(bytes, valueAt, next)
    pos = next
  }
  return code === ERROR
}

const isZero = (bytes: Uint8Array, pos: number, end: number): boolean => {
  for (; pos < end; pos++) if (bytes[pos] !== 0) return false
  return true
}

/** The low bits of the trace id of the span in `[pos, end)`; -1 if it has none. A span that every SDK writes begins with it. */
export const traceBits = (bytes: Uint8Array, pos: number, end: number): number => {
  if (end - pos >= 18 && bytes[pos] === TRACE_ID && bytes[pos + 1] === 16) return (bytes[pos + 16]! << 8) | bytes[pos + 17]!
  while (pos < end) {
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    if (next < 0) return -1
    if (tag === TRACE_ID) return next - valueAt === 17 ? (bytes[next - 2]! << 8) | bytes[next - 1]! : -1
    pos = next
  }
  return -1
}
