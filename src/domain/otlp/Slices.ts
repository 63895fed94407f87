import type { Signal } from "../Signal.ts"
import { concat, copyBytes } from "./Copy.ts"
import type { Part } from "./Cut.ts"
import { DATA, isChild, leafLevel, METRIC, REQUEST } from "./Levels.ts"
import { tagValue, valueEnd, varintEnd } from "./Wire.ts"
import { varintSize, writeVarint } from "./Write.ts"

export interface SliceLimits {
  readonly maxItems: number
  /** Bytes of a slice; one item alone may have more, and what is repeated does not count. */
  readonly maxBytes: number
  /** Groups and fields of groups in one slice, and looked at in one step. */
  readonly maxFields: number
  /** Bytes of resources, scopes and other headers that may be repeated in all. */
  readonly maxRepeated: number
}

/** A slice, and of how many of the messages around its first item (resource group, scope group, metric, data) earlier slices had a part. */
export interface Slice extends Part {
  readonly continued: number
}

/** `whole`: all of the request was yielded. */
export type SlicesEnd = "whole" | "too large" | "malformed"

/** A message that the walk is inside of. */
interface Open {
  readonly tag: Uint8Array
  readonly at: number
  readonly payload: number
  readonly end: number
  readonly level: number
  /** Every field that is no child, once the message has been cut: each slice repeats it. */
  rest: Uint8Array | undefined
  /** Children that go into the current slice: these, and what follows from `from`. */
  pieces: Array<Uint8Array>
  from: number
}

/**
 * Walks a request that has been checked, and yields it as requests of bounded items and bytes, in order: a step is done in a bounded
 * time, however large the request is (`cut` makes fuller parts, but counts ahead). `undefined`: nothing yet, go on. It returns how
 * it ended: too large is what would repeat its headers too often, and a message of too many items that cannot be cut.
 *
 * Groups that are not cut are ranges of the source; one that is cut repeats its resource, scope and other fields. Slices without items
 * (empty groups) are left out, so the sum of their items is that of the request. A metric with several data fields, of which only the
 * last stands, is not cut.
 */
export function* slices(
  signal: Signal,
  chunks: ReadonlyArray<Uint8Array>,
  limits: SliceLimits
): Generator<Slice | undefined, SlicesEnd, undefined> {
  const slicer = new Slicer(signal, limits)
  for (const chunk of chunks) {
    const end = yield* slicer.chunk(chunk)
    if (end !== "whole") return end
  }
  const last = slicer.finish()
  if (last !== undefined) yield last
  return "whole"
}

type Steps<T> = Generator<Slice | undefined, T, undefined>

class Slicer {
  private readonly limits: SliceLimits
  private readonly leaf: number
  private bytes: Uint8Array = new Uint8Array(0)
  private readonly opened: Array<Open> = []
  private chunks: Array<Uint8Array> = []
  /** Top-level fields from here on belong to the current slice. */
  private from = 0
  private items = 0
  private sizeBytes = 0
  private fields = 0
  private repeated = 0
  /** Open messages, from the outermost, that slices which were given out had a part of; and how many these were when this one began. */
  private shown = 0
  private continued = 0

  constructor(signal: Signal, limits: SliceLimits) {
    this.limits = limits
    this.leaf = leafLevel(signal)
  }

  *chunk(bytes: Uint8Array): Steps<SlicesEnd> {
    this.bytes = bytes
    this.from = 0
    const verdict = yield* this.walk(REQUEST, 0, bytes.length)
    if (verdict === "whole") this.takeRange(bytes.length)
    return verdict
  }

  finish(): Slice | undefined {
    const { chunks, continued, items } = this
    this.chunks = []
    this.items = 0
    this.sizeBytes = 0
    this.fields = 0
    if (items === 0) return undefined
    let sizeBytes = 0
    for (const chunk of chunks) sizeBytes += chunk.length
    return { chunks, items, sizeBytes, continued }
  }

