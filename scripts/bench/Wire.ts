/**
 * Just enough protobuf to count what arrives at the sink and to find the time stamp that the load generator has put in. Written apart
 * from `src/`, so that a mistake there cannot hide itself here.
 */
import type { Signal } from "./Case.ts"

/** Field numbers from the request down to an item; the last step of a metric is one of five. */
const paths: { readonly [S in Signal]: ReadonlyArray<ReadonlyArray<number>> } = {
  traces: [[1], [2], [2]],
  logs: [[1], [2], [2]],
  metrics: [[1], [2], [2], [5, 7, 9, 10, 11], [1]]
}

/** The fixed64 field of an item that carries the stamp: start time of a span, time of a log record or data point. */
const stampField: { readonly [S in Signal]: number } = { traces: 7, logs: 1, metrics: 3 }

let position = 0
const varint = (bytes: Uint8Array): number => {
  let value = 0
  let scale = 1
  for (;;) {
    const byte = bytes[position++]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 128
  }
}

/** Where the value of the first `field` with wire type fixed64 begins in `bytes[start, end)`; -1 if absent. */
const findFixed64 = (bytes: Uint8Array, start: number, end: number, field: number): number => {
  position = start
  while (position < end) {
    const tag = varint(bytes)
    const type = tag & 7
    if (type === 1) {
      if (tag >>> 3 === field) return position
      position += 8
    } else if (type === 2) {
      const length = varint(bytes)
      position += length
    } else if (type === 5) position += 4
    else varint(bytes)
  }
  return -1
}

/**
 * Counts the items of a request. `onStamp` is called with the offset of the stamp of the first item of each resource.
 */
export const countItems = (bytes: Uint8Array, signal: Signal, onStamp?: (offset: number) => void): number => {
  const path = paths[signal]
  let items = 0
  let stamped = false
  const walk = (start: number, end: number, depth: number): void => {
    let at = start
    while (at < end) {
      position = at
      const tag = varint(bytes)
      const type = tag & 7
      if (type === 2) {
        const length = varint(bytes)
        const from = position
        at = from + length
        if (!path[depth]!.includes(tag >>> 3)) continue
        if (depth === 0) stamped = false
        if (depth < path.length - 1) walk(from, at, depth + 1)
        else {
          items++
          if (onStamp !== undefined && !stamped) {
            stamped = true
            const offset = findFixed64(bytes, from, at, stampField[signal])
            if (offset >= 0) onStamp(offset)
          }
        }
      } else {
        if (type === 0) varint(bytes)
        else position += type === 1 ? 8 : 4
        at = position
      }
    }
    if (at !== end) throw new Error(`malformed ${signal} request at the sink: a field ends at ${at}, its message at ${end}`)
  }
  walk(0, bytes.length, 0)
  return items
}

/** Monotonic time that two processes of one machine share, in microseconds. */
export const nowMicros = (): number => {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1e6 + nanos / 1e3
}

export const writeStamp = (view: DataView, offset: number): void => {
  const micros = Math.floor(nowMicros())
  view.setUint32(offset, micros >>> 0, true)
  view.setUint32(offset + 4, Math.floor(micros / 2 ** 32), true)
}

/** Microseconds since the stamp was written. */
export const stampAge = (view: DataView, offset: number): number =>
  nowMicros() - (view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32)
