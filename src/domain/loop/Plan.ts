import type { MetricName } from "./Metric.ts"
import type { Subject } from "./Observation.ts"
import type { Selector } from "./Selector.ts"

/** The tenant or service of a finding whose detector does not look at single ones. */
export const together = "*"

/** What a change is for, and when it is looked at. */
export interface Goal {
  readonly metric: MetricName
  readonly direction: "down" | "up"
  /** The smallest effect worth having, relative to the control arm: 0.4 with `down` means 40 % less than the control. */
  readonly atLeast: number
  /** Whether the metric is taken of the finding's tenant and service, or of all that the agent carries. */
  readonly narrow: boolean
}

/** A bound that a change must not cross, whatever else it achieves. */
export interface Guardrail {
  readonly metric: MetricName
  /**
   * `canary`: the metric's value over the canary arm. `difference`: the relative difference to the control arm, as for a goal
   * (0.1 means 10 % more than the control).
   */
  readonly of: "canary" | "difference"
  readonly min: number | undefined
  readonly max: number | undefined
}

/** How many of the eligible agents get the change first. */
export type Canary =
  | { readonly kind: "default" }
  | { readonly kind: "fraction"; readonly fraction: number }
  | { readonly kind: "count"; readonly count: number }

/** How a change is tried: it is fixed when the rollout begins, so a new configuration does not move the goal of a running one. */
export interface Plan {
  readonly scope: Selector
  /** Without a goal a change passes if it crosses no guardrail. */
  readonly goal: Goal | undefined
  /** What the goal's metric is narrowed to: an absent field means all. */
  readonly narrowing: Partial<Subject>
  /** Time from the last canary agent's APPLIED to the look, in milliseconds; the pre-period is as long. */
  readonly lookAfterMillis: number
  readonly guardrails: ReadonlyArray<Guardrail>
  readonly canary: Canary
  /** Time that a promoted change lives; `null` for until somebody takes it back. */
  readonly timeToLiveMillis: number | null
  /** Time that the rule rests after its change was taken back, and that the same patch is not tried again. */
  readonly cooldownMillis: number
  /** Of proposals that are made at one moment the highest goes first. A running rollout is never displaced. */
  readonly priority: number
}
