import type { ClientMetadata } from "../../domain/Batch.ts"
import type { Component } from "../../domain/Books.ts"
import type { PartialSuccess } from "../../domain/otlp/status/ExportResponse.ts"
import type { Refusal } from "../../domain/Refusal.ts"
import type { Signal } from "../../domain/Signal.ts"
import type { Compression } from "./Inflate.ts"
import type { RequestAck } from "./RequestAck.ts"

/**
 * One request and its answer, whatever the transport. Exactly one of `accept` and `refuse` answers; what comes later, or after the
 * client has gone, does nothing.
 */
export interface Exchange {
  readonly signal: Signal
  /** The book that it counts in. */
  readonly component: Component
  readonly arrivedAt: number
  /** `performance.now()` milliseconds at which the client stops waiting; `Infinity` if it did not say. */
  readonly deadline: number
  readonly metadata: ClientMetadata
  readonly compression: Compression | undefined
  readonly encoding: "protobuf" | "json"
  /** Most bytes of a body, compressed and inflated. */
  readonly maxBytes: number
  /** Answered, or the client is gone: further work is in vain. */
  readonly over: boolean
  /** Set when the answer is left open; then the exchange tells it when the client goes. */
  waitFor(ack: RequestAck): void
  accept(partial: PartialSuccess | undefined): void
  refuse(refusal: Refusal): void
}
