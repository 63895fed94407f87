import { Waiters } from "./Waiters.ts"

/** Each is a capacity of its own; what is left out is not limited. */
export interface Limits {
  readonly requests?: number
  readonly items?: number
  readonly sizeBytes?: number
}

/**
 * The room of a bounded place: how much it holds, how much is set aside, and who waits for more.
 *
 * A place that holds nothing has room for any one request, whatever its size and in however many pieces, so that nothing waits for
 * ever; the capacity is exceeded by one request at most. Whoever waits is served in the order of coming, and nobody overtakes.
 */
export class Room {
  /** Elements that have entered and not left. */
  requests = 0
  items = 0
  sizeBytes = 0
  private asideRequests = 0
  private asideItems = 0
  private asideBytes = 0
  /** Of what is set aside, elements that stay so for longer than one call: being sent, or promised to a waiter. */
  private lasting = 0
  private maxRequests = Infinity
  private maxItems = Infinity
  private maxBytes = Infinity
  private readonly waiters = new Waiters()
  private isWaking = false
  private closed = false

  constructor(limits: Limits) {
    this.setLimits(limits)
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** New capacities. What is held stays, even above them. */
  setLimits(limits: Limits): void {
    this.maxRequests = limits.requests ?? Infinity
    this.maxItems = limits.items ?? Infinity
    this.maxBytes = limits.sizeBytes ?? Infinity
    this.wake()
  }

  fits(items: number, sizeBytes: number): boolean {
    if (this.requests === 0 && this.lasting === 0) return true
    return (
      this.requests + this.asideRequests + 1 <= this.maxRequests &&
      this.items + this.asideItems + items <= this.maxItems &&
      this.sizeBytes + this.asideBytes + sizeBytes <= this.maxBytes
    )
  }

  /** What has entered exceeds a limit. */
  get isOver(): boolean {
    return this.requests > this.maxRequests || this.items > this.maxItems || this.sizeBytes > this.maxBytes
  }

  /** Sets room for one element aside, or says no and changes nothing. */
  reserve(items: number, sizeBytes: number): boolean {
    if (this.closed || (this.waiters.size > 0 && !this.isWaking) || !this.fits(items, sizeBytes)) return false
    this.setAside(items, sizeBytes)
    return true
  }

  /** Sets room aside without asking. */
  setAside(items: number, sizeBytes: number): void {
    this.asideRequests++
    this.asideItems += items
    this.asideBytes += sizeBytes
  }

  unreserve(items: number, sizeBytes: number): void {
    this.takeBack(items, sizeBytes)
    this.wake()
  }

  /** What was set aside stays so for longer than this call. */
  hold(): void {
    this.lasting++
  }

  /** Ends `hold`; the room is still set aside. */
  unhold(): void {
    this.lasting--
  }

  /** An element enters the room that was set aside for it. */
  enterReserved(items: number, sizeBytes: number): void {
    this.takeBack(items, sizeBytes)
    this.enter(items, sizeBytes)
  }

  /** An element enters without having asked. */
  enter(items: number, sizeBytes: number): void {
    this.requests++
    this.items += items
    this.sizeBytes += sizeBytes
  }

  leave(items: number, sizeBytes: number): void {
    this.requests--
    this.items -= items
    this.sizeBytes -= sizeBytes
    this.wake()
  }

  /** An element leaves, but its room stays set aside (and held) until `unhold` and `unreserve`. */
  leaveHeld(items: number, sizeBytes: number): void {
    this.requests--
    this.items -= items
    this.sizeBytes -= sizeBytes
    this.setAside(items, sizeBytes)
    this.hold()
  }

  /**
   * Calls back once when room has come free, or at `close`. One whose `reserve` fails again and who asks again within the callback
   * keeps its place. The result takes the request back. After `close` nobody is called.
   */
  onRoom(callback: () => void): () => void {
    const leave = this.isWaking ? this.waiters.addFirst(callback) : this.waiters.add(callback)
    if (this.requests === 0) this.wake()
    return leave
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.waiters.callAll()
  }

  private takeBack(items: number, sizeBytes: number): void {
    this.asideRequests--
    this.asideItems -= items
    this.asideBytes -= sizeBytes
  }

  private wake(): void {
    if (this.isWaking || this.closed) return
    this.isWaking = true
    try {
      for (let left = this.waiters.size; left > 0 && this.fits(1, 1); left--) {
        const before = this.waiters.size
        this.waiters.callFirst()
        // It has asked again: what came free is not enough for the first in line, so nobody behind it is called.
        if (this.waiters.size === before) break
      }
    } finally {
      this.isWaking = false
    }
  }
}
