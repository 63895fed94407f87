import * as Schema from "effect/Schema"
import { addFlows, type Flow as Account } from "../../../domain/loop/ComponentReport.ts"
import { DropRates, dropRates } from "./Basics.ts"

const rates = {
  accepted: Schema.Finite.annotate({ description: "What it took, per second." }),
  created: Schema.Finite.annotate({ description: "What it made: copies, aggregates; with what it read back from disk. Per second." }),
  delivered: Schema.Finite.annotate({ description: "What it handed on; at an exporter, what the backend took. Per second." }),
  returned: Schema.Finite.annotate({ description: "What was given back to the sender before the answer. Per second." }),
  dropped: DropRates,
  refused: Schema.Record(Schema.String, Schema.Finite).annotate({ description: "What a sender was told no about, per second, by reason." }),
  held: Schema.Finite.annotate({ description: "Items in it at the end of the newest report." })
}

/** What goes in and out of a component, in items. */
export const FlowView = Schema.Struct({
  ...rates,
  tenants: Schema.Array(Schema.Struct({ tenant: Schema.String, ...rates })).annotate({
    description: "The same by tenant; an agent names a hundred at a time, others are `_other`."
  })
}).annotate({ description: "Of the component in all pipelines of this signal." })
export type FlowView = typeof FlowView.Type

/** Of accounts of one component and signal that were counted in so many seconds. */
export const flowView = (accounts: ReadonlyArray<Account>, seconds: number): FlowView => {
  const tenants = new Map<string, Account>()
  for (const account of accounts) {
    const sum = tenants.get(account.tenant)
    tenants.set(account.tenant, sum === undefined ? account : addFlows(sum, account))
  }
  const rows = [...tenants.values()].toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1))
  return {
    ...ratesOf(rows.length === 0 ? undefined : rows.reduce(addFlows), seconds),
    tenants: rows.map((row) => ({ tenant: row.tenant, ...ratesOf(row, seconds) }))
  }
}

const ratesOf = (account: Account | undefined, seconds: number) => ({
  accepted: (account?.accepted ?? 0) / seconds,
  created: ((account?.created ?? 0) + (account?.restored ?? 0)) / seconds,
  delivered: (account?.delivered ?? 0) / seconds,
  returned: (account?.returned ?? 0) / seconds,
  dropped: dropRates(account?.dropped ?? {}, seconds),
  refused: dropRates(account?.refused ?? {}, seconds),
  held: account?.held ?? 0
})
