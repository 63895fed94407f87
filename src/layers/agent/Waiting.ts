import type { ReadableLogRecord } from "@opentelemetry/sdk-logs"
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace"
import type { Signal } from "../../domain/Signal.ts"
import type { Limits } from "./AgentSettings.ts"
import type { Drops } from "./Drops.ts"
import { encodeRecords, type Records } from "./Encoding.ts"
import { type Lane, lanes, signalOf } from "./Lane.ts"

/** Items of one lane as an OTLP request. Requests of one signal merge by concatenation, as protobuf messages do. */
export interface Parcel {
  readonly lane: Lane
  readonly items: number
  readonly bytes: Uint8Array
  readonly madeMillis: number
}

/** Records are encoded in groups of so many: what one step costs the application stays around a millisecond. */
export const groupSize = 256

/**
 * What waits to be sent, by lane: records as the SDK made them, then encoded as parcels.
 *
 * **Reads** records of the SDK. **Emits** parcels, merged to requests by `take`. **Full** (items or bytes): the oldest of the least
 * important lane goes, down to the lane of what arrives; where nothing less important waits, what arrives goes; each is counted. Items
 * that are taken count until they are settled. **Fails**: what cannot be encoded goes. **Closes**: `clear`.
 */
export class Waiting {
  limits: Limits
  private readonly drops: Drops
  private readonly records: ReadonlyArray<Array<ReadableSpan | ReadableLogRecord>> = lanes.map(() => [])
  private readonly parcels: ReadonlyArray<Array<Parcel>> = lanes.map(() => [])
  private items = 0
  private bytes = 0

  constructor(limits: Limits, drops: Drops) {
    this.limits = limits
    this.drops = drops
  }

  /** Items that are not encoded yet. */
  get recordCount(): number {
    return this.records.reduce((sum, { length }) => sum + length, 0)
  }

  get hasParcels(): boolean {
    return this.parcels.some((parcels) => parcels.length > 0)
  }

  /** Of items or bytes, whichever is nearer to its limit; 1 is full. */
  get fill(): number {
    return Math.max(this.items / this.limits.queueItems, this.bytes / this.limits.queueBytes)
  }

  /** `true`: there are enough of its kind to encode them. */
  addRecord(lane: Lane, record: ReadableSpan | ReadableLogRecord): boolean {
    const records = this.records[lane]!
    if (!this.makeRoom(lane, 1, 0)) {
      this.drops.add(signalOf[lane], "queue_full", 1)
      return false
    }
    this.items++
    return records.push(record) >= groupSize
  }

  addMetrics(metrics: ResourceMetrics, nowMillis: number): void {
    this.encode(0, { signal: "metrics", metrics }, nowMillis)
  }

  /** Encodes a group of the most important records, and says how many; 0: there are none. */
  encodeSome(nowMillis: number): number {
    const lane = lanes.find((lane) => this.records[lane]!.length > 0)
    if (lane === undefined) return 0
    const group = this.records[lane]!.splice(0, groupSize)
    this.items -= group.length
    this.encode(lane, { signal: signalOf[lane], records: group } as Records, nowMillis)
    return group.length
  }

  /** The next request: parcels of one signal, those of its most important lane first. What is too old goes. */
  take(nowMillis: number, maxBytes: number): ReadonlyArray<Parcel> {
    this.expire(nowMillis)
    const limit = Math.min(maxBytes, this.limits.requestBytes)
    const first = lanes.find((lane) => this.parcels[lane]!.length > 0)
    const taken: Array<Parcel> = []
    if (first === undefined) return taken
    let bytes = 0
    for (const lane of lanes) {
      const parcels = this.parcels[lane]!
      if (signalOf[lane] !== signalOf[first]) continue
      while (parcels.length > 0 && (taken.length === 0 || bytes + parcels[0]!.bytes.length <= limit)) {
        bytes += parcels[0]!.bytes.length
        taken.push(parcels.shift()!)
      }
    }
    return taken
  }

  /** Back to where they were. */
  putBack(parcels: ReadonlyArray<Parcel>): void {
    for (const parcel of parcels.toReversed()) this.parcels[parcel.lane]!.unshift(parcel)
  }

  /** They are delivered or dropped: their room is free. */
  settle(parcels: ReadonlyArray<Parcel>): void {
    for (const { items, bytes } of parcels) {
      this.items -= items
      this.bytes -= bytes.length
    }
  }

  /** Everything goes, with this reason. */
  clear(reason: "shutdown"): void {
    for (const lane of lanes) {
      const records = this.records[lane]!.splice(0)
      this.items -= records.length
      this.drops.add(signalOf[lane], reason, records.length)
      while (this.parcels[lane]!.length > 0) this.dropOldest(lane, reason)
    }
  }

  private encode(lane: Lane, records: Records, nowMillis: number): void {
    for (const { bytes, items } of encodeRecords(records, this.limits.requestBytes, this.drops)) {
      if (!this.makeRoom(lane, items, bytes.length)) {
        this.drops.add(records.signal, "queue_full", items)
        continue
      }
      this.items += items
      this.bytes += bytes.length
      this.parcels[lane]!.push({ lane, items, bytes, madeMillis: nowMillis })
    }
  }

  private makeRoom(lane: Lane, items: number, bytes: number): boolean {
    const { queueItems, queueBytes } = this.limits
    while (this.items + items > queueItems || this.bytes + bytes > queueBytes) {
      if (!this.putOut(lane)) return false
    }
    return true
  }

  /** Of what is at most as important as `lane`, the least important. */
  private putOut(lane: Lane): boolean {
    for (const victim of lanes.toReversed()) {
      if (victim < lane) return false
      if (this.parcels[victim]!.length > 0) {
        this.dropOldest(victim, "queue_full")
        return true
      }
      if (victim > lane && this.records[victim]!.length > 0) {
        this.records[victim]!.pop()
        this.items--
        this.drops.add(signalOf[victim], "queue_full", 1)
        return true
      }
    }
    return false
  }

  private expire(nowMillis: number): void {
    const bornMillis = nowMillis - this.limits.maxAgeMillis
    for (const lane of lanes) {
      while (this.parcels[lane]!.length > 0 && this.parcels[lane]![0]!.madeMillis < bornMillis) this.dropOldest(lane, "retry_exhausted")
    }
  }

  private dropOldest(lane: Lane, reason: "queue_full" | "retry_exhausted" | "shutdown"): void {
    const parcel = this.parcels[lane]!.shift()!
    this.settle([parcel])
    this.drops.add(signalOf[lane], reason, parcel.items)
  }
}

export const itemsOf = (parcels: ReadonlyArray<Parcel>): number => parcels.reduce((items, parcel) => items + parcel.items, 0)

export const requestSignal = (parcels: ReadonlyArray<Parcel>): Signal => signalOf[parcels[0]!.lane]
