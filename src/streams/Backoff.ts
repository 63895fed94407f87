import type { ExporterSettings } from "../domain/config/ExporterSettings.ts"

/** The fields of `retry_on_failure`; durations in milliseconds. */
export type RetrySettings = ExporterSettings["retry_on_failure"]

/** What timers can wait, 24 days; a backend may ask for any time. */
const longestMillis = 2 ** 31 - 1

/**
 * Wait before the next attempt, in milliseconds: exponential with jitter, and never shorter than the backend asked for.
 *
 * `failures` is how often it has failed in a row (1 or more), `random` a number in [0, 1).
 */
export const backoffMillis = (settings: RetrySettings, failures: number, random: number, retryAfterMillis = 0): number => {
  const interval = Math.min(settings.initial_interval * settings.multiplier ** (failures - 1), settings.max_interval)
  return Math.min(Math.max(interval * (1 + settings.randomization_factor * (2 * random - 1)), retryAfterMillis), longestMillis)
}

/** Whether a batch that was first sent `elapsedMillis` ago is given up rather than tried again after `waitMillis`. */
export const isExhausted = (settings: RetrySettings, elapsedMillis: number, waitMillis: number): boolean =>
  !settings.enabled || (settings.max_elapsed_time > 0 && elapsedMillis + waitMillis > settings.max_elapsed_time)
