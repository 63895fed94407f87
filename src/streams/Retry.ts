import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import type { RetryOnFailure } from "../domain/config/ExporterSettings.ts"
import type { ExportError } from "./ExportError.ts"

/** The fields of `retry_on_failure`; durations in milliseconds. */
export type RetrySettings = typeof RetryOnFailure.Type

/**
 * When to try again: waits of `initial_interval · multiplierⁿ`, at most `max_interval`, each drawn from ± `randomization_factor`, and
 * never less than the backend asked for. Ends at a permanent error, and where the next attempt would begin more than
 * `max_elapsed_time` after `startedMillis`.
 */
export const schedule = (settings: RetrySettings, startedMillis: number): Schedule.Schedule<Duration.Duration, ExportError> =>
  Schedule.exponential(settings.initial_interval, settings.multiplier).pipe(
    Schedule.setInputType<ExportError>(),
    Schedule.modifyDelay(({ duration, input }) =>
      Effect.map(Random.next, (random) => {
        const interval = Math.min(Duration.toMillis(duration), settings.max_interval)
        const jittered = interval * (1 + settings.randomization_factor * (2 * random - 1))
        return Duration.millis(Math.max(Math.round(jittered), Math.ceil(input.retryAfterMillis ?? 0)))
      })
    ),
    Schedule.while(
      ({ duration, input, now }) =>
        input.retryable &&
        (settings.max_elapsed_time === 0 || now + Duration.toMillis(duration) <= startedMillis + settings.max_elapsed_time)
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
