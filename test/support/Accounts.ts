// Acks and leases that keep count, for tests that balance the books.
import { Ack } from "../../src/domain/Ack.ts"
import { Batch, defaultTenant, noMetadata } from "../../src/domain/Batch.ts"
import { Lease } from "../../src/domain/Lease.ts"
import type { Refusal } from "../../src/domain/Refusal.ts"
import type { Signal } from "../../src/domain/Signal.ts"

/** Counts how often the memory was freed; more than once is a defect of the code under test. */
export class CountingLease extends Lease {
  frees = 0
  protected free(): void {
    this.frees++
  }
}

/** Records what the sender would have been told. */
export class RecordingAck extends Ack {
  answers = 0
  settlements = 0
  refusal: Refusal | undefined = undefined
  private readonly onSettled: () => void

  constructor(onSettled: () => void = () => {}) {
    super()
    this.onSettled = onSettled
  }

  taken(): void {
    this.answers++
  }

  refused(refusal: Refusal): void {
    this.answers++
    this.refusal = refusal
  }

  settled(): void {
    this.settlements++
    this.onSettled()
  }
}

export interface BatchOptions {
  readonly items?: number
  readonly sizeBytes?: number
  readonly tenant?: string
  readonly signal?: Signal
  readonly ack?: Ack
  readonly lease?: Lease
}

/** A batch with `sizeBytes` of nothing in particular; for code that does not look inside. */
export const opaqueBatch = ({
  items = 1,
  sizeBytes = items,
  tenant = defaultTenant,
  signal = "traces",
  ack = new RecordingAck(),
  lease = new CountingLease()
}: BatchOptions = {}): Batch =>
  new Batch(
    { signal, tenant, arrivedAt: 0, deadline: Infinity, metadata: noMetadata },
    [new Uint8Array(sizeBytes)],
    items,
    sizeBytes,
    lease,
    ack
  )
