import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { Ring } from "./Ring.ts"
import { type Limits, Room } from "./Room.ts"
import { Waiters } from "./Waiters.ts"

/** What a bounded place needs to know about an element; a `Batch` is one. */
export interface Sized {
  readonly items: number
  readonly sizeBytes: number
}

/**
 * - `refuse`: `reserve` says no, `offer` gives `false`.
 * - `wait`: `reserve` says no, and the caller comes again at `onRoom`; `offer` waits, with a deadline if it has one.
 * - `drop_oldest`, `drop_newest`: always takes, and hands what has to go to `onDrop`.
 */
export type WhenFull = "refuse" | "wait" | "drop_oldest" | "drop_newest"

/**
 * A queue bounded in requests, items and bytes: reads elements from `push` (synchronous, no Effect) or `offer`, emits them in order
 * through `take` or `takeEffect`.
 *
 * **Full**: see `WhenFull`, and `Room` for one request that is larger than the capacity.
 * **Fails**: nothing here can. Every element ends in exactly one of `take` and `onDrop`.
 * **Closes**: takes nothing more; those who wait are called and told no; what is held can still be taken, then takers are told the end.
 *
 * Callbacks run inside the call that caused them; they may call the queue again.
 */
export class BoundedQueue<A extends Sized> {
  private readonly ring = new Ring<A>()
  private readonly room: Room
  private readonly consumers = new Waiters()
  private readonly policy: WhenFull
  private readonly onDrop: (element: A) => void

  constructor(options: { readonly limits: Limits; readonly whenFull: WhenFull; readonly onDrop?: (element: A) => void }) {
    if (options.onDrop === undefined && options.whenFull.startsWith("drop")) throw new Error("a queue that drops needs onDrop")
    this.policy = options.whenFull
    this.onDrop = options.onDrop ?? (() => {})
    this.room = new Room(options.limits)
  }

  /** Elements that can be taken. */
  get requests(): number {
    return this.room.requests
  }

  get items(): number {
    return this.room.items
  }

  get sizeBytes(): number {
    return this.room.sizeBytes
  }

  get isClosed(): boolean {
    return this.room.isClosed
  }

  /** What a caller of `reserve` that was told no should do; once closed, waiting is in vain. */
  get whenFull(): "refuse" | "wait" {
    return this.policy === "wait" && !this.room.isClosed ? "wait" : "refuse"
  }

  /** New capacities. Held elements stay, even above them. */
  setLimits(limits: Limits): void {
    this.room.setLimits(limits)
  }

  // ---- in

  /** Sets room aside for one element, or says no and changes nothing. */
  reserve(items: number, sizeBytes: number): boolean {
    if (this.policy === "refuse" || this.policy === "wait") return this.room.reserve(items, sizeBytes)
    if (this.room.isClosed) return false
    this.room.setAside(items, sizeBytes)
    return true
  }

  /** Gives room back that was set aside. */
  unreserve(items: number, sizeBytes: number): void {
    this.room.unreserve(items, sizeBytes)
  }

  /** Takes an element for which room was set aside. Cannot fail, not even after `close`. */
  push(element: A): void {
    const { items, sizeBytes } = element
    if (this.policy === "drop_newest") {
      this.room.unreserve(items, sizeBytes)
      if (!this.room.fits(items, sizeBytes)) return this.onDrop(element)
      this.room.enter(items, sizeBytes)
    } else this.room.enterReserved(items, sizeBytes)
    this.ring.pushLast(element)
    if (this.policy === "drop_oldest") while (this.ring.size > 1 && this.room.isOver) this.onDrop(this.take()!)
    this.consumers.callFirst()
  }

  /** Puts an element back before all others; it always fits. */
  pushHead(element: A): void {
    this.room.enter(element.items, element.sizeBytes)
    this.ring.pushFirst(element)
    this.consumers.callFirst()
  }

  /** Reserves and pushes; `false` if there is no room now. */
  tryOffer(element: A): boolean {
    if (!this.reserve(element.items, element.sizeBytes)) return false
    this.push(element)
    return true
  }

