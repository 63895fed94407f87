import type { GrpcCode } from "../domain/GrpcCode.ts"

/**
 * Why an attempt to deliver failed, and what follows from it.
 *
 * Plain data: thousands a second may arise while a backend is down, and a stack trace costs more than the attempt.
 *
 * - `retryable`: trying again may help. Else the items are dropped (`permanent_error`) or, before the answer, returned.
 * - `retryAfterMillis`: the backend asked for this wait, at least.
 * - `code`: the backend's status (HTTP statuses are translated), told to the sender where the answer waits for the delivery.
 */
export class ExportError {
  readonly _tag = "ExportError"
  readonly retryable: boolean
  readonly message: string
  readonly code: GrpcCode
  readonly retryAfterMillis: number | undefined

  constructor(options: {
    readonly retryable: boolean
    readonly message: string
    readonly code: GrpcCode
    readonly retryAfterMillis?: number | undefined
  }) {
    this.retryable = options.retryable
    this.message = options.message
    this.code = options.code
    this.retryAfterMillis = options.retryAfterMillis
  }
}
