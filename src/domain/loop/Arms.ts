import type { Arm, EvaluationInput, Period, UnitEvidence, Window } from "./Evaluation.ts"
import { addTotals, type MetricName, noTotals, type Totals, valueOf } from "./Metric.ts"

/** A unit counts as covered only if its observations cover this share of each window. */
const enoughTime = 0.5

const seconds = ({ from, to }: Window): number => (to - from) / 1000

/** An arm's units that have reported anything in the post-period. A unit that came twice counts once. */
export const reportingUnits = (input: EvaluationInput, arm: Arm): ReadonlyArray<UnitEvidence> => {
  const byUnit = new Map(input.units.map((unit) => [unit.unit, unit]))
  return input[arm].flatMap((uid) => {
    const unit = byUnit.get(uid)
    return unit !== undefined && unit.post.seconds > 0 ? [unit] : []
  })
}

/** Those of them that have reported for long enough to be compared, with their own past where that is wanted. */
export const coveredUnits = (units: ReadonlyArray<UnitEvidence>, input: EvaluationInput): ReadonlyArray<UnitEvidence> => {
  const { goal, guardrails } = input.plan
  const needsPast = goal !== undefined || guardrails.some(({ of }) => of === "difference")
  return units.filter(
    ({ pre, post }) => post.seconds >= enoughTime * seconds(input.post) && (!needsPast || pre.seconds >= enoughTime * seconds(input.pre))
  )
}

/** Sums over an arm's units in the post-period. */
export const armTotals = (units: ReadonlyArray<UnitEvidence>): { readonly totals: Totals; readonly seconds: number } => ({
  totals: units.reduce((sum, { post }) => addTotals(sum, post.whole), noTotals),
  seconds: units.reduce((sum, { post }) => sum + post.seconds, 0)
})

/** What an arm's units say about a metric: the log ratios of post to pre of those that can say something. */
export interface Ratios {
  readonly ratios: ReadonlyArray<number>
  /** Units whose metric fell to zero, and whose ratio is therefore only bounded from above. */
  readonly zeros: number
}

/**
 * Log ratios of both arms. A unit without a positive value in its pre-period has no level to compare with and is left out, whichever arm
 * it is in (the pre-period knows nothing of the arm). A post value of 0 has no logarithm; it counts as half of the smallest positive
 * value that any unit has shown, which understates the fall and scales with the unit of measure.
 */
export const logRatios = (
  metric: MetricName,
  part: "subject" | "whole",
  canary: ReadonlyArray<UnitEvidence>,
  control: ReadonlyArray<UnitEvidence>
): { readonly canary: Ratios; readonly control: Ratios } => {
  const value = (period: Period) => valueOf(metric, period[part], period.seconds)
  const pairs = (units: ReadonlyArray<UnitEvidence>) =>
    units.flatMap(({ pre, post }) => {
      const before = value(pre)
      const after = value(post)
      return before === undefined || after === undefined || before <= 0 ? [] : [[before, after] as const]
    })
  const arms = { canary: pairs(canary), control: pairs(control) }
  const floor = Math.min(...[...arms.canary, ...arms.control].flat().filter((one) => one > 0)) / 2
  const ratios = (arm: ReadonlyArray<readonly [number, number]>): Ratios => ({
    ratios: arm.map(([before, after]) => Math.log((after > 0 ? after : floor) / before)),
    zeros: arm.filter(([, after]) => after <= 0).length
  })
  return { canary: ratios(arms.canary), control: ratios(arms.control) }
}
