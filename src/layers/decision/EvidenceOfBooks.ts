import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AgentTotals } from "../../control/evidence/Observations.ts"
import { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import { Evidence } from "../../control/loop/Evidence.ts"
import type { Period, UnitEvidence, Window } from "../../domain/loop/Evaluation.ts"
import type { Figures } from "../../domain/loop/Figures.ts"
import { noTotals, type Totals, wantedDrops } from "../../domain/loop/Metric.ts"
import type { SubjectFilter } from "../../domain/loop/SubjectFilter.ts"

/** Agents report every second, and try again when a report is late; then a second is as complete as it gets. */
const settleMillis = 2500

/** The sums of observations over an evaluation's windows, agent by agent. */
export const layer: Layer.Layer<Evidence, never, ObservationStore> = Layer.effect(
  Evidence,
  Effect.map(ObservationStore, (store) => {
    const periods = (narrowing: SubjectFilter, { from, to }: Window) => {
      const [subject, whole] = [narrowing, {}].map(
        (filter) => new Map(store.totals(filter, from, to).map((totals) => [totals.agent, totals]))
      ) as [Map<string, AgentTotals>, Map<string, AgentTotals>]
      return (agent: string): Period => ({
        seconds: whole.get(agent)?.reported ?? 0,
        subject: totalsOf(subject.get(agent)?.figures),
        whole: totalsOf(whole.get(agent)?.figures)
      })
    }
    return {
      of: ({ narrowing, pre, post, units }) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          yield* Effect.sleep(Math.max(0, post.to + settleMillis - now))
          const [before, after] = [periods(narrowing, pre), periods(narrowing, post)]
          return units.map((unit): UnitEvidence => ({ unit, pre: before(unit), post: after(unit) }))
        })
    }
  })
)

const totalsOf = (figures: Figures | undefined): Totals =>
  figures === undefined
    ? noTotals
    : {
        received: figures.received,
        delivered: figures.delivered,
        lost: Object.entries(figures.dropped).reduce((sum, [reason, items]) => (wantedDrops.has(reason) ? sum : sum + items), 0)
      }
