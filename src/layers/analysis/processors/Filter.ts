import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { field, optional } from "../../../domain/config/Fields.ts"
import { compileFilter, type ConditionGroup } from "../../../domain/ottl/Compile.ts"
import { Plan } from "../../../domain/ottl/Plan.ts"
import type { Signal } from "../../../domain/Signal.ts"
import {
  logConditions,
  LogProperties,
  metricConditions,
  MetricProperties,
  type Sides,
  spanConditions,
  SpanProperties
} from "./MatchProperties.ts"
import * as Component from "../../graph/Component.ts"
import { ErrorModeText, FailureLog, runPlan, toErrorMode, toIssues } from "../Ottl.ts"

const Texts = Schema.Array(Schema.String)

const Group = Schema.Struct({
  context: optional(Schema.String, "What the conditions are written for; inferred for each one from its paths if absent."),
  error_mode: optional(ErrorModeText, "Overrides the processor's `error_mode` for this group."),
  conditions: field(Texts, [], "An item for which one of these holds is dropped.")
})

const Conditions = Schema.Array(Schema.Union([Schema.String, Group]))

const byContext = (what: string) => optional(Texts, `Drops ${what} for which one of these conditions holds.`)

const Config = Schema.Struct({
  error_mode: field(
    ErrorModeText,
    "ignore",
    "What a failing condition does: `ignore` logs it and does not drop, `silent` does not drop, `propagate` fails the request."
  ),
  trace_conditions: field(Conditions, [], "Conditions on resources, scopes, spans and span events; what they hold for is dropped."),
  metric_conditions: field(Conditions, [], "Conditions on resources, scopes, metrics and data points."),
  log_conditions: field(Conditions, [], "Conditions on resources, scopes and log records."),
  traces: optional(
    Schema.Struct({ resource: byContext("resources"), span: byContext("spans"), spanevent: byContext("span events") }),
    "The older form of `trace_conditions`, sorted by context."
  ),
  metrics: optional(
    Schema.Struct({
      resource: byContext("resources"),
      metric: byContext("metrics"),
      datapoint: byContext("data points"),
      include: optional(MetricProperties, "The oldest form: metrics that do not match are dropped."),
      exclude: optional(MetricProperties, "The oldest form: metrics that match are dropped."),
      regexp: optional(Schema.Unknown, "Accepted, without effect: matching needs no cache.")
    }),
    "The older form of `metric_conditions`, sorted by context."
  ),
  logs: optional(
    Schema.Struct({
      resource: byContext("resources"),
      log_record: byContext("log records"),
      include: optional(LogProperties, "The oldest form: log records that do not match are dropped."),
      exclude: optional(LogProperties, "The oldest form: log records that match are dropped.")
    }),
    "The older form of `log_conditions`, sorted by context."
  ),
  spans: optional(
    Schema.Struct({
      include: optional(SpanProperties, "Spans that do not match are dropped."),
      exclude: optional(SpanProperties, "Spans that match are dropped.")
    }),
    "The oldest form of `trace_conditions`."
  )
}).check(
  Schema.makeFilter((config) =>
    (["traces", "metrics", "logs"] as const).flatMap((signal) => {
      const wrong = styleIssue(signal, config)
      if (wrong !== undefined) return [wrong]
      const groups = groupsOf(signal, config)
      const compiled = compileFilter(
        signal,
        groups.map(({ group }) => group)
      )
      return compiled instanceof Plan ? [] : toIssues(compiled, ([group, part, index]) => groups[group as number]!.place(part, index))
    })
  )
)

interface ByContext {
  readonly [context: string]: unknown
}

interface Config {
  readonly error_mode: string
  readonly trace_conditions: typeof Conditions.Type
  readonly metric_conditions: typeof Conditions.Type
  readonly log_conditions: typeof Conditions.Type
  readonly traces?: ByContext
  readonly metrics?: ByContext & Sides<typeof MetricProperties.Type>
  readonly logs?: ByContext & Sides<typeof LogProperties.Type>
  readonly spans?: Sides<typeof SpanProperties.Type>
}

