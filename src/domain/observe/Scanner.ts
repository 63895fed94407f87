import type { Subject, Volume } from "../loop/Observation.ts"
import type { BatchOrigin } from "../Batch.ts"
import type { DropReason } from "../DropReason.ts"
import { isData } from "../otlp/Levels.ts"
import { LENGTH, tagOf, tagValue, VARINT, valueEnd, varintEnd, varintValue } from "../otlp/Wire.ts"
import type { Signal } from "../Signal.ts"
import { ServiceName } from "./ServiceName.ts"
import { SpanLook, traceBits } from "./SpanLook.ts"
import type { Tallies } from "./Tallies.ts"
import { firstErrorSeverity, Side, type Tally } from "./Tally.ts"

/** Field 1 of a request (a resource group) and of each of its members (its resource); field 2 of both kinds of groups (what is in it). */
const FIRST = tagOf(1, LENGTH)
const SECOND = tagOf(2, LENGTH)
const SEVERITY_NUMBER = tagOf(2, VARINT)

/** As what items are counted: received, with durations and severities; delivered; or dropped for a reason, only how many. */
export type Counted = "received" | "delivered" | DropReason

/** A trace is looked at if as many low bits of its id are zero as this says: 1 in `2^bits` of them. */
export const mostBits = 12

/** No more groups of one chunk are looked at: who sends more hides items, and costs no more time. */
const mostGroups = 8192

/** What a group of a chunk counted as. */
interface Glance extends Volume {
  readonly subject: Subject
}

/** Chunks of a second whose counts are remembered until they are delivered, and groups of one. */
const mostRemembered = 8192
const mostGlances = 16

export interface ScannerOptions {
  /** Root spans that take longer, in seconds, are slow. */
  readonly slowSeconds: number
}

/**
 * Counts what is in chunks of requests, by walking their bytes: nothing is decoded, and nothing is made for an item. Items and bytes are
 * of everything. Errors, slow root spans and durations are of the traces whose ids end in `bits` zero bits, the former times `2^bits`: so
 * each is an unbiased estimate, of the same traces on both sides of the gateway. The low bits of a trace id have no part in the decisions
 * of samplers that follow W3C Trace Context level 2, which look at its high ones.
 *
 * What is malformed ends the walk of its message; what was seen by then counts.
 */
export class Scanner {
  /** How many bits of a trace id must be zero; 0 looks at all. */
  bits = 0
  /** Spans that were counted on both sides, and those of them that were looked at, since they were set to 0. */
  spans = 0
  looks = 0
  private readonly tallies: Tallies
  private readonly slowSeconds: number
  private readonly service = new ServiceName()
  private readonly span = new SpanLook()
  /** Chunks that have been counted as received, of this second and the one before. */
  private lately = new Map<Uint8Array, ReadonlyArray<Glance>>()
  private earlier = this.lately
  private signal: Signal = "traces"
  /** Groups of the present chunk. */
  private groups = 0
  private as: Counted = "received"
  private tally: Tally | undefined = undefined
  /** Counts what is dropped, until it is known how much. */
  private readonly spare = new Side()
  private side = this.spare

  constructor(tallies: Tallies, { slowSeconds }: ScannerOptions) {
    this.tallies = tallies
    this.slowSeconds = slowSeconds
  }

