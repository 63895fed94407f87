import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { BoundedQueue, Sized } from "./BoundedQueue.ts"

export interface WorkerPool<A> {
  /**
   * Closes the queue and waits until the workers have emptied it and finished, at most `withinMillis`. Then they are interrupted, and
   * what was never begun is returned, in order.
   */
  readonly drain: (withinMillis: number) => Effect.Effect<ReadonlyArray<A>>
}

/**
 * A fixed number of fibers that take from one queue and work: reads the queue, emits what `work` does.
 *
 * **Full**: the queue's affair; a worker takes only when it is free. **Fails**: `work` handles its errors and its own interruption; a
 * defect is logged and the worker goes on with the next element. **Closes**: `drain`; the end of the scope interrupts the workers
 * and leaves the queue as it is.
 */
export const make = <A extends Sized, R>(options: {
  readonly queue: BoundedQueue<A>
  readonly workers: number
  readonly work: (element: A) => Effect.Effect<void, never, R>
}): Effect.Effect<WorkerPool<A>, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const { queue } = options
    const step = Effect.flatMap(queue.takeEffect, (element) =>
      Effect.catchDefect(options.work(element), (defect) => Effect.logError("a worker's task died", defect))
    )
    const worker = Effect.ignore(Effect.forever(step))
    const fibers = yield* Effect.forEach(Array.from({ length: options.workers }), () => Effect.forkScoped(worker))
    return {
      drain: (withinMillis) =>
        Effect.gen(function* () {
          queue.close()
          const finished = yield* Effect.exit(Effect.timeout(Fiber.joinAll(fibers), withinMillis))
          if (Exit.isFailure(finished)) yield* Fiber.interruptAll(fibers)
          const left: Array<A> = []
          for (let element = queue.take(); element !== undefined; element = queue.take()) left.push(element)
          return left
        })
    }
  })