  /**
   * Whether the queue has taken the element. Waits under `wait`, at most `withinMillis`. An interruption while waiting leaves nothing
   * behind.
   */
  offer(element: A, withinMillis?: number): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      if (this.tryOffer(element)) return Effect.succeed(true)
      if (this.whenFull === "refuse") return Effect.succeed(false)
      return this.offerLater(element, withinMillis)
    })
  }

  /** Room is set aside by whoever frees it; the element follows in the waiter's own turn, where no interruption can come between. */
  private offerLater(element: A, withinMillis: number | undefined): Effect.Effect<boolean> {
    const { items, sizeBytes } = element
    let reserved = false
    const room = Effect.callback<boolean>((resume) => {
      const attempt = (): void => {
        reserved = this.room.reserve(items, sizeBytes)
        if (reserved) this.room.hold()
        if (reserved || this.isClosed) resume(Effect.as(Effect.yieldNow, reserved))
        else leave = this.room.onRoom(attempt)
      }
      let leave = this.room.onRoom(attempt)
      return Effect.sync(() => leave())
    })
    const bounded =
      withinMillis === undefined ? room : Effect.timeoutOrElse(room, { duration: withinMillis, orElse: () => Effect.sync(() => reserved) })
    return Effect.uninterruptibleMask((restore) =>
      restore(bounded).pipe(
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            if (reserved) this.freeRoom(items, sizeBytes)
          })
        ),
        Effect.tap((taken) =>
          Effect.sync(() => {
            if (!taken) return
            this.room.unhold()
            this.push(element)
          })
        )
      )
    )
  }

  /** Calls back once when room has come free, or at `close`; see `Room.onRoom`. */
  onRoom(callback: () => void): () => void {
    return this.room.onRoom(callback)
  }

  // ---- out

  peek(): A | undefined {
    return this.ring.first()
  }

  take(): A | undefined {
    const element = this.ring.takeFirst()
    if (element !== undefined) this.room.leave(element.items, element.sizeBytes)
    return element
  }

  /** As `take`, but the room stays occupied until `freeRoom`: what is being sent counts against the capacity. */
  takeKeepingRoom(): A | undefined {
    const element = this.ring.takeFirst()
    if (element !== undefined) this.room.leaveHeld(element.items, element.sizeBytes)
    return element
  }

  /** Ends `takeKeepingRoom`, once for each. */
  freeRoom(items: number, sizeBytes: number): void {
    this.room.unhold()
    this.room.unreserve(items, sizeBytes)
  }

  /** The next element; fails with `Done` when the queue is closed and empty. A taker that waits goes on in its own turn. */
  readonly takeEffect: Effect.Effect<A, Cause.Done> = Effect.suspend(() => {
    const element = this.take()
    if (element !== undefined) return Effect.succeed(element)
    if (this.isClosed) return Effect.fail(Cause.Done())
    return Effect.andThen(this.awaitElements, this.takeEffect)
  })

  /** Ends at the next `push`, or at `close`; at once if there is something to take. */
  readonly awaitElements: Effect.Effect<void> = Effect.suspend(() => {
    if (this.ring.size > 0) return Effect.void
    let woken = false
    return Effect.callback<void>((resume) => {
      const leave = this.onElements(() => {
        woken = true
        resume(Effect.yieldNow)
      })
      return Effect.sync(leave)
    }).pipe(
      Effect.onInterrupt(() =>
        Effect.sync(() => {
          // The call that this consumer was given belongs to the next one.
          if (woken && this.ring.size > 0) this.consumers.callFirst()
        })
      )
    )
  })

  /** Calls back once at the next `push`, or at `close`; at once if closed. One push calls one consumer, first come first served. */
  onElements(callback: () => void): () => void {
    if (!this.isClosed) return this.consumers.add(callback)
    callback()
    return () => {}
  }

  // ---- end

  close(): void {
    if (this.isClosed) return
    this.room.close()
    this.consumers.callAll()
  }
}
