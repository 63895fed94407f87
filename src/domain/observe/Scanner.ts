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
  private signal: Signal = "traces"
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
    for (let pos = 0; pos < bytes.length;) {
      const valueAt = varintEnd(bytes, pos, bytes.length)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, bytes.length, tag & 7)
      if (next < 0) return
      if (tag === FIRST) {
        const start = varintEnd(bytes, valueAt, bytes.length)
        const tally = (this.tally = this.find(tenant, bytes, start, next))
        this.side = as === "received" ? tally.received : as === "delivered" ? tally.delivered : this.spare
        this.group(bytes, start, next)
        this.side.bytes += next - pos
        if (this.side === this.spare) tally.drop(as, this.spare.take().items)
      }
      pos = next
    }
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
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) break
      if (tag === SECOND) {
        items++
        const start = varintEnd(bytes, valueAt, end)
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
