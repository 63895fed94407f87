import { GrpcCode } from "./GrpcCode.ts"

/** The `reason` label of `weir_refused_items_total`: why a sender was told no, before anything was accepted. */
export type RefusalReason =
  | "admission"
  | "memory_limiter"
  | "queue_full"
  | "processor_error"
  | "backend"
  | "deadline"
  | "malformed"
  | "too_large"
  | "shutdown"

/**
 * A no to the sender, given before the answer: what it is told, and whether and when it may try again.
 *
 * Plain data, not an `Error`: refusing must stay cheap under overload, so the common ones are made once (below) and shared.
 */
export class Refusal {
  readonly reason: RefusalReason
  readonly code: GrpcCode
  readonly message: string
  /** Earliest sensible retry, in milliseconds from now; `undefined` means the sender must not retry. */
  readonly retryAfterMillis: number | undefined

  constructor(reason: RefusalReason, code: GrpcCode, message: string, retryAfterMillis: number | undefined) {
    this.reason = reason
    this.code = code
    this.message = message
    this.retryAfterMillis = retryAfterMillis
  }

  static readonly queueFull = new Refusal("queue_full", GrpcCode.UNAVAILABLE, "sending queue is full", 1000)
  static readonly admission = new Refusal("admission", GrpcCode.UNAVAILABLE, "too many bytes in flight", 1000)
  static readonly memoryLimit = new Refusal("memory_limiter", GrpcCode.UNAVAILABLE, "data refused due to high memory usage", 1000)
  static readonly deadline = new Refusal("deadline", GrpcCode.DEADLINE_EXCEEDED, "the deadline passed before the data was taken", 1000)
  static readonly shutdown = new Refusal("shutdown", GrpcCode.UNAVAILABLE, "the gateway is stopping", 1000)
}
