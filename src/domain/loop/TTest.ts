import { welch } from "../stats/TInterval.ts"
import { coveredUnits, logRatios, reportingUnits } from "./Arms.ts"
import { smallestArm } from "./Assignment.ts"
import type { Evaluation, EvaluationInput, Evaluator, Judged, Judgement, UnitEvidence } from "./Evaluation.ts"
import { builtIn, configured, toRelative } from "./Guardrails.ts"
import { percent, signedPercent } from "./Numbers.ts"
import type { Goal } from "./Plan.ts"

/** Share of units in each arm that must have data; below it nothing is concluded. */
export const leastCoverage = 0.8
/** Probability of excluding 0 where there is no effect, both sides together. */
export const alpha = 0.05

/**
 * One look at a time that was fixed before. The unit is the agent: of each, the logarithm of post over pre, so that what an agent always
 * carries more than another falls out; then the difference of the arms' means with Welch's t interval. In the end it reads as a relative
 * effect, `exp(difference) - 1`.
 *
 * A goal passes if the whole interval lies on the wanted side of 0 (there is an effect) and the estimate reaches `atLeast` (it is worth
 * having). It is the estimate that has to reach it and not the interval's near bound: a bound would demand many more units than fleets
 * have, and would fail a change whose effect is what was asked for in half of all cases and more.
 * A goal fails if the interval lies wholly on the wrong side of 0, or excludes `atLeast`. Otherwise the look is inconclusive.
 *
 * Looks before the last one judge the built-in guardrails alone: a t interval that is looked at often errs far more often than `alpha`.
 */
export const tTest: Evaluator = { name: "t-test/1", evaluate: (input) => evaluate(input) }

const evaluate = (input: EvaluationInput): Evaluation => {
  const { plan, isFinal } = input
  const reporting = { canary: reportingUnits(input, "canary"), control: reportingUnits(input, "control") }
  const canary = coveredUnits(reporting.canary, input)
  const control = coveredUnits(reporting.control, input)
  const goalRatios = plan.goal === undefined ? undefined : logRatios(plan.goal.metric, partOf(plan.goal), canary, control)
  const share = (units: number, of: ReadonlyArray<string>) => (of.length === 0 ? 0 : units / of.length)
  const coverage = {
    canary: share(goalRatios?.canary.ratios.length ?? canary.length, input.canary),
    control: share(goalRatios?.control.ratios.length ?? control.length, input.control)
  }
  const guardrails = [
    ...builtIn(reporting.canary, reporting.control),
    ...(isFinal ? plan.guardrails.map((one) => configured(one, canary, control, alpha)) : [])
  ]
  const goal = isFinal && plan.goal !== undefined ? judgeGoal(plan.goal, canary, control) : undefined
  const [judgement, reason] = conclude(input, coverage, sampleRatio(canary, control, input), goal, guardrails)
  return { evaluator: tTest.name, judgement, reason, goal, guardrails, coverage }
}

const partOf = ({ narrow }: Goal): "subject" | "whole" => (narrow ? "subject" : "whole")

const conclude = (
  { isFinal }: EvaluationInput,
  coverage: Evaluation["coverage"],
  imbalance: string | undefined,
  goal: Judged | undefined,
  guardrails: ReadonlyArray<Judged>
): readonly [Judgement, string] => {
  const crossed = guardrails.filter(({ judgement }) => judgement === "fail")
  if (crossed.length > 0) return ["fail", crossed.map(({ what, reason }) => `guardrail ${what}: ${reason}`).join("; ")]
  if (!isFinal) return ["inconclusive", "no guardrail is crossed; the comparison is not due yet"]
  const thin = (["canary", "control"] as const).find((arm) => coverage[arm] < leastCoverage)
  if (thin !== undefined)
    return [
      "inconclusive",
      `only ${percent(coverage[thin])} of the ${thin} units have data to compare; ${percent(leastCoverage)} are needed`
    ]
  if (imbalance !== undefined) return ["inconclusive", imbalance]
  const open = guardrails.find(({ judgement }) => judgement === "inconclusive")
  if (goal !== undefined && goal.judgement !== "pass") return [goal.judgement, goal.reason]
  if (open !== undefined) return ["inconclusive", open.reason]
  return ["pass", goal?.reason ?? "no guardrail is crossed"]
}

const judgeGoal = (goal: Goal, canary: ReadonlyArray<UnitEvidence>, control: ReadonlyArray<UnitEvidence>): Judged => {
  const { metric: what, direction, atLeast } = goal
  const { canary: a, control: b } = logRatios(what, partOf(goal), canary, control)
  const difference = welch(a.ratios, b.ratios, alpha)
  if (difference === undefined) {
    const few = a.ratios.length < smallestArm || b.ratios.length < smallestArm
    const reason = few
      ? `${what}: fewer than ${smallestArm} units with data in an arm`
      : `${what} is the same for all units of an arm: such data do not tell an effect from chance`
    return { what, judgement: "inconclusive", estimate: undefined, interval: undefined, reason }
  }
  const sign = direction === "up" ? 1 : -1
  const wanted = Math.abs(Math.log1p(sign * atLeast))
  // Turned so that a higher number is better.
  const estimate = sign * difference.estimate
  const [low, high] = sign === 1 ? [difference.low, difference.high] : [-difference.high, -difference.low]
  const judgement: Judgement = low > 0 && estimate >= wanted ? "pass" : high < wanted ? "fail" : "inconclusive"
  const relative = toRelative(difference.estimate)
  const interval = [toRelative(difference.low), toRelative(difference.high)] as const
  const zeros = a.zeros + b.zeros
  const reason =
    `${what} of the canary is ${signedPercent(relative)} against the control ` +
    `(95 % interval ${signedPercent(interval[0])} to ${signedPercent(interval[1])}); wanted is ${signedPercent(sign * atLeast)}` +
    (zeros === 0 ? "" : `; ${zeros} units at zero count as half of the smallest value seen`)
  return { what, judgement, estimate: relative, interval, reason }
}

/**
 * Whether the arms report as they were assigned: if units go missing in one arm only, what is left is no fair draw any more. Chi squared
 * with one degree of freedom over reporting and silent units of both arms; where fewer than five are expected in a cell it says nothing.
 */
const sampleRatio = (
  canary: ReadonlyArray<UnitEvidence>,
  control: ReadonlyArray<UnitEvidence>,
  input: EvaluationInput
): string | undefined => {
  const assigned = [input.canary.length, input.control.length]
  const reporting = [canary.length, control.length]
  const share = (reporting[0]! + reporting[1]!) / (assigned[0]! + assigned[1]!)
  let statistic = 0
  for (const [i, size] of assigned.entries()) {
    for (const [observed, expected] of [
      [reporting[i]!, size * share],
      [size - reporting[i]!, size * (1 - share)]
    ] as const) {
      if (expected < 5) return undefined
      statistic += (observed - expected) ** 2 / expected
    }
  }
  const counts = `${reporting[0]} of ${assigned[0]} canary and ${reporting[1]} of ${assigned[1]} control units`
  return statistic > unlikely ? `the arms report unevenly: ${counts}` : undefined
}

/** Chi squared with one degree of freedom at 0.999 (Abramowitz & Stegun, table 26.8): chance alone exceeds it once in a thousand. */
const unlikely = 10.828
