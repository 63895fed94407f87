import { Ack } from "../../domain/Ack.ts"
import { Batch } from "../../domain/Batch.ts"
import type { Component } from "../../domain/Books.ts"
import { Lease } from "../../domain/Lease.ts"
import type { Refusal } from "../../domain/Refusal.ts"
import type { Inlet } from "../graph/Component.ts"

/** A receiver's own hold on the memory of one batch; it sees whether the bytes stay as they are while somebody holds them. */
class WatchedHold extends Lease {
  hasChanged = false
  isOverdrawn = false
  private readonly batch: Batch
  private readonly before: Uint8Array

  constructor(batch: Batch) {
    super()
    this.batch = batch
    this.before = Buffer.concat(batch.chunks)
  }

  protected free(): void {
    this.hasChanged = !Buffer.concat(this.batch.chunks).equals(this.before)
    try {
      this.batch.lease.release()
    } catch {
      this.isOverdrawn = true
    }
  }
}

/** Stands between the graph and the receiver's own acknowledgement, and hands everything on. */
class WatchedAck extends Ack {
  refusal: Refusal | undefined = undefined
  isTaken = false
  isSettled = false
  private isAwaited = false
  private readonly own: Ack

  constructor(own: Ack) {
    super()
    this.own = own
  }

  taken(): void {
    this.isTaken = true
    this.isAwaited = this.waitForResult
    if (this.isAwaited) this.own.awaited = 1
    this.own.open(1)
  }

  refused(refusal: Refusal): void {
    this.refusal = refusal
    this.own.refused(refusal)
  }

  settled(): void {
    this.isSettled = true
    this.own.end(this.delivered, this.dropped, this.returned, this.failure, this.isAwaited)
  }
}

/** One request that a receiver has handed to the graph. */
export class Submission {
  readonly items: number
  readonly ack: WatchedAck
  readonly batches: ReadonlyArray<Batch>
  private readonly holds: ReadonlyArray<WatchedHold>
  private readonly leases: ReadonlySet<Lease>

  constructor(batches: ReadonlyArray<Batch>, ack: Ack) {
    this.items = batches.reduce((sum, batch) => sum + batch.items, 0)
    this.ack = new WatchedAck(ack)
    this.holds = batches.map((batch) => new WatchedHold(batch))
    this.leases = new Set(batches.map(({ lease }) => lease))
    this.batches = batches.map(
      ({ origin, chunks, items, sizeBytes }, i) => new Batch(origin, chunks, items, sizeBytes, this.holds[i]!, this.ack)
    )
  }

  /** Nothing of it is under way any more. */
  get isOver(): boolean {
    return (this.ack.isSettled || this.ack.refusal !== undefined) && this.holds.every((hold) => hold.isFree)
  }

  breaches(): ReadonlyArray<string> {
    const name = `the request of ${this.items} items`
    const found: Array<string> = []
    if (!this.isOver) found.push(`${name} is still under way`)
    if (this.holds.some((hold) => hold.hasChanged)) found.push(`the bytes of ${name} changed while they were held`)
    if (this.holds.some((hold) => hold.isOverdrawn)) found.push(`the memory of ${name} was freed while a batch held it`)
    else if ([...this.leases].some((lease) => lease !== Lease.none && !lease.isFree)) found.push(`the memory of ${name} was never freed`)
    return found
  }
}

/** An inlet that remembers what came in. */
export class WatchedInlet implements Inlet {
  readonly submissions: Array<Submission> = []
  private readonly inlet: Inlet

  constructor(inlet: Inlet) {
    this.inlet = inlet
  }

  refusal(announced: number): Refusal | undefined {
    return this.inlet.refusal(announced)
  }

  submit(batches: ReadonlyArray<Batch>, ack: Ack, component: Component): void {
    const submission = new Submission(batches, ack)
    this.submissions.push(submission)
    this.inlet.submit(submission.batches, submission.ack, component)
  }
}