const contexts = ["resource", "span", "spanevent", "metric", "datapoint", "log_record"]

/** The sections that hold conditions by context, and properties in the oldest form. */
const sidesOf = (signal: Signal, { spans = {}, metrics = {}, logs = {} }: Config) =>
  signal === "traces"
    ? { section: "spans", sides: spans, conditions: spanConditions(spans) }
    : signal === "metrics"
      ? { section: "metrics", sides: metrics, conditions: metricConditions(metrics) }
      : { section: "logs", sides: logs, conditions: logConditions(logs) }

const keys = { traces: "trace_conditions", metrics: "metric_conditions", logs: "log_conditions" } as const

const styleIssue = (signal: Signal, config: Config) => {
  const entries = config[keys[signal]]
  if (config[signal] !== undefined && entries.length > 0) {
    return { path: [signal], issue: `${keys[signal]} or ${signal}, not both` }
  }
  const { section, sides } = sidesOf(signal, config)
  const side = sides.include === undefined ? "exclude" : "include"
  if (sides[side] !== undefined && (entries.length > 0 || contexts.some((context) => config[signal]?.[context] !== undefined))) {
    return { path: [section, side], issue: `conditions or ${section}.${side}, not both` }
  }
  const other = entries.findIndex((entry) => typeof entry !== typeof entries[0])
  return other < 0 ? undefined : { path: [keys[signal], other], issue: "conditions or groups of conditions, not both in one list" }
}

interface Placed {
  readonly group: ConditionGroup
  /** The place in the configuration of a part of the group. */
  readonly place: (part?: string | number, index?: string | number) => ReadonlyArray<PropertyKey>
}

const groupsOf = (signal: Signal, config: Config): ReadonlyArray<Placed> => {
  const errorMode = toErrorMode(config.error_mode)
  const key = keys[signal]
  const placed = config[key].map((entry, i): Placed => {
    if (typeof entry === "string") return { group: { conditions: [entry], errorMode }, place: () => [key, i] }
    const mode = entry.error_mode === undefined ? errorMode : toErrorMode(entry.error_mode)
    return {
      group: { context: entry.context, conditions: entry.conditions, errorMode: mode },
      place: (part, index) => [key, i, ...[part, index].filter((step) => step !== undefined)]
    }
  })
  for (const name of contexts) {
    const conditions = config[signal]?.[name] as ReadonlyArray<string> | undefined
    if (conditions === undefined) continue
    const context = name === "log_record" ? "log" : name
    placed.push({ group: { context, conditions, errorMode }, place: (_part, index) => [signal, name, index ?? 0] })
  }
  const { section, conditions } = sidesOf(signal, config)
  for (const { context, condition, side } of conditions) {
    placed.push({ group: { context, conditions: [condition], errorMode }, place: () => [section, side] })
  }
  return placed
}

/**
 * Drops what its conditions hold for, and the resources, scopes and metrics that are left empty.
 *
 * Reads every batch; emits the same one if nothing is dropped, else one with new bytes, or nothing. Full: never, it holds nothing.
 * Fails: a condition that fails under `propagate` turns the request away. Closes: nothing to do.
 */
export const filter = Component.processor({
  type: "filter",
  description: "Drops spans, span events, metrics, data points and log records by OTTL conditions.",
  signals: ["traces", "metrics", "logs"],
  config: Config,
  make: (config, { id, signal }) =>
    Effect.gen(function* () {
      const compiled = compileFilter(
        signal,
        groupsOf(signal, config).map(({ group }) => group)
      )
      // The schema has compiled the same texts already; what it let through compiles.
      const plan = compiled instanceof Plan ? compiled : yield* Effect.die(compiled)
      const log = new FailureLog(id, yield* Effect.context<never>(), plan)
      return {
        _tag: "Pure",
        drops: "filtered",
        process: (batch) => {
          const result = runPlan(plan, batch)
          log.check()
          return result
        }
      }
    })
})
