import type { Signal } from "../../src/domain/Signal.ts"
import type { Delivery } from "./Backend.ts"
import { decode, itemsOf } from "./Otlp.ts"
import { idOf } from "./Requests.ts"

/**
 * What senders were told and what backends acknowledged, item by item. Nothing is concluded from counts alone: an item lost and another
 * one doubled would cancel out.
 */
export class Ledger {
  /** The sender was told yes. */
  readonly accepted = new Set<string>()
  /** The sender was told no, for good. */
  readonly refused = new Set<string>()
  /** The sender never heard (its connection broke): they may have arrived or not. */
  readonly unknown = new Set<string>()
  /** How often each item was acknowledged by a backend; rejected ones of a partial success included, since OTLP does not say which. */
  readonly arrivals = new Map<string, number>()
  /** Items that backends acknowledged and took. */
  delivered = 0
  /** Items that backends rejected in partial successes. */
  rejected = 0

  readonly record = ({ signal, bytes, rejected }: Delivery): void => {
    const items = itemsOf(signal, decode(signal, bytes))
    for (const item of items) {
      const id = idOf(item)
      this.arrivals.set(id, (this.arrivals.get(id) ?? 0) + 1)
    }
    this.delivered += items.length - rejected
    this.rejected += rejected
  }

  /** Accepted, but never seen by a backend. */
  missing(): ReadonlyArray<string> {
    return [...this.accepted].filter((id) => !this.arrivals.has(id))
  }

  /** Seen by a backend more than `times`, which is 1 unless the graph fans out. */
  repeated(times = 1): ReadonlyArray<string> {
    return [...this.arrivals].filter(([, count]) => count > times).map(([id]) => id)
  }

  /** Seen by a backend although no sender was told yes. */
  unaccepted(): ReadonlyArray<string> {
    return [...this.arrivals.keys()].filter((id) => !this.accepted.has(id) && !this.unknown.has(id))
  }
}

export const countItems = (signal: Signal, bytes: Uint8Array): number => itemsOf(signal, decode(signal, bytes)).length
