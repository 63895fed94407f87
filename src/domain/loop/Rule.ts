import * as Schema from "effect/Schema"
import { Duration, field, optional, Positive, section } from "../config/Fields.ts"
import { formatBare } from "../ottl/OttlError.ts"
import { Condition } from "./Condition.ts"
import { metricNames } from "./Metric.ts"
import type { Json } from "./Patch.ts"
import { mistakesIn } from "./Template.ts"

const JsonValue: Schema.Codec<Json> = Schema.suspend(() =>
  Schema.Union([
    Schema.Null,
    Schema.Boolean,
    Schema.Finite,
    Schema.String,
    Schema.Array(JsonValue),
    Schema.Record(Schema.String, JsonValue)
  ])
)

const Labels = Schema.Record(Schema.String, Schema.String)
const Share = Schema.Finite.check(Schema.isGreaterThan(0))
const MetricText = Schema.Literals(metricNames)

const conditionExpected = "valid OTTL over finding.*"

/** The last step of an issue's path is the offset in the text. */
const When = Schema.String.check(
  Schema.makeFilter((text: string) => {
    const compiled = Condition.compile(text)
    return compiled instanceof Condition || { path: [compiled.offset], issue: `${conditionExpected}: ${formatBare(compiled)}` }
  })
)

const Action = Schema.Struct({
  merge: field(
    Schema.Record(Schema.String, JsonValue),
    {},
    "Partial configuration, merged over the agent's: maps merge, lists are replaced."
  ),
  append: field(
    Schema.Array(
      Schema.Struct({
        path: Schema.Array(Schema.String)
          .check(Schema.isMinLength(1))
          .annotate({ description: "From the root of the configuration to a list, which is made if it is absent." }),
        value: JsonValue.annotate({ description: "The element to add." })
      })
    ),
    [],
    "Elements added at the end of lists, so that several rules can add to one."
  )
}).check(
  Schema.makeFilter(({ append, merge }) => {
    if (Object.keys(merge).length === 0 && append.length === 0) return "something in merge or append"
    return mistakesIn({ append: append.map(({ path, value }) => ({ path, value })), merge }).map(({ path, offset, message }) => ({
      path: offset === undefined ? path : [...path, offset],
      issue: message
    }))
  })
)

const Goal = Schema.Struct({
  metric: Schema.Literals(metricNames).annotate({ description: "What is to change, compared between the canary agents and the control." }),
  direction: Schema.Literals(["down", "up"]).annotate({ description: "Where to." }),
  at_least: field(Share, 0.1, "The smallest effect worth having, relative to the control: 0.4 with `down` means 40 % less."),
  look_after: field(Duration, "5m", "When the arms are compared, counted from the last canary agent's APPLIED; the pre-period is as long."),
  narrow: field(Schema.Boolean, true, "Whether the metric is taken of the finding's tenant, service and signal, or of all data.")
}).check(
  Schema.makeFilter(
    ({ direction, at_least }) =>
      direction === "up" || at_least < 1 || { path: ["at_least"], issue: "less than 1: no metric can fall by more" }
  )
)

const Guardrail = Schema.Struct({
  metric: MetricText.annotate({ description: "What must stay in bounds; always taken of all data of the agents." }),
  of: field(
    Schema.Literals(["canary", "difference"]),
    "canary",
    "`canary`: the metric over the canary agents; `difference`: relative to the control (0.1 is 10 % more)."
  ),
  min: optional(Schema.Finite, "Smallest value that is allowed."),
  max: optional(Schema.Finite, "Largest value that is allowed.")
}).check(Schema.makeFilter(({ min, max }) => min !== undefined || max !== undefined || "min, max or both"))

const Canary = Schema.Struct({
  fraction: optional(
    Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThan(1)),
    "Part of the eligible agents, rounded down, at least two."
  ),
  count: optional(Positive.check(Schema.isGreaterThanOrEqualTo(2)), "Number of agents.")
}).check(Schema.makeFilter(({ fraction, count }) => fraction === undefined || count === undefined || "fraction or count, not both"))

/** What to do about findings of one kind. A name in `weir.rules` stands for one. */
export const Rule = Schema.Struct({
  when: When.annotate({
    description:
      "OTTL condition over `finding.kind`, `detector`, `score`, `value`, `expected`, `duration` (seconds) and `subject.tenant`, `service`, `signal`."
  }),
  mode: field(
    Schema.Literals(["propose", "act"]),
    "propose",
    "`propose` waits for a person's approval; `act` starts at once where there are at least two canary and two control agents."
  ),
  scope: section(
    Schema.Struct({ agents: field(Labels, {}, "Labels (attributes of the agent's description) that an agent must have.") }),
    "The agents that the change is for."
  ),
  action: Action.annotate({ description: "The change." }),
  goal: Goal.annotate({ description: "What the change is for: it is taken back where it is not reached." }),
  guardrails: field(
    Schema.Array(Guardrail),
    [],
    "More bounds than the built-in ones (error spans and slow traces kept, nothing lost, applied everywhere, no agent gone)."
  ),
  canary: section(Canary, "How many agents get it first; by default a tenth, at least two and at most half."),
  ttl: field(Duration, "1h", "How long a promoted change lives."),
  cooldown: field(Duration, "30m", "How long the rule rests, and the same change is not tried again, after it was taken back."),
  priority: field(Schema.Int, 0, "Of rules that fire at one moment the highest goes first.")
})
export type Rule = typeof Rule.Type

export const Rules = Schema.Record(Schema.String, Rule)
export type Rules = typeof Rules.Type
