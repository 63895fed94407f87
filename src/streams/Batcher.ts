import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Sized } from "./BoundedQueue.ts"

/** Why a group was given out: large enough, old enough, or the end. */
export type Trigger = "size" | "timeout" | "drain"

export interface BatcherOptions<A> {
  /** Give out a group when it has this many items; 0 gives out every element at once. */
  readonly minItems: number
  /** And before it would have more bytes than this; one element alone may. */
  readonly maxBytes: number
  /** And when its first element has waited this long; 0 gives out every element at once. */
  readonly flushMillis: number
  readonly onGroup: (key: string, elements: ReadonlyArray<A>, trigger: Trigger) => void
}

interface Group<A> {
  readonly elements: Array<A>
  readonly dueMillis: number
  items: number
  sizeBytes: number
}

/**
 * Gathers elements of one key until they are many, large or old enough: reads from `push`, emits groups in order through `onGroup`,
 * inside the call that completed them. Elements keep what they carry (their Acks); nothing is merged here. Costs no Effect per element,
 * and one timer for all keys.
 *
 * **Full**: it has no bound of its own; whoever pushes keeps one (`Room`), since only it knows when a group is really gone.
 * **Fails**: nothing here can. **Closes**: `drain` gives out everything; the end of the scope stops the timer and loses nothing.
 */
export class Batcher<A extends Sized> {
  /** All groups wait equally long, so the order of insertion is the order in which they are due. */
  private readonly groups = new Map<string, Group<A>>()
  private readonly options: BatcherOptions<A>
  private readonly clock: Clock.Clock
  private wakeTimer: (() => void) | undefined = undefined

  private constructor(options: BatcherOptions<A>, clock: Clock.Clock) {
    this.options = options
    this.clock = clock
  }

  static readonly make = <A extends Sized>(options: BatcherOptions<A>): Effect.Effect<Batcher<A>, never, Scope.Scope> =>
    Effect.gen(function* () {
      const batcher = new Batcher(options, yield* Clock.Clock)
      yield* Effect.forkScoped(batcher.timer)
      return batcher
    })

  /** Keys that hold something. */
  get keys(): number {
    return this.groups.size
  }

  has(key: string): boolean {
    return this.groups.has(key)
  }

  push(key: string, element: A): void {
    const { minItems, maxBytes, flushMillis } = this.options
    let group = this.groups.get(key)
    if (group !== undefined && group.sizeBytes + element.sizeBytes > maxBytes) {
      this.giveOut(key, group, "size")
      group = undefined
    }
    if (group === undefined) {
      group = { elements: [], dueMillis: this.clock.currentTimeMillisUnsafe() + flushMillis, items: 0, sizeBytes: 0 }
      this.groups.set(key, group)
    }
    group.elements.push(element)
    group.items += element.items
    group.sizeBytes += element.sizeBytes
    if (group.items >= minItems || group.sizeBytes >= maxBytes || flushMillis === 0) this.giveOut(key, group, "size")
    else if (this.wakeTimer !== undefined) {
      const wake = this.wakeTimer
      this.wakeTimer = undefined
      wake()
    }
  }

  /** Gives out everything that is held. */
  drain(): void {
    for (const [key, group] of this.groups) this.giveOut(key, group, "drain")
  }

  private giveOut(key: string, group: Group<A>, trigger: Trigger): void {
    this.groups.delete(key)
    this.options.onGroup(key, group.elements, trigger)
  }

  private readonly timer: Effect.Effect<never> = Effect.forever(
    Effect.suspend(() => {
      const now = this.clock.currentTimeMillisUnsafe()
      for (const [key, group] of this.groups) {
        if (group.dueMillis > now) return Effect.sleep(group.dueMillis - now)
        this.giveOut(key, group, "timeout")
      }
      return Effect.callback<void>((resume) => {
        this.wakeTimer = () => resume(Effect.yieldNow)
      })
    })
  )
}
