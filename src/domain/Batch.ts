import type { Ack } from "./Ack.ts"
import type { Lease } from "./Lease.ts"
import type { Signal } from "./Signal.ts"

/** What the sender said about itself: header name (lower case) to values. Empty unless `include_metadata` is on. */
export type ClientMetadata = { readonly [name: string]: ReadonlyArray<string> }

export const noMetadata: ClientMetadata = Object.freeze({})

/** What a batch carries besides its bytes; it survives edits, splits and merges. */
export interface BatchOrigin {
  readonly signal: Signal
  /** From `resource.attributes["tenant"]`; `defaultTenant` where it is absent. */
  readonly tenant: string
  /** When the request had arrived, `performance.now()` milliseconds. */
  readonly arrivedAt: number
  /** When the sender stops waiting, `performance.now()` milliseconds; `Infinity` if it did not say. */
  readonly deadline: number
  readonly metadata: ClientMetadata
  /** A fan-out made it for one more destination; the items of the first one are those that observers count as delivered. */
  readonly isCopy?: true
}

export const defaultTenant = "default"

/**
 * The unit that flows: one OTLP export request as protobuf bytes, immutable.
 *
 * `chunks` are consecutive pieces of one `Export*ServiceRequest` message (or several: requests concatenate, since protobuf merges
 * repeated fields); a piece always ends on a top-level field boundary. An item is a span, a log record or a data point.
 */
export class Batch {
  readonly origin: BatchOrigin
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly items: number
  readonly sizeBytes: number
  /** Ownership of the memory behind `chunks`; whoever ends the batch releases it. */
  readonly lease: Lease
  readonly ack: Ack

  constructor(origin: BatchOrigin, chunks: ReadonlyArray<Uint8Array>, items: number, sizeBytes: number, lease: Lease, ack: Ack) {
    this.origin = origin
    this.chunks = chunks
    this.items = items
    this.sizeBytes = sizeBytes
    this.lease = lease
    this.ack = ack
  }

  get signal(): Signal {
    return this.origin.signal
  }

  get tenant(): string {
    return this.origin.tenant
  }

  /** The same request with other bytes. The new batch owns `lease`; this one's memory is released. */
  replace(chunks: ReadonlyArray<Uint8Array>, items: number, sizeBytes: number, lease: Lease): Batch {
    this.lease.release()
    return new Batch(this.origin, chunks, items, sizeBytes, lease, this.ack)
  }

  /** One more holder of the same bytes, for a fan-out. */
  share(): Batch {
    this.lease.retain()
    return this
  }
}
