import * as Schema from "effect/Schema"
import { Duration, field, optional } from "../../../domain/config/Fields.ts"
import { metricNames } from "../../../domain/loop/Metric.ts"
import type { Plan } from "../../../domain/loop/Plan.ts"

const Labels = Schema.Record(Schema.String, Schema.String)
const Metric = Schema.Literals(metricNames)
const by = field(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(128)), "api", "Who wants it, for the journal.")
const reason = field(Schema.String.check(Schema.isMaxLength(1000)), "", "Why, for the journal.")

const PatchInput = Schema.Struct({
  merge: field(
    Schema.Record(Schema.String, Schema.Json),
    {},
    "Partial configuration, merged over the agent's: maps merge, lists are replaced."
  ),
  append: field(
    Schema.Array(Schema.Struct({ path: Schema.Array(Schema.String).check(Schema.isMinLength(1)), value: Schema.Json })),
    [],
    "Elements added at the end of lists; a list that is absent is made."
  )
})

/** How a change is to be tried. What is left out: all agents, no goal but the guardrails that are built in, until it is taken back. */
export const PlanInput = Schema.Struct({
  scope: field(Labels, {}, "Labels that an agent must have."),
  goal: optional(
    Schema.Struct({
      metric: Metric,
      direction: Schema.Literals(["down", "up"]),
      at_least: field(Schema.Finite.check(Schema.isGreaterThan(0)), 0.1, "The smallest effect worth having, relative to the control.")
    }),
    "What the change is for; without one it passes if it crosses no guardrail."
  ),
  narrowing: optional(
    Schema.Struct({
      tenant: Schema.optionalKey(Schema.String),
      service: Schema.optionalKey(Schema.String),
      signal: Schema.optionalKey(Schema.Literals(["traces", "metrics", "logs"]))
    }),
    "What the goal's metric is taken of; all data by default."
  ),
  look_after: field(Duration, "5m", "When the arms are compared, counted from the last canary agent's APPLIED."),
  guardrails: field(
    Schema.Array(
      Schema.Struct({
        metric: Metric,
        of: field(Schema.Literals(["canary", "difference"]), "canary", "Over the canary arm, or relative to the control."),
        min: Schema.optionalKey(Schema.Finite),
        max: Schema.optionalKey(Schema.Finite)
      })
    ),
    [],
    "More bounds than the built-in ones."
  ),
  canary: optional(
    Schema.Union([
      Schema.Struct({ count: Schema.Int.check(Schema.isGreaterThanOrEqualTo(2)) }),
      Schema.Struct({ fraction: Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThan(1)) })
    ]),
    "How many agents get it first; by default a tenth, at least two and at most half."
  ),
  ttl: optional(Duration, "How long a promoted change lives; without one until it is taken back."),
  cooldown: field(Duration, "30m", "How long the same change is not tried again after it was taken back."),
  priority: field(Schema.Int, 0, "Of proposals at one moment the highest goes first.")
}).annotate({ identifier: "PlanInput" })

/** The plan that an input stands for. */
export const planOf = ({ goal, guardrails, canary, narrowing, ...input }: typeof PlanInput.Type): Plan => ({
  scope: input.scope,
  goal:
    goal === undefined
      ? undefined
      : { metric: goal.metric, direction: goal.direction, atLeast: goal.at_least, narrow: Object.keys(narrowing ?? {}).length > 0 },
  narrowing: narrowing ?? {},
  lookAfterMillis: input.look_after,
  guardrails: guardrails.map(({ metric, of, min, max }) => ({ metric, of, min, max })),
  canary:
    canary === undefined
      ? { kind: "default" }
      : "count" in canary
        ? { kind: "count", count: canary.count }
        : { kind: "fraction", fraction: canary.fraction },
  timeToLiveMillis: input.ttl ?? null,
  cooldownMillis: input.cooldown,
  priority: input.priority
})

export const Propose = Schema.Struct({ patch: PatchInput, plan: field(PlanInput, {}, "How it is to be tried."), reason, by })

/** Who wants something done, and why. */
export const Wish = Schema.Struct({ reason, by })

export const Push = Schema.Struct({
  agents: Schema.Union([
    Schema.Struct({ instance_uid: Schema.String }),
    Schema.Struct({ labels: Labels.annotate({ description: "All have to match; none means every agent." }) })
  ]),
  document: Schema.String.annotate({
    description: "Partial YAML of a collector, merged over the agents' files; empty takes a pushed one back."
  }),
  now: field(Schema.Boolean, false, "Desired at once; otherwise a rollout is proposed."),
  plan: field(PlanInput, {}, "How it is to be tried, without `now`; its scope is `agents`."),
  reason,
  by
})

/** What became of a command. */
export const Accepted = Schema.Struct({
  rollout: Schema.NullOr(Schema.String).annotate({ description: "The rollout that it was about, or that was made." }),
  agents: Schema.Array(
    Schema.Struct({
      instance_uid: Schema.String,
      status: Schema.Literals(["online", "stale", "offline"]),
      desired_hash: Schema.NullOr(Schema.String).annotate({ description: "What it will report APPLIED or FAILED of." })
    })
  ).annotate({ description: "The agents that were meant, of a push at once." })
})
export type Accepted = typeof Accepted.Type
