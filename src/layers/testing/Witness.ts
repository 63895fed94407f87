import { Ack } from "../../domain/Ack.ts"
import { Batch, type BatchOrigin, noMetadata } from "../../domain/Batch.ts"
import type { Books } from "../../domain/Books.ts"
import { Lease } from "../../domain/Lease.ts"
import type { Refusal } from "../../domain/Refusal.ts"
import type { Signal } from "../../domain/Signal.ts"

/** Memory that says so when its bytes were changed while somebody held it. */
class WitnessedLease extends Lease {
  frees = 0
  hasChanged = false
  private readonly bytes: Uint8Array
  private readonly before: Uint8Array

  constructor(bytes: Uint8Array) {
    super()
    this.bytes = bytes
    this.before = bytes.slice()
  }

  protected free(): void {
    this.frees++
    this.hasChanged = this.bytes.some((byte, i) => byte !== this.before[i])
    // Whoever still reads the memory reads rubbish from now on.
    this.bytes.fill(0xff)
  }
}

class WitnessedAck extends Ack {
  answers = 0
  settlements = 0
  refusal: Refusal | undefined = undefined

  taken(): void {
    this.answers++
  }

  refused(refusal: Refusal): void {
    this.answers++
    this.refusal = refusal
  }

  settled(): void {
    this.settlements++
  }
}

interface Sent {
  readonly items: number
  readonly ack: WitnessedAck
  readonly lease: WitnessedLease
}

/** Keeps an eye on every request of a run: what was answered, what was settled, whether memory was freed, and freed once. */
export class Witness {
  private readonly sent: Array<Sent> = []
  private readonly breaches: Array<string> = []

  request(signal: Signal, tenant: string, bytes: Uint8Array, items: number): Batch {
    const ack = new WitnessedAck()
    const lease = new WitnessedLease(bytes)
    this.sent.push({ items, ack, lease })
    const origin: BatchOrigin = { signal, tenant, arrivedAt: 0, deadline: Infinity, metadata: noMetadata }
    return new Batch(origin, [bytes], items, bytes.length, lease, ack)
  }

  /** Every request has been answered, and settled if it was taken. */
  get isSettled(): boolean {
    return this.sent.every(({ ack }) => ack.settlements > 0 || ack.refusal !== undefined)
  }

  /** Items of the requests that were taken. */
  get taken(): number {
    return this.sent.reduce((sum, { ack, items }) => (ack.refusal === undefined ? sum + items : sum), 0)
  }

  breach(text: string): void {
    this.breaches.push(text)
  }

  /** Everything that is wrong once nothing is under way any more. */
  account(books: Books): ReadonlyArray<string> {
    const found = [...this.breaches]
    for (const [i, { items, ack, lease }] of this.sent.entries()) {
      const name = `request ${i} of ${items} items`
      if (ack.answers !== 1) found.push(`${name} was answered ${ack.answers} times`)
      const settlements = ack.refusal === undefined ? 1 : 0
      if (ack.settlements !== settlements) found.push(`${name} was settled ${ack.settlements} times instead of ${settlements}`)
      const ended = ack.delivered + ack.dropped + ack.returned
      if (ack.settlements === 1 && ended < items) found.push(`the sender of ${name} was told of the end of ${ended}`)
      if (lease.frees !== 1) found.push(`the memory of ${name} was freed ${lease.frees} times`)
      if (lease.hasChanged) found.push(`the bytes of ${name} were changed in place`)
    }
    found.push(...imbalances(books))
    return found
  }
}

/** What is wrong with the books once nothing is under way any more. */
export const imbalances = (books: Books): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const row of books.rows()) {
    if (row.held !== 0)
      found.push(`the book of ${row.component.kind} ${row.component.id} (${row.tenant}, ${row.signal}) holds ${row.held} items`)
  }
  const sum = books.balance()
  const ended = sum.delivered + sum.dropped + sum.returned
  if (sum.accepted + sum.created !== ended) found.push(`${sum.accepted} items accepted and ${sum.created} made, but ${ended} accounted for`)
  return found
}
