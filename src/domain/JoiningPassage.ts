import type { Ack } from "./Ack.ts"
import { Batch } from "./Batch.ts"
import type { Books, Row } from "./Books.ts"
import { JoinedLease } from "./JoinedLease.ts"
import type { Lease } from "./Lease.ts"
import { type Holder, Passage } from "./Passage.ts"
import type { Refusal } from "./Refusal.ts"

/** Neighbours for one holder that are to become one batch. */
interface Gathering {
  readonly holder: Holder
  readonly first: Batch
  readonly chunks: Array<Uint8Array>
  readonly leases: Array<Lease>
  items: number
  sizeBytes: number
}

/** What a joined batch may hold; one slice alone may be larger. */
const joinedItems = 8192
const joinedBytes = 1 << 20

/**
 * The passage of a request that goes in slices. Slices are small so that each takes little time; what of them arrives at one holder joins
 * again, so that the holder has few batches to keep.
 */
export class JoiningPassage extends Passage {
  /** By holder, those that still grow. */
  private readonly growing = new Map<Holder, Gathering>()
  private gathered: Array<Gathering> = []
  private last: Batch | undefined = undefined
  private readonly request: ReadonlyArray<Batch>
  private readonly books: Books

  /** `request`: what goes in slices, whole. */
  constructor(ack: Ack, request: ReadonlyArray<Batch>, books: Books) {
    super(ack)
    this.request = request
    this.books = books
  }

  /** Who says no to a slice says no to all of the request, also to the slices that it has let pass or that never reached it. */
  protected override countRefused({ component }: Row, _items: number, { reason }: Refusal): void {
    if (this.isRefused) return
    for (const { items, signal, tenant } of this.request) this.books.row(component, tenant, signal).refuse(reason, items)
  }

  override hold(holder: Holder, batch: Batch): void {
    if (batch !== this.last) this.countHeld(batch)
    this.last = batch
    const gathering = this.growing.get(holder)
    if (gathering === undefined || !takes(gathering, batch)) this.gather(holder, batch)
    else {
      for (const chunk of batch.chunks) gathering.chunks.push(chunk)
      gathering.leases.push(batch.lease)
      gathering.items += batch.items
      gathering.sizeBytes += batch.sizeBytes
    }
  }

  private gather(holder: Holder, first: Batch): void {
    const { chunks, lease, items, sizeBytes } = first
    const gathering = { holder, first, chunks: [...chunks], leases: [lease], items, sizeBytes }
    this.growing.set(holder, gathering)
    this.gathered.push(gathering)
  }

  override commit(): Holder | Refusal | undefined {
    const { gathered } = this
    this.gathered = []
    this.growing.clear()
    for (const { holder, first, chunks, leases, items, sizeBytes } of gathered) {
      const lease = leases.length === 1 ? first.lease : new JoinedLease(leases)
      this.enter(holder, leases.length === 1 ? first : new Batch(first.origin, chunks, items, sizeBytes, lease, first.ack))
    }
    return super.commit()
  }

  override abandon(): void {
    for (const { leases } of this.gathered) for (const lease of leases) lease.release()
    this.gathered = []
    this.growing.clear()
    super.abandon()
  }
}

const takes = ({ first, items, sizeBytes }: Gathering, batch: Batch): boolean =>
  first.origin === batch.origin && items + batch.items <= joinedItems && sizeBytes + batch.sizeBytes <= joinedBytes
