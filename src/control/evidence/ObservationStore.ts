import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Report } from "../../domain/loop/Report.ts"
import type { SubjectFilter } from "../../domain/loop/SubjectFilter.ts"
import { Ring } from "../../streams/Ring.ts"
import {
  type AgentTotals,
  defaultLimits,
  type ObservationLimits,
  Observations,
  type Read,
  type Second,
  type Taken
} from "./Observations.ts"

const mostAdded = 2000

/**
 * What agents have seen: the evidence of detectors (over all agents) and of evaluations (agent by agent). Each report counts once, however
 * often it comes. Times are milliseconds since the epoch, windows are `[from, to)`.
 */
export class ObservationStore extends Context.Service<
  ObservationStore,
  {
    readonly add: (report: Report) => Effect.Effect<Taken>
    /** Reports that were added since this was last asked, of more than two thousand the latest: for one who keeps them over a restart. */
    readonly takeAdded: () => ReadonlyArray<Report>
    readonly second: (atMillis: number) => Second
    readonly series: (read: Read, filter: SubjectFilter, fromMillis: number, toMillis: number) => ReadonlyArray<readonly [number, number]>
    readonly totals: (filter: SubjectFilter, fromMillis: number, toMillis: number) => ReadonlyArray<AgentTotals>
  }
>()("weir/control/evidence/ObservationStore") {
  /** In memory, for the last ten minutes unless told otherwise. */
  static readonly layer = (limits: Partial<ObservationLimits> = {}): Layer.Layer<ObservationStore> =>
    Layer.sync(ObservationStore, () => {
      const observations = new Observations({ ...defaultLimits, ...limits })
      const added = new Ring<Report>()
      return {
        add: (report) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const taken = observations.add(report, now)
            if (taken === "added") added.pushLast(report)
            if (added.size > mostAdded) added.takeFirst()
            return taken
          }),
        takeAdded: () => {
          const reports: Array<Report> = []
          for (let report = added.takeFirst(); report !== undefined; report = added.takeFirst()) reports.push(report)
          return reports
        },
        second: (atMillis) => observations.second(atMillis),
        series: (read, filter, fromMillis, toMillis) => observations.series(read, filter, fromMillis, toMillis),
        totals: (filter, fromMillis, toMillis) => observations.totals(filter, fromMillis, toMillis)
      }
    })
}
