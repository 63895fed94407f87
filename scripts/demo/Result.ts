import type { Books } from "./Books.ts"
import { tenants } from "./Configuration.ts"
import type { Step } from "./Story.ts"
import { table } from "./Text.ts"

/** What the demo has seen. */
export interface Result {
  readonly seed: number
  readonly steps: ReadonlyArray<Step>
  readonly seconds: number
  /** `undefined` if the story ended before the books were closed. */
  readonly books: Books | undefined
  /** Why it failed; `undefined` if every step was observed. */
  readonly failure: string | undefined
}

const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

/** The result for people. */
export const resultText = ({ steps, books, failure, seconds: total, seed }: Result, columns: number): string => {
  const told = steps.map(({ beganMillis, tookMillis, what, seen }) => [seconds(beganMillis), seconds(tookMillis), what, seen])
  const lines = ["", ...table([["at", "took", "step", "seen"], ...told], columns)]
  if (books !== undefined) {
    lines.push(
      "",
      ...table(
        [
          ["spans of", "sent", "received", "=", "filtered", "+", "sampled", "+", "delivered", "backend", "errors sent", "errors there"],
          ...tenants.map((tenant) => {
            const { made, received, filtered, sampled, delivered, backend, errors, backendErrors } = books[tenant]
            return [tenant, made, received, "=", filtered, "+", sampled, "+", delivered, backend, errors, backendErrors]
          })
        ],
        columns
      )
    )
    const gone = tenants.reduce((sum, tenant) => sum + books[tenant].errors - books[tenant].backendErrors, 0)
    if (gone > 0) lines.push("", `${gone} error spans were filtered away at act two's canary gateways before the change was taken back`)
  }
  lines.push(
    "",
    failure === undefined
      ? `every step was observed, in ${total.toFixed(0)} s (seed ${seed})`
      : `FAILED after ${total.toFixed(0)} s: ${failure}`,
    ""
  )
  return lines.join("\n")
}
