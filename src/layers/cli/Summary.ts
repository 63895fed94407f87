import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Balance } from "../../domain/Books.ts"

/** What happened between two looks at the books, on one line. */
export const formatSummary = (before: Balance, now: Balance): string => {
  const since = (key: keyof Balance) => (now[key] - before[key]).toLocaleString("en-US")
  return (
    `last minute: ${since("accepted")} items in, ${since("delivered")} delivered, ${since("dropped")} dropped, ` +
    `${since("returned")} returned; ${now.held.toLocaleString("en-US")} held`
  )
}

/** A summary line every minute, forever. */
export const summaries = (balance: () => Balance): Effect.Effect<never> =>
  Effect.gen(function* () {
    let before = balance()
    for (;;) {
      yield* Effect.sleep("1 minute")
      const now = balance()
      yield* Console.log(formatSummary(before, now))
      before = now
    }
  })
