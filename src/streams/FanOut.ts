import * as Effect from "effect/Effect"
import type { BoundedQueue, Sized } from "./BoundedQueue.ts"

/**
 * Hands each element to every one of several queues: all of them or none, so that one who repeats a refused element causes no
 * duplicates. Reads from `tryOffer` or `offer`, emits into the queues; what the branches share (memory, an Ack) is counted by `onShare`
 * before the first branch can let go of it.
 *
 * **Full**: one full queue says no for all of them; `offer` waits for it. **Fails**: nothing here can.
 * **Closes**: a closed queue says no like a full one, and `offer` then ends with `false`.
 */
export class FanOut<A extends Sized> {
  private readonly branches: ReadonlyArray<BoundedQueue<A>>
  private readonly onShare: (element: A, branches: number) => void

  constructor(branches: ReadonlyArray<BoundedQueue<A>>, onShare: (element: A, branches: number) => void) {
    this.branches = branches
    this.onShare = onShare
  }

  /** The queue that has no room, or `undefined`: all have taken it. */
  tryOffer(element: A): BoundedQueue<A> | undefined {
    const { branches } = this
    const { items, sizeBytes } = element
    for (let i = 0; i < branches.length; i++) {
      if (branches[i]!.reserve(items, sizeBytes)) continue
      for (let j = 0; j < i; j++) branches[j]!.unreserve(items, sizeBytes)
      return branches[i]
    }
    this.onShare(element, branches.length)
    for (const branch of branches) branch.push(element)
    return undefined
  }

  /** Waits until all have room; `false` if one is closed. An interruption while waiting leaves nothing behind. */
  offer(element: A): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      const full = this.tryOffer(element)
      if (full === undefined) return Effect.succeed(true)
      if (full.isClosed) return Effect.succeed(false)
      const room = Effect.callback<void>((resume) => {
        const leave = full.onRoom(() => resume(Effect.yieldNow))
        return Effect.sync(leave)
      })
      return Effect.andThen(room, this.offer(element))
    })
  }
}
