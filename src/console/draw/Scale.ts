import type { EvaluationView, RolloutView } from "../feed/Answers.ts"
import { number, signedPercent } from "../../domain/loop/Numbers.ts"

export type Judged = EvaluationView["guardrails"][number]

/** A line that an estimate has to be on one side of. */
export interface Bound {
  readonly at: number
  /** Where it is kept: at and above, or at and below. */
  readonly kept: "above" | "below"
}

/** What was judged, with the lines it was judged by. */
export interface Measure {
  readonly role: "goal" | "guardrail"
  readonly judged: Judged
  /** `relative`: an effect, -0.4 is 40 % less than the control; `value`: of the metric itself, over the canary arm. */
  readonly kind: "relative" | "value"
  /** Empty where the evaluator's own rule is told in the reason only. */
  readonly bounds: ReadonlyArray<Bound>
}

/**
 * What an evaluation says, with the plan's bounds. Guardrails that are built in come first and are relative to the other arm's
 * count: their bound is in their reason. The plan's follow in its order, at the last look only.
 */
export const measuresOf = ({ goal, guardrails }: EvaluationView, plan: RolloutView["plan"]): ReadonlyArray<Measure> => {
  const builtIn = guardrails.length - plan.guardrails.length
  const isPlanned = builtIn > 0 && plan.guardrails.every((one, index) => guardrails[builtIn + index]!.what === nameOf(one))
  return [
    ...(goal === null ? [] : [{ role: "goal" as const, judged: goal, kind: "relative" as const, bounds: boundsOfGoal(plan.goal) }]),
    ...guardrails.map((judged, index): Measure => {
      const planned = isPlanned && index >= builtIn ? plan.guardrails[index - builtIn] : undefined
      return {
        role: "guardrail",
        judged,
        kind: planned?.of === "difference" ? "relative" : "value",
        bounds: planned === undefined ? [] : boundsOfGuardrail(planned)
      }
    })
  ]
}

type Guardrail = RolloutView["plan"]["guardrails"][number]

const nameOf = ({ metric, of }: Guardrail): string => (of === "canary" ? metric : `difference of ${metric}`)

const boundsOfGoal = (goal: RolloutView["plan"]["goal"]): ReadonlyArray<Bound> =>
  goal === null ? [] : [goal.direction === "down" ? { at: -goal.at_least, kept: "below" } : { at: goal.at_least, kept: "above" }]

const boundsOfGuardrail = ({ min, max }: Guardrail): ReadonlyArray<Bound> => [
  ...(min === null ? [] : [{ at: min, kept: "above" as const }]),
  ...(max === null ? [] : [{ at: max, kept: "below" as const }])
]

/** A value as its kind is written. */
export const shown = (kind: Measure["kind"], value: number): string => (kind === "relative" ? signedPercent(value) : number(value))

/** Places from 0 (left) to 1 (right). */
export interface Scale {
  readonly place: (value: number) => number
  readonly ticks: ReadonlyArray<number>
}

/** Effects between a hundredth and a hundredfold; what is beyond is drawn at the edge. */
const farthest = Math.log(100)
/** So wide at least, or noise would look like news. */
const narrowest = Math.log(1.1)
const margin = 0.1
const roundEffects = [0, -0.5, 1, -0.25, 0.5, -0.75, 3, -0.1, 0.1, 0.25, -0.9, 9, -0.05, 0.05, -0.01, 0.01, -0.99, 99]
const leastGap = 0.15

const log = (effect: number): number => Math.max(-farthest, Math.min(farthest, effect <= -1 ? -farthest : Math.log1p(effect)))

/**
 * One scale for all relative effects of a rollout, so that they can be compared by eye. It is logarithmic: half and double are equally far
 * from no effect, and intervals of a t test are symmetric on it. 0 is always on it.
 */
export const relativeScale = (measures: ReadonlyArray<Measure>): Scale => {
  const values = measures.flatMap((measure) => (measure.kind === "relative" ? valuesOf(measure) : [])).map(log)
  const [low, high] = [Math.min(-narrowest, ...values), Math.max(narrowest, ...values)]
  return scaleOf(low - margin * (high - low), high + margin * (high - low), log, roundEffects)
}

/** A linear scale of one measure's values. */
export const valueScale = (measure: Measure): Scale => {
  const values = valuesOf(measure)
  const [low, high] = [Math.min(0, ...values), Math.max(...values, 0)]
  const width = high - low || 1
  return scaleOf(low - margin * width, high + margin * width, (value) => value, [0, ...measure.bounds.map(({ at }) => at)])
}

const valuesOf = ({ bounds, judged: { estimate, interval } }: Measure): ReadonlyArray<number> =>
  [estimate, ...(interval ?? []), ...bounds.map(({ at }) => at)].filter((value) => value !== null)

const scaleOf = (from: number, to: number, project: (value: number) => number, candidates: ReadonlyArray<number>): Scale => {
  const place = (value: number): number => Math.max(0, Math.min(1, (project(value) - from) / (to - from)))
  const ticks: Array<number> = []
  for (const candidate of candidates) {
    const at = (project(candidate) - from) / (to - from)
    if (at < 0.03 || at > 0.97) continue
    if (ticks.every((tick) => Math.abs(place(tick) - at) >= leastGap)) ticks.push(candidate)
  }
  return { place, ticks: ticks.toSorted((a, b) => a - b) }
}
