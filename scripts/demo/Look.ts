import { reportingUnits } from "../../src/domain/loop/Arms.ts"
import type { Arm } from "../../src/domain/loop/Evaluation.ts"
import type { JournalEntry } from "../../src/domain/loop/JournalEntry.ts"
import { addTotals, noTotals, valueOf } from "../../src/domain/loop/Metric.ts"

export type Look = Extract<JournalEntry, { readonly _tag: "look" }>

/** The metric that a change was made for, at a gateway of an arm, in words: so far, or at the end. */
const ofArm = ({ input }: Look, arm: Arm): string => {
  const metric = input.plan.goal!.metric
  const units = reportingUnits(input, arm)
  const totals = units.reduce((sum, { post }) => addTotals(sum, post.subject), noTotals)
  const value = valueOf(
    metric,
    totals,
    units.reduce((sum, { post }) => sum + post.seconds, 0)
  )
  if (value === undefined) return "nothing"
  return metric.endsWith("bytes") ? `${(value / 1000).toFixed(1)} kB/s` : `${(value * 100).toFixed(1)} %`
}

/** Canary against control. */
export const compared = (look: Look): string =>
  `${look.input.plan.goal!.metric}: ${ofArm(look, "canary")} at a canary gateway, ${ofArm(look, "control")} at a control gateway`

const signed = (effect: number): string => `${effect < 0 ? "" : "+"}${(effect * 100).toFixed(0)} %`

/** The effect and its interval, where there is one. */
export const effect = ({ evaluation }: Look): string => {
  const { goal } = evaluation
  if (goal?.estimate === undefined || goal.interval === undefined) return evaluation.reason
  return `${goal.what} ${signed(goal.estimate)} (95 % interval ${signed(goal.interval[0])} to ${signed(goal.interval[1])})`
}

/** What a change has broken. */
export const harm = ({ evaluation }: Look): string =>
  evaluation.guardrails.find(({ judgement }) => judgement === "fail")?.reason ?? evaluation.reason
