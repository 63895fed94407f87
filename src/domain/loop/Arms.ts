import type { EvaluationInput, Period, UnitEvidence } from "./Evaluation.ts"
import { addTotals, type MetricName, noTotals, type Totals, valueOf } from "./Metric.ts"

/** A unit is looked at only if its observations cover this share of each window. */
const enoughTime = 0.5

export const seconds = ({ from, to }: { readonly from: number; readonly to: number }): number => (to - from) / 1000

/** The evidence by arm, units without enough of it left out. A unit that came twice counts once. */
export const coveredUnits = (input: EvaluationInput, arm: "canary" | "control"): ReadonlyArray<UnitEvidence> => {
  const byUnit = new Map(input.units.map((unit) => [unit.unit, unit]))
  return input[arm].flatMap((uid) => {
    const unit = byUnit.get(uid)
    return unit !== undefined &&
      unit.pre.seconds >= enoughTime * seconds(input.pre) &&
      unit.post.seconds >= enoughTime * seconds(input.post)
      ? [unit]
      : []
  })
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
