import type { Ack } from "./Ack.ts"
import type { Batch } from "./Batch.ts"
import type { Row } from "./Books.ts"
import type { DropReason } from "./DropReason.ts"
import type { Refusal } from "./Refusal.ts"

/** A bounded place that takes responsibility for a batch: an exporter's queue, a batch processor's accumulator. */
export interface Holder {
  /** Sets room aside, or says no and changes nothing. */
  reserve(items: number, sizeBytes: number): boolean
  /** Gives room back that was set aside. */
  unreserve(items: number, sizeBytes: number): void
  /** Takes a batch for which room was set aside. Cannot fail. */
  push(batch: Batch): void
  /** The account in which what was pushed counts as accepted. */
  row(batch: Batch): Row
  /** What a full holder does before the answer: tell the sender, or let it wait. */
  readonly whenFull: "refuse" | "wait"
  /** Calls back once when room has come free, or the holder has closed. */
  onRoom(callback: () => void): void
  /** The answer has to wait for the settlement (no queue, or `wait_for_result`). */
  readonly waitForResult: boolean
}

type Note =
  | { readonly _tag: "passed"; readonly row: Row; readonly items: number }
  | { readonly _tag: "handed"; readonly row: Row; readonly items: number }
  | { readonly _tag: "created"; readonly row: Row; readonly items: number }
  | { readonly _tag: "dropped"; readonly row: Row; readonly items: number; readonly reason: DropReason }

/** What a chunk takes beside its bytes. */
const viewBytes = 100

/**
 * One request's way through the synchronous part of the graph, as a transaction: components note what they did and where the pieces
 * go; `commit` sets room aside in every holder and only then enters everything into the books. A refusal leaves no trace in the books
 * of the components on the way, and nothing is half accepted, so a sender that repeats a refused request causes no duplicates.
 *
 * Every component on the way counts what it passes on as `accepted` and `delivered` at once, since it holds nothing.
 */
export class Passage {
  readonly ack: Ack
  /** Whether the sender has its answer already; then nothing can be given back to it. */
  private readonly answered: boolean
  private refusal: Refusal | undefined = undefined
  private readonly notes: Array<Note> = []
  private readonly holders: Array<Holder> = []
  private readonly batches: Array<Batch> = []
  /** Memory of what is to be held, in bytes; branches that share a batch count once. */
  heldBytes = 0

  constructor(ack: Ack, answered = false) {
    this.ack = ack
    this.answered = answered
  }

  /** `items` entered and left the component. */
  passed(row: Row, items: number): void {
    this.notes.push({ _tag: "passed", row, items })
  }

  /** `items` that the component has held (they are in its `accepted` already) are handed on. */
  handed(row: Row, items: number): void {
    this.notes.push({ _tag: "handed", row, items })
  }

  /** The component made `items` more (copies of a fan-out) and handed them on. */
  created(row: Row, items: number): void {
    this.notes.push({ _tag: "created", row, items })
  }

  /** `items` entered the component and ended there. */
  dropped(row: Row, items: number, reason: DropReason): void {
    this.notes.push({ _tag: "dropped", row, items, reason })
  }

  /**
   * A component turns its piece away (admission, a failing processor under `propagate`). Before the answer this refuses the whole
   * request. After it, a refusal that says when to come again makes the caller do so; any other drops the piece.
   */
  turnedAway(row: Row, items: number, refusal: Refusal): void {
    if (this.answered && refusal.retryAfterMillis === undefined) this.dropped(row, items, "processor_error")
    else {
      if (!this.answered) this.countRefused(row, items, refusal)
      this.refuse(refusal)
    }
  }

  /** The component is who said no to the sender. */
  protected countRefused(row: Row, items: number, refusal: Refusal): void {
    row.refuse(refusal.reason, items)
  }

  /** Some component has turned it away: what else it would do is in vain. */
  get isRefused(): boolean {
    return this.refusal !== undefined
  }

  /** The whole passage is turned away; the first refusal counts. */
  refuse(refusal: Refusal): void {
    this.refusal ??= refusal
  }

  /** A piece of the request is to be held by `holder`. */
  hold(holder: Holder, batch: Batch): void {
    if (batch !== this.batches.at(-1)) this.countHeld(batch)
    this.enter(holder, batch)
  }

  protected countHeld(batch: Batch): void {
    this.heldBytes += batch.sizeBytes + batch.chunks.length * viewBytes
  }

  protected enter(holder: Holder, batch: Batch): void {
    this.holders.push(holder)
    this.batches.push(batch)
  }

  /**
   * All or nothing. `undefined`: committed, the acknowledgement is open. A `Refusal`: turned away by a component. A `Holder`: that one
   * is full, nothing has changed; the caller refuses (`abandon`) or commits again when it has room.
   */
  commit(): Holder | Refusal | undefined {
    if (this.refusal !== undefined) return this.refusal
    const { holders, batches } = this
    for (let i = 0; i < holders.length; i++) {
      const batch = batches[i]!
      if (!holders[i]!.reserve(batch.items, batch.sizeBytes)) {
        for (let j = 0; j < i; j++) holders[j]!.unreserve(batches[j]!.items, batches[j]!.sizeBytes)
        return holders[i]!
      }
    }
    for (const note of this.notes) {
      switch (note._tag) {
        case "passed":
          note.row.accepted += note.items
          note.row.delivered += note.items
          break
        case "handed":
          note.row.delivered += note.items
          break
        case "created":
          note.row.created += note.items
          note.row.delivered += note.items
          break
        case "dropped":
          note.row.accepted += note.items
          note.row.drop(note.reason, note.items)
          this.ack.dropped += note.items
      }
    }
    for (let i = 0; i < holders.length; i++) {
      holders[i]!.row(batches[i]!).accepted += batches[i]!.items
      if (holders[i]!.waitForResult) this.ack.awaited++
    }
    this.ack.open(holders.length)
    for (let i = 0; i < holders.length; i++) holders[i]!.push(batches[i]!)
    return undefined
  }

  /** Lets go of every piece after a refusal. */
  abandon(): void {
    for (const batch of this.batches) batch.lease.release()
    this.batches.length = 0
    this.heldBytes = 0
    this.holders.length = 0
  }
}
