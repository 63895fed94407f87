import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { Ring } from "./Ring.ts"
import { Waiters } from "./Waiters.ts"

/** What a queue needs to know about an element; a `Batch` is one. */
export interface Sized {
  readonly items: number
  readonly sizeBytes: number
}

/** Each is a capacity of its own; what is left out is not limited. */
export interface QueueLimits {
  readonly requests?: number
  readonly items?: number
  readonly sizeBytes?: number
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
 * **Full**: see `WhenFull`. Whoever waits for room is served in the order of coming, and nobody overtakes a waiter. A queue that holds
 * nothing takes any one request, whatever its size, so that nothing waits for ever: the capacity is exceeded by one request at most.
 * **Fails**: nothing here can. Every element ends in exactly one of `take` and `onDrop`.
 * **Closes**: takes nothing more; those who wait are called and told no; what is held can still be taken, then takers are told the end.
 *
 * Callbacks run inside the call that caused them; they may call the queue again.
 */
export class BoundedQueue<A extends Sized> {
  private readonly ring = new Ring<A>()
  private readonly roomWaiters = new Waiters()
  private readonly elementWaiters = new Waiters()
  private readonly policy: WhenFull
  private readonly onDrop: (element: A) => void
  private maxRequests = Infinity
  private maxItems = Infinity
  private maxBytes = Infinity
  /** What is in the ring. */
  private heldItems = 0
  private heldBytes = 0
  /** What occupies room without being in the ring: reserved, or taken with its room kept. */
  private setAsideRequests = 0
  private setAsideItems = 0
  private setAsideBytes = 0
  /** Of these, set aside for longer than one call: being sent, or promised to a waiting `offer`. */
  private lasting = 0
  private wakingRoom = false
  private closed = false

  constructor(options: { readonly limits: QueueLimits; readonly whenFull: WhenFull; readonly onDrop?: (element: A) => void }) {
    if (options.onDrop === undefined && options.whenFull.startsWith("drop")) throw new Error("a queue that drops needs onDrop")
    this.policy = options.whenFull
    this.onDrop = options.onDrop ?? (() => {})
    this.setLimits(options.limits)
  }

  /** Elements that can be taken. */
  get requests(): number {
    return this.ring.size
  }

  get items(): number {
    return this.heldItems
  }

