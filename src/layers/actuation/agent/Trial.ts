import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Books } from "../../../domain/Books.ts"
import type { DropReason } from "../../../domain/DropReason.ts"
import type { Checked } from "../../../domain/config/Checked.ts"
import { type Change, diff } from "../../../domain/config/Diff.ts"
import type { Kind } from "../../../domain/config/ComponentType.ts"
import type { Registry } from "../../telemetry/Registry.ts"

/** A component whose settings have changed. */
interface Changed {
  readonly kind: Kind
  readonly id: string
  readonly change: Change
}

/** What a component has done so far: items that it handled well, and failures of any size. */
interface Record {
  readonly carried: number
  readonly failed: number
}

/** Drops that a component means to make. */
const intended: ReadonlySet<DropReason> = new Set<DropReason>(["filtered", "sampled", "merged"])
/** Drops that say nothing about a component: the sender went away, or the gateway did. */
const neutral: ReadonlySet<DropReason> = new Set<DropReason>(["expired", "shutdown"])

const trialMillis = 10_000
/** For so long, what a changed exporter's predecessor has under way ends in the same account. */
const settlingMillis = 1000
const lookMillis = 100

export interface TrialOptions {
  readonly books: Books
  readonly telemetry: Registry
  readonly before: Checked<unknown>
  readonly after: Checked<unknown>
}

/** Components that a change of configuration makes anew. */
export const changedComponents = (before: Checked<unknown>, after: Checked<unknown>): ReadonlyArray<Changed> =>
  diff(before, after).components.filter(({ change, kind }) => (change === "changed" || change === "added") && kind !== "extension")

/** How components stand by now. */
export const recordsOf = (books: Books, telemetry: Registry): ReadonlyMap<string, Record> => {
  const records = new Map<string, { carried: number; failed: number }>()
  const of = (key: string) => {
    let record = records.get(key)
    if (record === undefined) records.set(key, (record = { ...none }))
    return record
  }
  for (const { component, delivered, dropped, refused } of books.rows()) {
    const record = of(`${component.kind}/${component.id}`)
    record.carried += delivered
    for (const [reason, items] of dropped) {
      if (intended.has(reason)) record.carried += items
      else if (!neutral.has(reason)) record.failed += items
    }
    record.failed += refused.get("processor_error") ?? 0
  }
  for (const { labels, read } of telemetry.readingsOf("exporterFailedAttempts")) of(`exporter/${labels["exporter"]}`).failed += read()
  return records
}

/**
 * Watches what a change, which has just been made, has made anew, until each of it has carried something or, after ten seconds, stands
 * idle. Succeeds with what is wrong: a component that has failed every batch. A component that carries some and fails some is as good as
 * its traffic.
 */
export const trial = ({ books, telemetry, before, after }: TrialOptions): Effect.Effect<string | undefined> =>
  Effect.gen(function* () {
    const changed = changedComponents(before, after)
    const since = new Map(recordsOf(books, telemetry))
    const start = yield* Clock.currentTimeMillis
    for (;;) {
      const elapsed = (yield* Clock.currentTimeMillis) - start
      const records = recordsOf(books, telemetry)
      const gains = changed.map(({ kind, id, change }) => {
        const key = `${kind}/${id}`
        const now = records.get(key) ?? none
        if (kind === "exporter" && change === "changed" && elapsed < settlingMillis) since.set(key, now)
        const then = since.get(key) ?? none
        return { what: `${kind} "${id}"`, carried: now.carried - then.carried, failed: now.failed - then.failed }
      })
      if (gains.every(({ carried }) => carried > 0)) return undefined
      if (elapsed >= trialMillis) {
        const broken = gains.filter(({ carried, failed }) => carried === 0 && failed > 0).map(({ what }) => what)
        return broken.length === 0 ? undefined : `${broken.join(", ")} failed every batch of the first ten seconds`
      }
      yield* Effect.sleep(lookMillis)
    }
  })

const none: Record = { carried: 0, failed: 0 }
