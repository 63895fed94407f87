import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Exported, ExportRequest, Push } from "../../../src/layers/graph/Component.ts"
import { GrpcCode } from "../../../src/domain/GrpcCode.ts"
import { ExportError } from "../../../src/streams/ExportError.ts"

/** One attempt as the backend sees it; the test decides its outcome. */
export interface Attempt {
  readonly request: ExportRequest
  readonly succeed: (exported?: Exported) => Effect.Effect<void>
  readonly fail: (error: ExportError) => Effect.Effect<void>
}

/** A backend that does nothing by itself: attempts appear in a queue, and the test answers them. */
export const scriptedPush = Effect.gen(function* () {
  const attempts = yield* Queue.unbounded<Attempt>()
  let interrupted = 0
  const push: Push = (request) =>
    Effect.gen(function* () {
      const answer = yield* Deferred.make<Exported, ExportError>()
      yield* Queue.offer(attempts, {
        request,
        succeed: (exported = { rejected: 0 }) => Effect.asVoid(Deferred.succeed(answer, exported)),
        fail: (error) => Effect.asVoid(Deferred.fail(answer, error))
      })
      return yield* Deferred.await(answer)
    }).pipe(
      Effect.onInterrupt(() =>
        Effect.sync(() => {
          interrupted++
        })
      )
    )
  return { push, next: Queue.take(attempts), pending: Queue.size(attempts), interrupted: () => interrupted }
})

export const transient = (retryAfterMillis?: number): ExportError =>
  new ExportError({ retryable: true, code: GrpcCode.UNAVAILABLE, message: "backend is restarting", retryAfterMillis })

export const permanent = (code: GrpcCode = GrpcCode.INVALID_ARGUMENT): ExportError =>
  new ExportError({ retryable: false, code, message: "backend does not want this" })

export const tooLarge = permanent(GrpcCode.RESOURCE_EXHAUSTED)
