import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ComponentReport } from "../../domain/loop/ComponentReport.ts"
import { type AgentComponents, type ComponentLimits, ComponentReports, defaultComponentLimits } from "./ComponentReports.ts"
import type { Taken } from "./Observations.ts"

/** What the components of agents have done in the last seconds: for those who look, no evidence of decisions. */
export class ComponentStore extends Context.Service<
  ComponentStore,
  {
    readonly add: (report: ComponentReport) => Effect.Effect<Taken>
    /** Of the reports that end after `fromMillis` and not after `toMillis`; `undefined`: it has not reported lately. */
    readonly of: (agent: string, fromMillis: number, toMillis: number) => AgentComponents | undefined
    /** The queues of all agents that hold something, the fullest first. */
    readonly fullest: ComponentReports["fullest"]
  }
>()("weir/control/evidence/ComponentStore") {
  /** In memory, for the last 20 seconds unless told otherwise. */
  static readonly layer = (limits: Partial<ComponentLimits> = {}): Layer.Layer<ComponentStore> =>
    Layer.sync(ComponentStore, () => {
      const reports = new ComponentReports({ ...defaultComponentLimits, ...limits })
      return {
        add: (report) => Effect.map(Clock.currentTimeMillis, (now) => reports.add(report, now)),
        of: (agent, fromMillis, toMillis) => reports.of(agent, fromMillis, toMillis),
        fullest: (most, fromMillis, toMillis) => reports.fullest(most, fromMillis, toMillis)
      }
    })
}
