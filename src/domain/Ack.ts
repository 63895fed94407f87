import type { Refusal } from "./Refusal.ts"

/**
 * One truth about every item of one request. It has two moments:
 *
 * - the **answer**, once: `taken` (the first bounded buffers hold all of it) or `refused`;
 * - the **settlement**, once, after `taken`: `settled`, when the last part has ended, with the item counts per outcome.
 *
 * A request is opened by a receiver (or a processor that makes new batches), committed by a `Passage` into some number of parts
 * (one per bounded buffer that holds a piece of it), and each part ends exactly once. Ending more often throws: a double count is
 * a defect, never data.
 */
export abstract class Ack {
  /** Items that reached a backend. */
  delivered = 0
  /** Items dropped after they had been accepted, whatever the reason. */
  dropped = 0
  /** Items given back to the sender by a part that ended before the answer (only under `after: delivery`). */
  returned = 0
  /** The worst news so far: why items were returned, else why a backend rejected some. */
  failure: Refusal | undefined = undefined
  /** The sender is gone or its deadline has passed; parts that are unanswered and unsent may end as returned. */
  cancelled = false
  /**
   * Parts that the answer must wait for (`sending_queue.enabled: false`, `wait_for_result`); set before `taken`. Parts of other holders
   * are theirs: a slow backend with a queue of its own delays nobody.
   */
  awaited = 0
  private parts = 0

  /** The first bounded buffers on the way hold the whole request. Called once, before any `settled`. */
  abstract taken(): void
  /** Nothing was taken; the sender is to be told `refusal`. Called at most once, and then neither `taken` nor `settled`. */
  abstract refused(refusal: Refusal): void
  /** The last part has ended. */
  abstract settled(): void

  get openParts(): number {
    return this.parts
  }

  get waitForResult(): boolean {
    return this.awaited > 0
  }

  /**
   * Whether a part that ends now without success may end as returned: somebody still waits for its outcome (`isAwaited`: it is one that the
   * answer waits for). Else the sender was told that the items are taken, and what fails is dropped.
   */
  isReturnable(isAwaited: boolean): boolean {
    return isAwaited
  }

  /** The last awaited part has ended, while others are open. */
  protected resultKnown(): void {}

  /** Opens `count` parts, then gives the answer; with no part left (all filtered) it settles at once. */
  open(count: number): void {
    this.parts = count
    this.taken()
    if (count === 0) this.settled()
  }

  /** More parts: a buffer has cut its piece. */
  fork(count = 1, isAwaited = false): void {
    if (this.parts === 0) throw new Error("an acknowledgement was split after it had settled")
    this.parts += count
    if (isAwaited) this.awaited += count
  }

  end(delivered: number, dropped: number, returned: number, failure?: Refusal, isAwaited = false): void {
    if (this.parts === 0) throw new Error("an acknowledgement ended more often than it had parts")
    this.delivered += delivered
    this.dropped += dropped
    this.returned += returned
    if (failure !== undefined && (returned > 0 || this.returned === 0)) this.failure = failure
    const isLastAwaited = isAwaited && --this.awaited === 0
    if (--this.parts === 0) this.settled()
    else if (isLastAwaited) this.resultKnown()
  }
}

/**
 * The acknowledgement of a batch that was merged from pieces of several requests; it hands its outcome on to each.
 *
 * Counts that cannot be attributed (a backend rejects 3 of 8192 items without naming them) are charged to the pieces in order, so that
 * the sums stay exact.
 */
export class JoinedAck extends Ack {
  private readonly pieces: ReadonlyArray<{ readonly ack: Ack; readonly items: number }>

  constructor(pieces: ReadonlyArray<{ readonly ack: Ack; readonly items: number }>) {
    super()
    this.pieces = pieces
  }

  /** A merged batch goes back as a whole, so only if all its senders wait. */
  override isReturnable(_isAwaited: boolean): boolean {
    return this.pieces.every((piece) => piece.ack.isReturnable(false))
  }

  taken(): void {}

  refused(refusal: Refusal): void {
    for (const piece of this.pieces) piece.ack.end(0, 0, piece.items, refusal)
  }

  settled(): void {
    let dropped = this.dropped
    let returned = this.returned
    for (const { ack, items } of this.pieces) {
      const lost = Math.min(dropped, items)
      dropped -= lost
      const back = Math.min(returned, items - lost)
      returned -= back
      ack.end(items - lost - back, lost, back, this.failure)
    }
  }
}
