import * as Schema from "effect/Schema"
import type { Evaluation, Judged } from "../../../domain/loop/Evaluation.ts"
import { MaybeNumber, maybeNumber } from "./Basics.ts"

export const Judgement = Schema.Literals(["pass", "fail", "inconclusive"])

const JudgedView = Schema.Struct({
  what: Schema.String,
  judgement: Judgement,
  estimate: MaybeNumber.annotate({
    description: "The relative effect (-0.4 is 40 % less than the control), or the value over the canary arm for a guardrail on it."
  }),
  interval: Schema.NullOr(Schema.Tuple([MaybeNumber, MaybeNumber])).annotate({
    description: "The two-sided interval of the estimate; an end without a bound is `null`."
  }),
  reason: Schema.String
})

export const EvaluationView = Schema.Struct({
  evaluator: Schema.String,
  judgement: Judgement,
  reason: Schema.String,
  goal: Schema.NullOr(JudgedView),
  guardrails: Schema.Array(JudgedView),
  coverage: Schema.Struct({ canary: MaybeNumber, control: MaybeNumber }).annotate({
    description: "Share of each arm's agents with data over enough of both windows."
  })
}).annotate({ identifier: "Evaluation" })
export type EvaluationView = typeof EvaluationView.Type

const judgedView = ({ what, judgement, estimate, interval, reason }: Judged): typeof JudgedView.Type => ({
  what,
  judgement,
  estimate: maybeNumber(estimate),
  interval: interval === undefined ? null : [maybeNumber(interval[0]), maybeNumber(interval[1])],
  reason
})

export const evaluationView = ({ evaluator, judgement, reason, goal, guardrails, coverage }: Evaluation): EvaluationView => ({
  evaluator,
  judgement,
  reason,
  goal: goal === undefined ? null : judgedView(goal),
  guardrails: guardrails.map(judgedView),
  coverage: { canary: maybeNumber(coverage.canary), control: maybeNumber(coverage.control) }
})
