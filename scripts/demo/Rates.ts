import type { Books } from "./Books.ts"
import { byTenant, type ByTenant } from "./Configuration.ts"

/** Spans per second of one tenant, and what reaches its backend. */
export interface Rates {
  readonly received: number
  readonly kept: number
  readonly sampled: number
  readonly filtered: number
  readonly backendBytes: number
  readonly backendErrors: number
}

/** What happened between two looks at the books. */
export const ratesBetween = (before: Books, after: Books, seconds: number): ByTenant<Rates> =>
  byTenant((tenant) => {
    const rate = (of: (books: Books[typeof tenant]) => number) => Math.max(0, of(after[tenant]) - of(before[tenant])) / seconds
    return {
      received: rate(({ received }) => received),
      kept: rate(({ delivered }) => delivered),
      sampled: rate(({ sampled }) => sampled),
      filtered: rate(({ filtered }) => filtered),
      backendBytes: rate(({ backendBytes }) => backendBytes),
      backendErrors: rate(({ backendErrors }) => backendErrors)
    }
  })
