import type { Batch, ClientMetadata } from "../../domain/Batch.ts"
import type { Row } from "../../domain/Books.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import type { Observer } from "../observation/Observer.ts"
import type { Refusal } from "../../domain/Refusal.ts"

/**
 * A batch that an exporter answers for, from the moment its queue takes it until it is settled. Exactly one of `deliver`, `fail` and
 * `giveBack` ends it: that enters the outcome into the books, ends the part of the acknowledgement, and lets go of the memory.
 */
export class Held {
  readonly batch: Batch
  private readonly row: Row
  /** When the queue took it, `performance.now()` milliseconds. */
  readonly heldSince: number
  /** The next batch of the same request, as long as it waits behind this one; kept by the queue. */
  following: Held | undefined = undefined
  /** When it was first sent, in milliseconds of the `Clock`; the limit of `max_elapsed_time` counts from here, across hand-overs. */
  firstSentAt: number | undefined = undefined

  /** The sender's answer waits for it. */
  private readonly isAwaited: boolean
  private readonly observer: Observer | undefined

  constructor(batch: Batch, row: Row, heldSince: number, isAwaited: boolean, observer?: Observer) {
    this.batch = batch
    this.row = row
    this.heldSince = heldSince
    this.isAwaited = isAwaited
    this.observer = observer
  }

  get items(): number {
    return this.batch.items
  }

  get sizeBytes(): number {
    return this.batch.sizeBytes
  }

  /** Whether the sender still waits for the outcome: then a failure is its own to deal with, and nothing needs to be dropped. */
  get isReturnable(): boolean {
    return this.batch.ack.isReturnable(this.isAwaited)
  }

  /** Nobody waits any more for what was neither answered nor sent. */
  get isCancelled(): boolean {
    return this.batch.ack.cancelled && this.isReturnable
  }

  /** The backend has it, `rejected` items excepted (a partial success); a sender that still waits is told `refusal` about those. */
  deliver(rejected: number, refusal: Refusal | undefined): void {
    const { ack, items, lease } = this.batch
    this.row.delivered += items - rejected
    if (rejected > 0) this.row.drop("partial_success", rejected)
    this.observer?.delivered(this.batch, rejected)
    lease.release()
    ack.end(items - rejected, rejected, 0, rejected > 0 ? refusal : undefined, this.isAwaited)
  }

  /** The sender, who still waits, keeps it. Nothing is lost: 0 items. */
  giveBack(refusal: Refusal): number {
    const { ack, items, lease } = this.batch
    this.row.returned += items
    lease.release()
    ack.end(0, 0, items, refusal, this.isAwaited)
    return 0
  }

  /** It will not be delivered: given back where the sender still waits, dropped where it was answered. Gives the items lost. */
  fail(reason: DropReason, refusal: Refusal): number {
    if (this.isReturnable) return this.giveBack(refusal)
    const { ack, items, lease } = this.batch
    this.row.drop(reason, items)
    this.observer?.dropped(this.batch, reason)
    lease.release()
    ack.end(0, items, 0, undefined, this.isAwaited)
    return items
  }

  /** The same batch in consecutive pieces, which are settled in its stead. */
  split(batches: ReadonlyArray<Batch>): ReadonlyArray<Held> {
    this.batch.ack.fork(batches.length - 1, this.isAwaited)
    return batches.map((batch) => {
      const piece = new Held(batch, this.row, this.heldSince, this.isAwaited, this.observer)
      piece.firstSentAt = this.firstSentAt
      return piece
    })
  }
}

/** Whether two batches may travel in one request: they share tenant and metadata. */
export const isSameOrigin = (a: Held, b: Held): boolean =>
  a.batch.origin.tenant === b.batch.origin.tenant && isSameMetadata(a.batch.origin.metadata, b.batch.origin.metadata)

const isSameMetadata = (a: ClientMetadata, b: ClientMetadata): boolean => {
  if (a === b) return true
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => {
    const other = b[name]
    const values = a[name]!
    return other !== undefined && other.length === values.length && values.every((value, i) => value === other[i])
  })
}
