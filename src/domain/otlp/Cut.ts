import type { Signal } from "../Signal.ts"
import { concat } from "./Copy.ts"
import { isChild, leafLevel, METRIC, REQUEST } from "./Levels.ts"
import { Malformed } from "./Malformed.ts"
import { normalise } from "./Normalise.ts"
import { explain, tagValue, valueEnd, varintEnd } from "./Wire.ts"
import { varintSize, writeVarint } from "./Write.ts"

/** A part of a request that is a request itself. */
export interface Part {
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly items: number
  readonly sizeBytes: number
}

export interface CutLimits {
  /** 0: no limit. */
  readonly maxItems: number
  /** 0: no limit. One item that is larger, with its resource and scope, stands alone. */
  readonly maxBytes: number
}

/** A message that is being written anew, because only some of its children go into the part. */
interface Open {
  /** Its tag, and every field of it that is no child. */
  readonly tag: Uint8Array
  readonly rest: ReadonlyArray<Uint8Array>
  /** Upper bound of what it adds to the part besides its children. */
  readonly overhead: number
  children: Array<Uint8Array>
}

const longestLength = 5

/** Repeated headers may take this many times the size of the request: beyond that (a hostile request) the rest stays in one part. */
const mostRepetition = 16
const freeRepetitionBytes = 1 << 20

/**
 * Cuts a request into parts of at most so many items and bytes, in order, each as full as it may be. Whole resource groups are ranges of the
 * source (no copy); a group that is cut repeats its resource, scope and other fields, with new lengths, in memory of its own.
 *
 * The reverse, merging, needs no function: requests concatenate, so a merge is the chunk lists one after the other.
 */
