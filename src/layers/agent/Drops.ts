import { type Signal, signals } from "../../domain/Signal.ts"

/**
 * Why an item that the application made was not delivered.
 *
 * - `pressure`: a log below WARN, while the backend or the queue was under pressure.
 * - `sampled`: a healthy span, when its rate was lowered under pressure. (Spans that the sampler declines at the head are never made.)
 * - `queue_full`: no room, and nothing less important to put out for it.
 * - `permanent_error`, `partial_success`: the backend refused it for good.
 * - `retry_exhausted`: the backend kept failing for longer than `limits.maxAgeMillis`.
 * - `too_large`: it alone exceeds a request.
 * - `encoding`: the SDK could not encode it.
 * - `shutdown`: undelivered when the deadline of the shutdown passed, or made after it.
 */
export const agentDropReasons = [
  "pressure",
  "sampled",
  "queue_full",
  "permanent_error",
  "partial_success",
  "retry_exhausted",
  "too_large",
  "encoding",
  "shutdown"
] as const

export type AgentDropReason = (typeof agentDropReasons)[number]

export interface Dropped {
  readonly signal: Signal
  readonly reason: AgentDropReason
  readonly count: number
}

/** Counts of dropped items since the start. */
export class Drops {
  private readonly counts = new Float64Array(signals.length * agentDropReasons.length)

  add(signal: Signal, reason: AgentDropReason, count: number): void {
    this.counts[signals.indexOf(signal) * agentDropReasons.length + agentDropReasons.indexOf(reason)]! += count
  }

  /** Those that are not zero. */
  all(): ReadonlyArray<Dropped> {
    return signals
      .flatMap((signal, i) =>
        agentDropReasons.map((reason, j) => ({ signal, reason, count: this.counts[i * agentDropReasons.length + j]! }))
      )
      .filter(({ count }) => count > 0)
  }
}
