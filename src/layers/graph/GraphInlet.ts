import type { Ack } from "../../domain/Ack.ts"
import { Batch } from "../../domain/Batch.ts"
import type { Books, Component, Row } from "../../domain/Books.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { JoiningPassage } from "../../domain/JoiningPassage.ts"
import { slices } from "../../domain/otlp/Slices.ts"
import { type Holder, Passage } from "../../domain/Passage.ts"
import { Refusal } from "../../domain/Refusal.ts"
import { turns as processTurns, type Turns } from "../../streams/Turns.ts"
import type { Observer } from "../observation/Observer.ts"
import type { Inlet } from "./Component.ts"
import type { Consumer } from "./Consumer.ts"
import { RowCache } from "./RowCache.ts"

/** A request with more items or bytes goes in slices. */
const wholeItems = 2048
const wholeBytes = 512 << 10

/** A slice: about a millisecond in most processors, several in the costliest. */
export const sliceLimits = { maxItems: 1024, maxBytes: 128 << 10, maxFields: 8192 } as const

/** What edits, copies and repeated headers may make of a request that goes in slices. */
const mostBytes = (sizeBytes: number): number => (32 << 20) + 16 * sizeBytes

const tooLarge = new Refusal(
  "too_large",
  GrpcCode.RESOURCE_EXHAUSTED,
  "the request takes too much memory on its way: send smaller ones",
  undefined
)

const malformed = new Refusal("malformed", GrpcCode.INVALID_ARGUMENT, "the request is not well-formed OTLP", undefined)

/**
 * The edge from a receiver into the graph: one mutable pointer, switched between two requests by a swap.
 *
 * Reads whole requests and hands them on, all of it or nothing. Full: the sender is refused with a hint, or, where the full queue has
 * `block_on_overflow`, waits; a request that waited is run again from its own bytes, so that it meets the graph of that moment.
 *
 * A large request leaves the event loop between slices, and is committed with the last one. When a swap comes in between it begins
 * again; when the sender goes, or it grows beyond bounds, it ends there.
 */
export class GraphInlet implements Inlet {
  /** Where requests go. Set by the commit of a swap, and by nothing else. */
  next: Consumer
  private readonly books: Books
  private readonly observer: Observer | undefined
  private readonly turns: Turns
  /** By receiver and transport: a few objects, which receivers keep. */
  private readonly rows = new Map<Component, RowCache>()

  constructor(books: Books, next: Consumer, turns: Turns = processTurns, observer?: Observer) {
    this.books = books
    this.observer = observer
    this.turns = turns
    this.next = next
  }

  refusal(announced: number): Refusal | undefined {
    return this.next.refusal(announced)
  }

  submit(batches: ReadonlyArray<Batch>, ack: Ack, component: Component): void {
    for (const batch of batches) this.row(component, batch).accepted += batch.items
    this.attempt(batches, ack, component)
  }

  private attempt(batches: ReadonlyArray<Batch>, ack: Ack, component: Component): void {
    if (ack.cancelled) return this.refuse(batches, ack, component, Refusal.deadline)
    const full = this.next.full()
    if (full !== undefined) return this.refuseFull(batches, ack, component, full)
    if (isLarge(batches)) {
      const passage = new JoiningPassage(ack, batches, this.books)
      return this.turn(batches, ack, component, passage, this.next, this.inSlices(batches, ack, passage, this.next))
    }
    const passage = new Passage(ack)
    for (const batch of batches) {
      // The request keeps its own hold, so that it can be run again.
      batch.lease.retain()
      this.next.consume(batch, passage)
    }
    this.commit(batches, ack, component, passage)
  }

  private commit(batches: ReadonlyArray<Batch>, ack: Ack, component: Component, passage: Passage): void {
    for (const batch of batches) passage.handed(this.row(component, batch), batch.items)
    const outcome = passage.commit()
    if (outcome === undefined) {
      for (const batch of batches) {
        this.observer?.received(batch)
        batch.lease.release()
      }
      return
    }
    passage.abandon()
    if (outcome instanceof Refusal) this.refuse(batches, ack, component, outcome)
    else if (outcome.whenFull === "refuse") this.refuseFull(batches, ack, component, outcome)
    else outcome.onRoom(() => this.attempt(batches, ack, component))
  }

  /** The next slice of a large request; after the last one it is committed. */
  private turn(
    batches: ReadonlyArray<Batch>,
    ack: Ack,
    component: Component,
    passage: Passage,
    next: Consumer,
    steps: Iterator<undefined, undefined>
  ): void {
    if (ack.cancelled || next !== this.next) {
      passage.abandon()
      this.attempt(batches, ack, component)
    } else if (steps.next().done === true) this.commit(batches, ack, component, passage)
    else this.turns.later(() => this.turn(batches, ack, component, passage, next, steps))
  }

  /** Sends a large request onward, a slice a step. */
  private *inSlices(batches: ReadonlyArray<Batch>, ack: Ack, passage: Passage, next: Consumer): Generator<undefined, undefined, undefined> {
    let requestBytes = 0
    for (const batch of batches) requestBytes += batch.sizeBytes
    const most = mostBytes(requestBytes)
    const limits = { ...sliceLimits, maxRepeated: most }
    for (const { origin, signal, chunks, lease } of batches) {
      const parts = slices(signal, chunks, limits)
      let step = parts.next()
      for (; step.done !== true; step = parts.next()) {
        const part = step.value
        if (part !== undefined) {
          lease.retain()
          next.consume(new Batch(origin, part.chunks, part.items, part.sizeBytes, lease, ack), passage)
          if (passage.heldBytes > most) passage.refuse(tooLarge)
          if (passage.isRefused) return undefined
        }
        yield undefined
      }
      if (step.value !== "whole") {
        passage.refuse(step.value === "malformed" ? malformed : tooLarge)
        return undefined
      }
    }
    return undefined
  }

  private row(component: Component, batch: Batch): Row {
    let rows = this.rows.get(component)
    if (rows === undefined) this.rows.set(component, (rows = new RowCache(this.books, component, batch.signal)))
    return rows.of(batch)
  }

  /** `full` counts what it would have been given, so that a queue that overflows shows it. */
  private refuseFull(batches: ReadonlyArray<Batch>, ack: Ack, component: Component, full: Holder): void {
    for (const batch of batches) full.row(batch).refuse(Refusal.queueFull.reason, batch.items)
    this.refuse(batches, ack, component, Refusal.queueFull)
  }

  private refuse(batches: ReadonlyArray<Batch>, ack: Ack, component: Component, refusal: Refusal): void {
    for (const batch of batches) {
      const row = this.row(component, batch)
      row.returned += batch.items
      row.refuse(refusal.reason, batch.items)
      batch.lease.release()
    }
    ack.refused(refusal)
  }
}

const isLarge = (batches: ReadonlyArray<Batch>): boolean => {
  let items = 0
  let sizeBytes = 0
  for (const batch of batches) {
    items += batch.items
    sizeBytes += batch.sizeBytes
  }
  return items > wholeItems || sizeBytes > wholeBytes
}