export const cut = (signal: Signal, chunks: ReadonlyArray<Uint8Array>, limits: CutLimits): ReadonlyArray<Part> | Malformed => {
  const steps = cutting(signal, chunks, limits)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Chunks of so many bytes make one step of `cutting`; one chunk alone may have more. */
export const bytesPerStep = 64 << 10

/** `cut` in steps, for chunks that are short each but many together. */
export function* cutting(
  signal: Signal,
  chunks: ReadonlyArray<Uint8Array>,
  limits: CutLimits
): Generator<undefined, ReadonlyArray<Part> | Malformed, undefined> {
  const cutter = new Cutter(signal, limits)
  let base = 0
  let stepBytes = 0
  for (const chunk of chunks) {
    stepBytes += chunk.length
    if (stepBytes > bytesPerStep && base > 0) {
      yield undefined
      stepBytes = chunk.length
    }
    const fault = cutter.chunk(chunk)
    if (fault !== undefined) return new Malformed(base + fault.offset, fault.message)
    base += chunk.length
  }
  return cutter.finish()
}

class Cutter {
  private readonly signal: Signal
  private readonly leaf: number
  private readonly maxItems: number
  private readonly maxBytes: number
  private bytes: Uint8Array = new Uint8Array(0)
  private readonly opened: Array<Open> = []
  private readonly parts: Array<Part> = []
  private chunks: Array<Uint8Array> = []
  private items = 0
  private sizeBytes = 0
  private odd = false
  /** What may still be spent on repeated headers. */
  private repetition = freeRepetitionBytes

  constructor(signal: Signal, limits: CutLimits) {
    this.signal = signal
    this.leaf = leafLevel(signal)
    this.maxItems = limits.maxItems || Infinity
    this.maxBytes = limits.maxBytes || Infinity
  }

  chunk(bytes: Uint8Array): Malformed | undefined {
    this.bytes = bytes
    this.odd = false
    this.repetition += bytes.length * mostRepetition
    const items = this.count(REQUEST, 0, bytes.length)
    if (items instanceof Malformed) return items
    if (this.odd) {
      // Its items are only what the last data field of each metric holds.
      const normal = normalise(this.signal, bytes)
      if (normal instanceof Malformed) return normal
      this.bytes = normal
    }
    return this.children(REQUEST, 0, this.bytes.length)
  }

  finish(): ReadonlyArray<Part> {
    this.flush()
    return this.parts
  }

  /** Takes the children of the message in `[pos, end)`, those that fit whole, the others in pieces. */
  private children(level: number, pos: number, end: number): Malformed | undefined {
    const { bytes, leaf } = this
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = tagValue(bytes, pos, valueAt)
      const next = valueEnd(bytes, valueAt, end, tag & 7)
      const child = isChild(level, tag)
      if (child || level === REQUEST) {
        const payload = varintEnd(bytes, valueAt, end)
        const items = !child ? 0 : level === leaf ? 1 : this.count(level + 1, payload, next)
        if (items instanceof Malformed) return items
        const size = next - pos
        if (this.fits(items, size)) this.take(pos, next, items)
        else if (child && level < leaf && items > 1) {
          this.open(level + 1, pos, valueAt, payload, next)
          const fault = this.children(level + 1, payload, next)
          if (fault !== undefined) return fault
          this.close()
        } else {
          this.flush()
          this.take(pos, next, items)
        }
      }
      pos = next
    }
    return undefined
  }

  private fits(items: number, size: number): boolean {
    if (this.repetition < 0) return true
    let overhead = 0
    for (const open of this.opened) if (open.children.length === 0) overhead += open.overhead
    return this.items + items <= this.maxItems && this.sizeBytes + overhead + size <= this.maxBytes
  }

  private take(start: number, end: number, items: number): void {
    const { opened } = this
    for (const open of opened) if (open.children.length === 0) this.sizeBytes += open.overhead
    this.sizeBytes += end - start
    this.items += items
    const range = this.bytes.subarray(start, end)
    append(opened.length === 0 ? this.chunks : opened[opened.length - 1]!.children, range)
    // An outer message that has got something inside an inner one counts as begun.
    for (let i = opened.length - 2; i >= 0; i--) if (opened[i]!.children.length === 0) opened[i]!.children.push(nothing)
  }

  private open(level: number, start: number, lengthAt: number, payload: number, end: number): void {
    const { bytes } = this
    const rest: Array<Uint8Array> = []
    let overhead = lengthAt - start + longestLength
    for (let pos = payload; pos < end;) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = tagValue(bytes, pos, valueAt)
      const next = valueEnd(bytes, valueAt, end, tag & 7)
      if (!isChild(level, tag)) {
        append(rest, bytes.subarray(pos, next))
        overhead += next - pos
      }
      pos = next
    }
    this.opened.push({ tag: bytes.subarray(start, lengthAt), rest, overhead, children: [] })
  }

  /** The innermost open message is done: what it has goes, with its frame, to the one around. */
  private close(): void {
    const { opened } = this
    const { tag, rest, children } = opened.pop()!
    if (children.length === 0) return
    const parts = [tag, nothing, ...rest, ...children]
    let length = 0
    for (const part of parts) length += part.length
    const size = new Uint8Array(varintSize(length - tag.length))
    writeVarint(size, 0, length - tag.length)
    parts[1] = size
    const around = opened.at(-1)
    if (around === undefined) this.chunks.push(concat(parts))
    else around.children.push(...parts)
  }

  /** Ends the part: closes what is open and opens it again, empty, for the next one. */
  private flush(): void {
    const { opened } = this
    for (const open of opened) this.repetition -= open.overhead
    const again = opened.map((open) => ({ ...open, children: [] }))
    while (opened.length > 0) this.close()
    opened.push(...again)
    if (this.chunks.length > 0) {
      let sizeBytes = 0
      for (const chunk of this.chunks) sizeBytes += chunk.length
      this.parts.push({ chunks: this.chunks, items: this.items, sizeBytes })
    }
    this.chunks = []
    this.items = 0
    this.sizeBytes = 0
  }

  /** The items in the message in `[pos, end)`. */
  private count(level: number, pos: number, end: number): number | Malformed {
    const { bytes, leaf } = this
    let items = 0
    let data = 0
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return explain(bytes, pos, end)
      if (isChild(level, tag)) {
        if (level === METRIC && data++ > 0) this.odd = true
        if (level === leaf) items++
        else {
          const inner = this.count(level + 1, varintEnd(bytes, valueAt, end), next)
          if (inner instanceof Malformed) return inner
          items += inner
        }
      }
      pos = next
    }
    return items
  }
}

const nothing = new Uint8Array(0)

/** Adds a range; one that follows the last in memory joins it. */
const append = (ranges: Array<Uint8Array>, range: Uint8Array): void => {
  const last = ranges.at(-1)
  if (last !== undefined && last.buffer === range.buffer && last.byteOffset + last.length === range.byteOffset) {
    ranges[ranges.length - 1] = new Uint8Array(range.buffer, last.byteOffset, last.length + range.length)
  } else ranges.push(range)
}