  get sizeBytes(): number {
    return this.heldBytes
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** What a caller of `reserve` that was told no should do; once closed, waiting is in vain. */
  get whenFull(): "refuse" | "wait" {
    return this.policy === "wait" && !this.closed ? "wait" : "refuse"
  }

  /** New capacities. Held elements stay, even above them. */
  setLimits(limits: QueueLimits): void {
    this.maxRequests = limits.requests ?? Infinity
    this.maxItems = limits.items ?? Infinity
    this.maxBytes = limits.sizeBytes ?? Infinity
    this.wakeRoom()
  }

  // ---- in

  /** Sets room aside for one element, or says no and changes nothing. */
  reserve(items: number, sizeBytes: number): boolean {
    if (this.closed) return false
    if (this.policy === "refuse" || this.policy === "wait") {
      if (this.roomWaiters.size > 0 && !this.wakingRoom) return false
      if (!this.fits(items, sizeBytes)) return false
    }
    this.setAside(1, items, sizeBytes)
    return true
  }

  /** Gives room back that was set aside. */
  unreserve(items: number, sizeBytes: number): void {
    this.setAside(-1, -items, -sizeBytes)
    this.wakeRoom()
  }

  /** Takes an element for which room was set aside. Cannot fail, not even after `close`. */
  push(element: A): void {
    this.setAside(-1, -element.items, -element.sizeBytes)
    if (this.policy === "drop_newest" && !this.fits(element.items, element.sizeBytes)) {
      this.onDrop(element)
      return
    }
    this.ring.pushLast(element)
    this.count(element, 1)
    if (this.policy === "drop_oldest") while (this.ring.size > 1 && this.isOver()) this.onDrop(this.take()!)
    this.elementWaiters.callFirst()
  }

  /** Puts an element back before all others; it always fits. */
  pushHead(element: A): void {
    this.ring.pushFirst(element)
    this.count(element, 1)
    this.elementWaiters.callFirst()
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
    let reserved = false
    const room = Effect.callback<boolean>((resume) => {
      const attempt = (): void => {
        reserved = this.reserve(element.items, element.sizeBytes)
        if (reserved) this.lasting++
        if (reserved || this.closed) resume(Effect.as(Effect.yieldNow, reserved))
        else leave = this.onRoom(attempt)
      }
      let leave = this.onRoom(attempt)
      return Effect.sync(() => leave())
    })
    const bounded =
      withinMillis === undefined ? room : Effect.timeoutOrElse(room, { duration: withinMillis, orElse: () => Effect.sync(() => reserved) })
    return Effect.uninterruptibleMask((restore) =>
      restore(bounded).pipe(
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            if (reserved) this.freeRoom(element.items, element.sizeBytes)
          })
        ),
        Effect.tap((taken) =>
          Effect.sync(() => {
            if (!taken) return
            this.lasting--
            this.push(element)
          })
        )
      )
    )
  }

  /**
   * Calls back once when room has come free, or at `close`. One whose `reserve` fails again and who asks again within the callback
   * keeps its place. The result takes the request back. After `close` nobody is called.
   */
  onRoom(callback: () => void): () => void {
    const leave = this.wakingRoom ? this.roomWaiters.addFirst(callback) : this.roomWaiters.add(callback)
    if (this.ring.size === 0 && !this.closed) this.wakeRoom()
    return leave
  }

  // ---- out

  peek(): A | undefined {
    return this.ring.first()
  }

  take(): A | undefined {
    const element = this.ring.takeFirst()
    if (element === undefined) return undefined
    this.count(element, -1)
    this.wakeRoom()
    return element
  }

  /** As `take`, but the room stays occupied until `freeRoom`: what is being sent counts against the capacity. */
  takeKeepingRoom(): A | undefined {
    const element = this.ring.takeFirst()
    if (element === undefined) return undefined
    this.count(element, -1)
    this.lasting++
    this.setAside(1, element.items, element.sizeBytes)
    return element
  }

  /** Ends `takeKeepingRoom`, once for each. */
  freeRoom(items: number, sizeBytes: number): void {
    this.lasting--
    this.unreserve(items, sizeBytes)
  }

  /** The next element; fails with `Done` when the queue is closed and empty. A taker that waits goes on in its own turn. */
  readonly takeEffect: Effect.Effect<A, Cause.Done> = Effect.suspend(() => {
    const element = this.take()
    if (element !== undefined) return Effect.succeed(element)
    if (this.closed) return Effect.fail(Cause.Done())
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
          // The call that this taker was given belongs to the next one.
          if (woken && this.ring.size > 0) this.elementWaiters.callFirst()
        })
      ),
      Effect.andThen(this.takeEffect)
    )
  })

  /** Calls back once at the next `push`, or at `close`; at once if closed. One push calls one consumer, first come first served. */
  onElements(callback: () => void): () => void {
    if (!this.closed) return this.elementWaiters.add(callback)
    callback()
    return () => {}
  }

  // ---- end

  close(): void {
    if (this.closed) return
    this.closed = true
    this.roomWaiters.callAll()
    this.elementWaiters.callAll()
  }

  private fits(items: number, sizeBytes: number): boolean {
    if (this.ring.size === 0 && this.lasting === 0) return true
    return (
      this.ring.size + this.setAsideRequests + 1 <= this.maxRequests &&
      this.heldItems + this.setAsideItems + items <= this.maxItems &&
      this.heldBytes + this.setAsideBytes + sizeBytes <= this.maxBytes
    )
  }

  private isOver(): boolean {
    return this.ring.size > this.maxRequests || this.heldItems > this.maxItems || this.heldBytes > this.maxBytes
  }

  private count(element: A, sign: 1 | -1): void {
    this.heldItems += sign * element.items
    this.heldBytes += sign * element.sizeBytes
  }

  private setAside(requests: number, items: number, sizeBytes: number): void {
    this.setAsideRequests += requests
    this.setAsideItems += items
    this.setAsideBytes += sizeBytes
  }

  private wakeRoom(): void {
    if (this.wakingRoom || this.closed) return
    this.wakingRoom = true
    try {
      for (let left = this.roomWaiters.size; left > 0 && this.fits(1, 1); left--) {
        const before = this.roomWaiters.size
        this.roomWaiters.callFirst()
        // It has asked again: what came free is not enough for the first in line, so nobody behind it is called.
        if (this.roomWaiters.size === before) break
      }
    } finally {
      this.wakingRoom = false
    }
  }
}
