import * as Schema from "effect/Schema"
import { Ack } from "../../../src/domain/Ack.ts"
import { Batch, defaultTenant, noMetadata, type BatchOrigin } from "../../../src/domain/Batch.ts"
import { ExporterSettings } from "../../../src/domain/config/ExporterSettings.ts"
import { Lease } from "../../../src/domain/Lease.ts"
import { type Holder, Passage } from "../../../src/domain/Passage.ts"
import type { Refusal } from "../../../src/domain/Refusal.ts"

/** Memory whose release is counted: `freed` becomes true exactly once, or `release` throws. */
export class WatchedLease extends Lease {
  freed = false

  protected free(): void {
    this.freed = true
  }
}

/** A sender's view of its request. */
export class WatchedAck extends Ack {
  isTaken = false
  isSettled = false
  refusal: Refusal | undefined = undefined
  private readonly onSettled: () => void

  constructor(onSettled: () => void = () => {}) {
    super()
    this.onSettled = onSettled
  }

  taken(): void {
    this.isTaken = true
  }

  refused(refusal: Refusal): void {
    this.refusal = refusal
  }

  settled(): void {
    this.isSettled = true
    this.onSettled()
  }
}

export interface Sent {
  readonly ack: WatchedAck
  readonly lease: WatchedLease
  readonly batch: Batch
  /** Resolves when the request is settled. */
  readonly settled: Promise<void>
}

/** A request of `items` items on its way; each of its bytes is the item count, so that a backend recognises it. */
export const request = (
  items: number,
  options: { readonly origin?: Partial<BatchOrigin>; readonly bytes?: Uint8Array; readonly sizeBytes?: number } = {}
): Sent => {
  const bytes = options.bytes ?? new Uint8Array(options.sizeBytes ?? 8).fill(items & 0xff)
  const origin: BatchOrigin = {
    signal: "traces",
    tenant: defaultTenant,
    arrivedAt: performance.now(),
    deadline: Infinity,
    metadata: noMetadata,
    ...options.origin
  }
  const { promise, resolve } = Promise.withResolvers<void>()
  const ack = new WatchedAck(resolve)
  const lease = new WatchedLease()
  return { ack, lease, batch: new Batch(origin, [bytes], items, bytes.length, lease, ack), settled: promise }
}

/** Sends a request into a holder as the graph does; `false` if there was no room. */
export const offer = (holder: Holder, { batch, ack }: Sent): boolean => {
  const passage = new Passage(ack)
  passage.hold(holder, batch)
  return passage.commit() === undefined
}

/** Settings as a configuration file would give them. */
export const settings = (yaml: unknown): ExporterSettings => Schema.decodeUnknownSync(ExporterSettings)(yaml)
