import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { BoundedQueue, Sized } from "./BoundedQueue.ts"

/**
 * Several queues read as one, in turn, so that a busy one does not starve the others; within one queue the order is kept. The only
 * consumer of its queues.
 *
 * **Full**: each queue's own affair. **Fails**: nothing here can. **Closes**: ends when every queue is closed and empty.
 */
export class FanIn<A extends Sized> {
  private readonly sources: ReadonlyArray<BoundedQueue<A>>
  private turn = 0

  constructor(sources: ReadonlyArray<BoundedQueue<A>>) {
    this.sources = sources
  }

  take(): A | undefined {
    const { sources } = this
    for (let tried = 0; tried < sources.length; tried++) {
      const source = sources[this.turn]!
      this.turn = (this.turn + 1) % sources.length
      const element = source.take()
      if (element !== undefined) return element
    }
    return undefined
  }

  /** The next element; fails with `Done` when every queue is closed and empty. */
  readonly takeEffect: Effect.Effect<A, Cause.Done> = Effect.suspend(() => {
    const element = this.take()
    if (element !== undefined) return Effect.succeed(element)
    const open = this.sources.filter((source) => !source.isClosed)
    if (open.length === 0) return Effect.fail(Cause.Done())
    const some = Effect.callback<void>((resume) => {
      const leaves = open.map((source) => source.onElements(() => wake()))
      const leaveAll = (): void => leaves.forEach((leave) => leave())
      const wake = (): void => {
        leaveAll()
        resume(Effect.yieldNow)
      }
      return Effect.sync(leaveAll)
    })
    return Effect.andThen(some, this.takeEffect)
  })
}
