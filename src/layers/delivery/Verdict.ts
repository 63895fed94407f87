import { GrpcCode } from "../../domain/GrpcCode.ts"
import { Refusal } from "../../domain/Refusal.ts"
import type { DropReason } from "../../domain/DropReason.ts"
import type { ExportError } from "../../streams/ExportError.ts"
import type { Held } from "./Held.ts"

/**
 * What becomes of a request that failed:
 *
 * - `retry`: the same again, later.
 * - `isolate`: the backend objects to what is in it, so its halves are sent each for itself, down to the batches (or, if it is too large,
 *   to the items) that are to blame. One bad batch does not take its neighbours with it.
 * - `end`: nothing will help.
 */
export type Verdict = { readonly _tag: "retry" } | { readonly _tag: "isolate" } | { readonly _tag: "end"; readonly reason: DropReason }

const retry: Verdict = { _tag: "retry" }
const isolate: Verdict = { _tag: "isolate" }
const tooLarge: Verdict = { _tag: "end", reason: "too_large" }
const permanent: Verdict = { _tag: "end", reason: "permanent_error" }

/** The request exceeds what the backend takes: HTTP 413, or gRPC RESOURCE_EXHAUSTED without a hint when to come again. */
const isTooLarge = (error: ExportError): boolean => !error.retryable && error.code === GrpcCode.RESOURCE_EXHAUSTED

export const judge = (error: ExportError, group: ReadonlyArray<Held>): Verdict => {
  if (error.retryable) return retry
  if (isTooLarge(error)) return group.length > 1 || group[0]!.items > 1 ? isolate : tooLarge
  return group.length > 1 && concernsContent(error.code) ? isolate : permanent
}

/** Refusals of the sender or of the service would meet each half as well. */
const concernsContent = (code: GrpcCode): boolean => {
  switch (code) {
    case GrpcCode.UNAUTHENTICATED:
    case GrpcCode.PERMISSION_DENIED:
    case GrpcCode.NOT_FOUND:
    case GrpcCode.UNIMPLEMENTED:
      return false
    default:
      return true
  }
}

/** How a sender that still waits is told of items that the backend rejected within a success. */
export const refusalOfRejected = (message: string): Refusal => new Refusal("backend", GrpcCode.INVALID_ARGUMENT, message, undefined)

/** Earliest retry that a sender is told where the backend named none, in milliseconds. */
const defaultRetryMillis = 1000

/** How a sender that still waits is told of the backend's failure. */
export const refusalOf = (error: ExportError): Refusal =>
  new Refusal("backend", error.code, error.message, error.retryable ? (error.retryAfterMillis ?? defaultRetryMillis) : undefined)
