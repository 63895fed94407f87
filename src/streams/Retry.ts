import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { backoffMillis, isExhausted, type RetrySettings } from "./Backoff.ts"
import type { ExportError } from "./ExportError.ts"

/**
 * When to try again: waits of `initial_interval · multiplierⁿ`, at most `max_interval`, each drawn from ± `randomization_factor`, and
 * never less than the backend asked for. Ends at a permanent error, and where the next attempt would begin more than
 * `max_elapsed_time` after `startedMillis`.
 */
export const schedule = (settings: RetrySettings, startedMillis: number): Schedule.Schedule<number, ExportError> =>
  Schedule.forever.pipe(
    Schedule.setInputType<ExportError>(),
    Schedule.modifyDelay(({ attempt, input }) =>
      Effect.map(Random.next, (random) => Duration.millis(Math.ceil(backoffMillis(settings, attempt, random, input.retryAfterMillis))))
    ),
    Schedule.while(
      ({ duration, input, now }) => input.retryable && !isExhausted(settings, now - startedMillis, Duration.toMillis(duration))
    )
  )

/**
 * Repeats an attempt while it fails for a reason that may pass.
 *
 * **Full**: holds nothing but the attempt itself. **Fails**: with the last error; a retryable one means that time is up
 * (`retry_exhausted`). **Closes**: an interruption ends a wait at once.
 */
export const retry = <A, R>(attempt: Effect.Effect<A, ExportError, R>, settings: RetrySettings): Effect.Effect<A, ExportError, R> =>
  settings.enabled
    ? Effect.flatMap(Clock.currentTimeMillis, (startedMillis) => Effect.retry(attempt, schedule(settings, startedMillis)))
    : attempt