  /** Counts a chunk. */
  scan({ signal, tenant }: BatchOrigin, bytes: Uint8Array, as: Counted): void {
    this.signal = signal
    this.as = as
    this.groups = 0
    if (as === "delivered" && this.recall(bytes)) return
    const glances: Array<Glance> = []
    for (let pos = 0; pos < bytes.length;) {
      const valueAt = varintEnd(bytes, pos, bytes.length)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, bytes.length, tag & 7)
      if (next < 0) return
      if (tag === FIRST) {
        if (++this.groups > mostGroups) return
        const start = varintEnd(bytes, valueAt, bytes.length)
        const tally = (this.tally = this.find(tenant, bytes, start, next))
        const side = (this.side = as === "received" ? tally.received : as === "delivered" ? tally.delivered : this.spare)
        const { items, errors, slow } = side
        this.group(bytes, start, next)
        side.bytes += next - pos
        if (side === this.spare) tally.drop(as, this.spare.take().items)
        else if (as === "received" && glances.length < mostGlances) {
          const { subject } = tally
          glances.push({ subject, items: side.items - items, bytes: next - pos, errors: side.errors - errors, slow: side.slow - slow })
        }
      }
      pos = next
    }
    if (as === "received" && glances.length > 0 && glances.length < mostGlances) this.remember(bytes, glances)
  }

  /** To be called each second or so: forgets chunks that came before the last call, lest their memory be kept. */
  age(): void {
    this.earlier = this.lately
    this.lately = new Map()
  }

  private remember(bytes: Uint8Array, glances: ReadonlyArray<Glance>): void {
    if (this.lately.size < mostRemembered) this.lately.set(bytes, glances)
  }

  /** Counts a chunk as delivered that was counted as received, and has not been touched since: its memory has long left the caches. */
  private recall(bytes: Uint8Array): boolean {
    const glances = this.lately.get(bytes) ?? this.earlier.get(bytes)
    if (glances === undefined) return false
    for (const { subject, items, bytes: sizeBytes, errors, slow } of glances) {
      const { delivered } = this.tallies.of(subject.signal, subject.tenant, subject.service)
      delivered.items += items
      delivered.bytes += sizeBytes
      delivered.errors += errors
      delivered.slow += slow
      if (subject.signal === "traces") this.spans += items
    }
    return true
  }

  /** The counters of the resource of the group in `[pos, end)`; writers put it first. */
  private find(tenant: string, bytes: Uint8Array, pos: number, end: number): Tally {
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) break
      if (tag === FIRST) return this.tallies.of(this.signal, tenant, this.service.read(bytes, varintEnd(bytes, valueAt, end), next))
      pos = next
    }
    return this.tallies.of(this.signal, tenant)
  }

  private group(bytes: Uint8Array, pos: number, end: number): void {
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return
      if (tag === SECOND) {
        if (++this.groups > mostGroups) return
        const start = varintEnd(bytes, valueAt, end)
        if (this.signal === "traces") this.readSpans(bytes, start, next)
        else if (this.signal === "logs") this.readLogs(bytes, start, next)
        else this.readMetrics(bytes, start, next)
      }
      pos = next
    }
  }

  private readSpans(bytes: Uint8Array, pos: number, end: number): void {
    const { span, bits, side, slowSeconds } = this
    const isReceived = this.as === "received"
    const isLookedAt = side !== this.spare
    const mask = (1 << bits) - 1
    const weight = 1 << bits
    const { durations } = this.tally!
    let items = 0
    let looks = 0
    while (pos < end) {
      // The usual case inline: a span, whose length takes one or two bytes.
      let tag = bytes[pos]!
      let start = pos + 2
      let next = -1
      if (tag === SECOND && end - pos > 2) {
        const low = bytes[pos + 1]!
        if (low < 0x80) next = start + low
        else if (bytes[start]! < 0x80) next = ++start + ((low & 0x7f) | (bytes[pos + 2]! << 7))
        if (next > end) break
      }
      if (next < 0) {
        const valueAt = varintEnd(bytes, pos, end)
        tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
        next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
        if (next < 0) break
        if (tag === SECOND) start = varintEnd(bytes, valueAt, end)
      }
      if (tag === SECOND) {
        items++
        if (isLookedAt && (mask === 0 || (traceBits(bytes, start, next) & mask) === 0)) {
          looks++
          span.read(bytes, start, next)
          if (span.isError) side.errors += weight
          if (span.isRoot && span.duration > slowSeconds) side.slow += weight
          if (isReceived) durations.record(span.duration)
        }
      }
      pos = next
    }
    side.items += items
    if (isLookedAt) this.spans += items
    this.looks += looks
  }

  private readLogs(bytes: Uint8Array, pos: number, end: number): void {
    const { side } = this
    const { severities } = this.tally!
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return
      if (tag === SECOND) {
        side.items++
        const severity = severityOf(bytes, varintEnd(bytes, valueAt, end), next)
        if (severity >= firstErrorSeverity) side.errors++
        if (this.as === "received") severities[(severity + 3) >> 2]!++
      }
      pos = next
    }
  }

  /** Goes down to the data points; `depth` counts from the metric. */
  private readMetrics(bytes: Uint8Array, pos: number, end: number, depth = 0): void {
    let items = 0
    while (pos < end) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) break
      if (depth === 2) items += tag === FIRST ? 1 : 0
      else if (depth === 0 ? tag === SECOND : (tag & 7) === LENGTH && isData(tag >>> 3)) {
        this.readMetrics(bytes, varintEnd(bytes, valueAt, end), next, depth + 1)
      }
      pos = next
    }
    this.side.items += items
  }
}

/** The severity number of the log record in `[pos, end)`, from 0 to 24; the first one that it has, writers put it in front. */
const severityOf = (bytes: Uint8Array, pos: number, end: number): number => {
  while (pos < end) {
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    if (next < 0) return 0
    if (tag === SEVERITY_NUMBER) {
      const severity = varintValue(bytes, valueAt, next)
      return severity <= 24 ? severity : 0
    }
    pos = next
  }
  return 0
}