  private *walk(level: number, pos: number, end: number): Steps<SlicesEnd> {
    const { bytes, leaf, limits } = this
    const inside = this.opened.at(-1)
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return "malformed"
      this.fields++
      if (isChild(level, tag)) {
        if (this.isFull(level === leaf ? next - pos : 0) && !(yield* this.flush(pos))) return "too large"
        if (level === leaf) {
          this.items++
          this.sizeBytes += next - pos
        } else {
          const verdict = yield* this.group(level + 1, pos, valueAt, next)
          if (verdict !== "whole") return verdict
        }
      } else {
        this.sizeBytes += next - pos
        if (inside !== undefined) {
          takeChildren(inside, bytes, pos)
          inside.from = next
        }
        if (this.fields % limits.maxFields === 0) yield undefined
      }
      pos = next
    }
    return "whole"
  }

  /** Whether a child of so many bytes more has to wait for the next slice. */
  private isFull(more: number): boolean {
    const { items, sizeBytes, fields, limits } = this
    return items >= limits.maxItems || fields > limits.maxFields || (items > 0 && sizeBytes + more > limits.maxBytes)
  }

  private *group(level: number, at: number, lengthAt: number, end: number): Steps<SlicesEnd> {
    const { bytes, opened } = this
    const payload = varintEnd(bytes, lengthAt, end)
    if (level === METRIC) {
      const points = yield* this.pointsOfOdd(payload, end)
      if (points >= 0) {
        if (points > this.limits.maxItems) return "too large"
        const isFull = this.items + points > this.limits.maxItems || this.isFull(end - at)
        if (isFull && !(yield* this.flush(at))) return "too large"
        this.items += points
        this.sizeBytes += end - at
        return "whole"
      }
    }
    const open: Open = { tag: bytes.subarray(at, lengthAt), at, payload, end, level, rest: undefined, pieces: [], from: payload }
    opened.push(open)
    const verdict = yield* this.walk(level, payload, end)
    if (verdict !== "whole") return verdict
    opened.pop()
    this.shown = Math.min(this.shown, opened.length)
    if (open.rest !== undefined) {
      takeChildren(open, bytes, end)
      if (open.pieces.length > 0) this.add(framed(open))
    }
    return "whole"
  }

  /** Ends the slice before the field at `pos`: what is open is closed, and goes on in the next one. `false`: too much is repeated. */
  private *flush(pos: number): Steps<boolean> {
    const { bytes, opened } = this
    let inner: ReadonlyArray<Uint8Array> = []
    for (let i = opened.length - 1; i >= 0; i--) {
      const open = opened[i]!
      open.rest ??= yield* this.restOf(open)
      this.repeated += open.rest.length
      if (this.repeated > this.limits.maxRepeated) return false
      const child = opened[i + 1]
      takeChildren(open, bytes, child?.at ?? pos)
      open.from = child?.end ?? pos
      open.pieces.push(...inner)
      inner = open.pieces.length > 0 ? framed(open) : []
      if (inner.length > 0 && this.items > 0) this.shown = Math.max(this.shown, i + 1)
      open.pieces = []
    }
    this.takeRange(opened[0]?.at ?? pos)
    this.from = opened[0]?.end ?? pos
    if (inner.length > 0) this.chunks.push(concat(inner))
    const slice = this.finish()
    this.continued = this.shown
    yield slice
    return true
  }

  private add(message: ReadonlyArray<Uint8Array>): void {
    const around = this.opened.at(-1)
    if (around === undefined) this.chunks.push(concat(message))
    else around.pieces.push(...message)
  }

  private takeRange(end: number): void {
    if (end > this.from) this.chunks.push(this.bytes.subarray(this.from, end))
  }

  /** The fields of a message that are no children, copied together. */
  private *restOf({ level, payload, end }: Open): Steps<Uint8Array> {
    const { bytes } = this
    const rest = new Uint8Array(end - payload)
    let length = 0
    let fields = 0
    for (let pos = payload; pos < end;) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      // The walk will come to it and tell.
      if (next < 0) break
      if (!isChild(level, tag)) length = copyBytes(rest, length, bytes, pos, next)
      if (++fields % this.limits.maxFields === 0) yield undefined
      pos = next
    }
    return rest.slice(0, length)
  }

  /** The points of a metric with several data fields: those of the last one. -1: it has one at most. */
  private *pointsOfOdd(payload: number, end: number): Steps<number> {
    const { bytes } = this
    let found = 0
    let fields = 0
    let last = 0
    let lastEnd = 0
    for (let pos = payload; pos < end;) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return -1
      if (isChild(METRIC, tag)) {
        found++
        last = varintEnd(bytes, valueAt, end)
        lastEnd = next
      }
      if (++fields % this.limits.maxFields === 0) yield undefined
      pos = next
    }
    if (found < 2) return -1
    let points = 0
    for (let pos = last; pos < lastEnd;) {
      const valueAt = varintEnd(bytes, pos, lastEnd)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, lastEnd, tag & 7)
      if (next < 0) return -1
      if (isChild(DATA, tag)) points++
      if (++fields % this.limits.maxFields === 0) yield undefined
      pos = next
    }
    return points
  }
}

/** The children up to `end` go into the current slice. */
const takeChildren = (open: Open, bytes: Uint8Array, end: number): void => {
  if (end > open.from) open.pieces.push(bytes.subarray(open.from, end))
}

/** The message with what is to go into the current slice. */
const framed = ({ tag, rest, pieces }: Open): ReadonlyArray<Uint8Array> => {
  let length = rest!.length
  for (const piece of pieces) length += piece.length
  const size = new Uint8Array(varintSize(length))
  writeVarint(size, 0, length)
  return [tag, size, rest!, ...pieces]
}
