import { armTotals, logRatios } from "./Arms.ts"
import type { Judged, Judgement, UnitEvidence } from "./Evaluation.ts"
import { type Totals, valueOf } from "./Metric.ts"
import type { Guardrail } from "./Plan.ts"
import { number, percent, signedPercent } from "./Numbers.ts"
import { welch } from "../stats/TInterval.ts"

/** A difference of logarithms as a relative effect; finite, so that it survives JSON. */
export const toRelative = (difference: number): number => Math.min(Math.expm1(difference), Number.MAX_VALUE)

/** Share of the error spans and slow traces that a change must let through, relative to the control arm. */
export const leastRetention = 0.99
/**
 * What arrived in the last seconds of a window may settle after its end: so many seconds' worth of arrivals may be missing before the
 * missing ones count as dropped.
 */
export const transitSeconds = 2

/**
 * The guardrails that every change has, judged at every look: error spans and slow root spans are kept, and nothing is lost. They are
 * counts of what happened and no estimates, so looking often does them no harm, and every unit that reports counts, however briefly. The control arm is the measure: what a broken backend
 * does to both arms is not the change's doing.
 */
export const builtIn = (canary: ReadonlyArray<UnitEvidence>, control: ReadonlyArray<UnitEvidence>): ReadonlyArray<Judged> => {
  const canaryArm = armTotals(canary)
  const controlArm = armTotals(control)
  const window = canary.length === 0 ? 0 : canaryArm.seconds / canary.length
  return [
    retention("errors", "error spans", canaryArm.totals, controlArm.totals, window),
    retention("slow", "slow traces", canaryArm.totals, controlArm.totals, window),
    losses(canaryArm.totals, controlArm.totals)
  ]
}

const retention = (kind: "errors" | "slow", noun: string, canary: Totals, control: Totals, window: number): Judged => {
  const what = `retention.${kind}`
  const received = canary.received[kind]
  const estimate = valueOf(what as "retention.errors", canary, window)
  if (estimate === undefined) return { what, judgement: "pass", estimate, interval: undefined, reason: `no ${noun} came` }
  const reference = Math.min(1, valueOf(what as "retention.errors", control, window) ?? 1)
  const underWay = window > 0 ? received * Math.min(1, transitSeconds / window) : received
  const isKept = canary.delivered[kind] + underWay >= leastRetention * reference * received
  return {
    what,
    judgement: isKept ? "pass" : "fail",
    estimate,
    interval: undefined,
    reason: `${percent(estimate)} of ${number(received)} ${noun} were delivered, ${percent(reference)} at the control`
  }
}

const losses = (canary: Totals, control: Totals): Judged => {
  const estimate = valueOf("lost_ratio", canary, 1)
  const reference = valueOf("lost_ratio", control, 1) ?? 0
  return {
    what: "lost_ratio",
    judgement: canary.lost > 0 && (estimate ?? 0) > 2 * reference ? "fail" : "pass",
    estimate,
    interval: undefined,
    reason: canary.lost === 0 ? "nothing was lost" : `${number(canary.lost)} items were lost, ${number(control.lost)} at the control`
  }
}

/**
 * A guardrail of the configuration, judged at the last look. The estimate alone is enough to breach it, whatever its interval: a bound
 * errs on the side of taking back.
 */
export const configured = (
  guardrail: Guardrail,
  canary: ReadonlyArray<UnitEvidence>,
  control: ReadonlyArray<UnitEvidence>,
  alpha: number
): Judged => {
  const { metric, of, min, max } = guardrail
  const what = of === "canary" ? metric : `difference of ${metric}`
  const show = of === "canary" ? number : signedPercent
  let estimate: number | undefined
  let interval: readonly [number, number] | undefined
  if (of === "canary") {
    const arm = armTotals(canary)
    estimate = valueOf(metric, arm.totals, arm.seconds)
  } else {
    const { canary: a, control: b } = logRatios(metric, "whole", canary, control)
    const difference = welch(a.ratios, b.ratios, alpha)
    if (difference !== undefined) {
      estimate = toRelative(difference.estimate)
      interval = [toRelative(difference.low), toRelative(difference.high)]
    }
  }
  const bounds = [...(min === undefined ? [] : [`at least ${show(min)}`]), ...(max === undefined ? [] : [`at most ${show(max)}`])].join(
    ", "
  )
  if (estimate === undefined)
    return { what, judgement: "inconclusive", estimate, interval, reason: `${what} cannot be told; allowed is ${bounds}` }
  const judgement: Judgement = (min !== undefined && estimate < min) || (max !== undefined && estimate > max) ? "fail" : "pass"
  return { what, judgement, estimate, interval, reason: `${what} is ${show(estimate)}; allowed is ${bounds}` }
}
