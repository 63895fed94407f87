import * as Schema from "effect/Schema"
import type { Window } from "../../../domain/loop/Evaluation.ts"
import { metricNames } from "../../../domain/loop/Metric.ts"
import type { Plan } from "../../../domain/loop/Plan.ts"
import type { Revision } from "../../../domain/loop/Revision.ts"
import type { Rollout, Stage } from "../../../domain/loop/Rollout.ts"
import { MaybeNumber, maybeNumber, Signal, Subject, subjectView, UnixMillis } from "./Basics.ts"
import { EvaluationView, evaluationView, Judgement } from "./EvaluationView.ts"

const Labels = Schema.Record(Schema.String, Schema.String)

export const PatchView = Schema.Struct({
  merge: Schema.Record(Schema.String, Schema.Json),
  append: Schema.Array(Schema.Struct({ path: Schema.Array(Schema.String), value: Schema.Json }))
})

export const RevisionView = Schema.Struct({
  id: Schema.String,
  patch: PatchView,
  parents: Schema.Array(Schema.String),
  author: Schema.Struct({ kind: Schema.Literals(["rule", "person"]), name: Schema.String }),
  reason: Schema.String,
  time_to_live_millis: MaybeNumber.annotate({ description: "`null`: until somebody takes it back." }),
  created_at_unix_millis: UnixMillis
}).annotate({ identifier: "Revision" })
export type RevisionView = typeof RevisionView.Type

const PlanView = Schema.Struct({
  scope: Labels,
  goal: Schema.NullOr(
    Schema.Struct({
      metric: Schema.Literals(metricNames),
      direction: Schema.Literals(["down", "up"]),
      at_least: Schema.Finite,
      narrow: Schema.Boolean
    })
  ),
  narrowing: Schema.Struct({
    tenant: Schema.NullOr(Schema.String),
    service: Schema.NullOr(Schema.String),
    signal: Schema.NullOr(Signal)
  }),
  look_after_millis: Schema.Finite,
  guardrails: Schema.Array(
    Schema.Struct({
      metric: Schema.Literals(metricNames),
      of: Schema.Literals(["canary", "difference"]),
      min: MaybeNumber,
      max: MaybeNumber
    })
  ),
  canary: Schema.Struct({ fraction: MaybeNumber, count: MaybeNumber }),
  time_to_live_millis: MaybeNumber,
  cooldown_millis: Schema.Finite,
  priority: Schema.Finite
}).annotate({ identifier: "Plan" })

const StageName = Schema.Literals([
  "proposed",
  "applying",
  "observing",
  "held",
  "promoting",
  "promoted",
  "expired",
  "reverted",
  "refused",
  "aborted"
])

const WindowView = Schema.Struct({ from_unix_millis: UnixMillis, to_unix_millis: UnixMillis })

export const RolloutView = Schema.Struct({
  id: Schema.String,
  stage: StageName,
  stage_reason: Schema.String,
  stage_at_unix_millis: Schema.NullOr(UnixMillis).annotate({ description: "When the stage began, where that is kept." }),
  stage_deadline_unix_millis: Schema.NullOr(UnixMillis).annotate({ description: "When the stage ends at the latest." }),
  paused_since_unix_millis: Schema.NullOr(UnixMillis),
  rule: Schema.NullOr(Schema.String),
  finding: Schema.NullOr(Schema.String),
  subject: Schema.NullOr(Subject),
  revision: RevisionView,
  plan: PlanView,
  arms: Schema.Struct({
    canary: Schema.Array(Schema.String),
    control: Schema.Array(Schema.String),
    applied: Schema.Array(Schema.String).annotate({ description: "Agents that have reported APPLIED." })
  }),
  expires_at_unix_millis: Schema.NullOr(UnixMillis),
  trial: Schema.NullOr(
    Schema.Struct({ pre: WindowView, post: WindowView, next_look_unix_millis: UnixMillis }).annotate({
      description: "The comparison that runs: the windows, and when it is looked at next."
    })
  ),
  looks: Schema.Int,
  evaluation: Schema.NullOr(EvaluationView).annotate({ description: "Of the latest look." })
}).annotate({ identifier: "Rollout" })
export type RolloutView = typeof RolloutView.Type

export const RolloutDetail = Schema.Struct({
  ...RolloutView.fields,
  verdict: Schema.NullOr(
    Schema.Struct({ judgement: Judgement, reason: Schema.String, look: Schema.Int, at_unix_millis: UnixMillis })
  ).annotate({ description: "As the journal has it." })
})
export type RolloutDetail = typeof RolloutDetail.Type

export const revisionView = (revision: Revision): RevisionView => ({
  id: revision.id,
  patch: revision.patch,
  parents: revision.parents,
  author: revision.author,
  reason: revision.reason,
  time_to_live_millis: revision.timeToLiveMillis,
  created_at_unix_millis: revision.createdAt
})

const planView = (plan: Plan): typeof PlanView.Type => ({
  scope: plan.scope,
  goal:
    plan.goal === undefined
      ? null
      : { metric: plan.goal.metric, direction: plan.goal.direction, at_least: plan.goal.atLeast, narrow: plan.goal.narrow },
  narrowing: {
    tenant: plan.narrowing.tenant ?? null,
    service: plan.narrowing.service ?? null,
    signal: plan.narrowing.signal ?? null
  },
  look_after_millis: plan.lookAfterMillis,
  guardrails: plan.guardrails.map(({ metric, of, min, max }) => ({ metric, of, min: maybeNumber(min), max: maybeNumber(max) })),
  canary: {
    fraction: plan.canary.kind === "fraction" ? plan.canary.fraction : null,
    count: plan.canary.kind === "count" ? plan.canary.count : null
  },
  time_to_live_millis: plan.timeToLiveMillis,
  cooldown_millis: plan.cooldownMillis,
  priority: plan.priority
})

const stageView = (stage: Stage) => ({
  stage: stage._tag,
  stage_reason: "reason" in stage ? stage.reason : "",
  stage_at_unix_millis: "at" in stage ? stage.at : "since" in stage ? stage.since : null,
  stage_deadline_unix_millis: "deadline" in stage ? stage.deadline : "until" in stage ? stage.until : null
})

const windowView = ({ from, to }: Window) => ({ from_unix_millis: from, to_unix_millis: to })

export const rolloutView = (rollout: Rollout): RolloutView => ({
  id: rollout.id,
  ...stageView(rollout.stage),
  paused_since_unix_millis: rollout.pausedAt ?? null,
  rule: rollout.rule ?? null,
  finding: rollout.finding ?? null,
  subject: rollout.subject === undefined ? null : subjectView(rollout.subject),
  revision: revisionView(rollout.revision),
  plan: planView(rollout.plan),
  arms: { canary: rollout.canary, control: rollout.control, applied: rollout.applied },
  expires_at_unix_millis: rollout.expiresAt ?? null,
  trial:
    rollout.trial === undefined
      ? null
      : { pre: windowView(rollout.trial.pre), post: windowView(rollout.trial.post), next_look_unix_millis: rollout.trial.nextLook },
  looks: rollout.looks,
  evaluation: rollout.evaluation === undefined ? null : evaluationView(rollout.evaluation)
})
