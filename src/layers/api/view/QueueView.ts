import * as Schema from "effect/Schema"
import type { QueueTrend } from "../../../control/evidence/ComponentReports.ts"
import { MaybeNumber, maybeNumber } from "./Basics.ts"

/** What is further off than this is not told of: a queue that stands still always grows a little. */
const mostSeconds = 3600

/** An exporter's queue, at the end of the newest report. */
export const QueueView = Schema.Struct({
  size: Schema.Finite.annotate({ description: "What was accepted and has not settled, in units of its sizer (requests, items or bytes)." }),
  capacity: MaybeNumber,
  held_bytes: Schema.Finite,
  in_flight: Schema.Finite.annotate({ description: "Requests under way, those that wait to be repeated too." }),
  failed_attempts: MaybeNumber.annotate({
    description: "Attempts to send that failed, per second; `null` where none of the window is known."
  }),
  growth: Schema.Finite.annotate({ description: "How the size changes, per second, over the last ten seconds." }),
  full_in_seconds: MaybeNumber.annotate({ description: "At this rate; `null`: not within an hour." })
})
export type QueueView = typeof QueueView.Type

/** `seconds`: of the window that its failed attempts are of. */
export const queueView = ({ size, capacity, heldBytes, inFlight, failedAttempts, growth }: QueueTrend, seconds: number): QueueView => {
  const left = growth > 0 ? Math.max(0, capacity - size) / growth : Infinity
  return {
    size,
    capacity: maybeNumber(capacity),
    held_bytes: heldBytes,
    in_flight: inFlight,
    failed_attempts: maybeNumber(failedAttempts / seconds),
    growth,
    full_in_seconds: left <= mostSeconds ? left : null
  }
}
