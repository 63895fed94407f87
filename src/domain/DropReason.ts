/**
 * Why an accepted item will never be delivered. The values are the `reason` label of `weir_dropped_items_total`.
 *
 * - `filtered`, `sampled`, `merged`: a processor meant to (filter, sampler, aggregation).
 * - `processor_error`: a processor failed on the batch after the answer was given.
 * - `unroutable`: no route matched and there is no default one.
 * - `permanent_error`: the backend refused for good (a status that is not to be retried).
 * - `retry_exhausted`: the backend kept failing for longer than `max_elapsed_time`.
 * - `partial_success`: the backend took the request but rejected these items.
 * - `too_large`: one item alone exceeds what the exporter may send.
 * - `queue_full`: after the answer, no room came free before the deadline.
 * - `expired`: the sender's deadline passed, or the sender went away, before anything was sent.
 * - `shutdown`: still undelivered when the drain's deadline passed.
 */
export type DropReason =
  | "filtered"
  | "sampled"
  | "merged"
  | "processor_error"
  | "unroutable"
  | "permanent_error"
  | "retry_exhausted"
  | "partial_success"
  | "too_large"
  | "queue_full"
  | "expired"
  | "shutdown"
