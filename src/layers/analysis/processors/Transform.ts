import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { field, optional } from "../../../domain/config/Fields.ts"
import { compileStatements, type StatementGroup } from "../../../domain/ottl/Compile.ts"
import { Plan } from "../../../domain/ottl/Plan.ts"
import type { Signal } from "../../../domain/Signal.ts"
import * as Component from "../../graph/Component.ts"
import { ErrorModeText, FailureLog, runPlan, toErrorMode, toIssues } from "../Ottl.ts"

const Group = Schema.Struct({
  context: optional(Schema.String, "What the statements are written for (`span`, `log`, ...); inferred from the paths if absent."),
  error_mode: optional(ErrorModeText, "Overrides the processor's `error_mode` for this group."),
  conditions: field(
    Schema.Array(Schema.String),
    [],
    "The statements run for items for which one of these holds; for all if there are none."
  ),
  statements: field(Schema.Array(Schema.String), [], "The statements, run in order.")
})

const Statements = Schema.Array(Schema.Union([Schema.String, Group]))

const keys = { traces: "trace_statements", metrics: "metric_statements", logs: "log_statements" } as const

const Config = Schema.Struct({
  error_mode: field(
    ErrorModeText,
    "ignore",
    "What a failing statement does: `ignore` logs it and goes on, `silent` goes on, `propagate` fails the request."
  ),
  trace_statements: field(Statements, [], "Statements for traces: a list of texts, or of groups."),
  metric_statements: field(Statements, [], "Statements for metrics."),
  log_statements: field(Statements, [], "Statements for logs.")
}).check(
  Schema.makeFilter((config) => [
    ...mixedStyles(config),
    ...(["traces", "metrics", "logs"] as const).flatMap((signal) => {
      const compiled = compile(signal, config)
      return compiled instanceof Plan ? [] : toIssues(compiled, (path) => placeOf(signal, config, path))
    })
  ])
)

interface Config {
  readonly error_mode: string
  readonly trace_statements: typeof Statements.Type
  readonly metric_statements: typeof Statements.Type
  readonly log_statements: typeof Statements.Type
}

/** Texts behind groups form one group more; groups behind texts are refused, as the collector does. */
const mixedStyles = (config: Config) =>
  Object.values(keys).flatMap((key) => {
    const firstText = config[key].findIndex((entry) => typeof entry === "string")
    const group = firstText < 0 ? -1 : config[key].findIndex((entry, i) => i > firstText && typeof entry !== "string")
    return group < 0 ? [] : [{ path: [key, group], issue: "statements or groups of statements, not both in one list" }]
  })

const groupsOf = (signal: Signal, config: Config): ReadonlyArray<StatementGroup> => {
  const errorMode = toErrorMode(config.error_mode)
  const groups: Array<StatementGroup> = []
  const texts: Array<string> = []
  for (const entry of config[keys[signal]]) {
    if (typeof entry === "string") texts.push(entry)
    else {
      const mode = entry.error_mode === undefined ? errorMode : toErrorMode(entry.error_mode)
      groups.push({ context: entry.context, conditions: entry.conditions, statements: entry.statements, errorMode: mode })
    }
  }
  if (texts.length > 0) groups.push({ conditions: [], statements: texts, errorMode })
  return groups
}

const compile = (signal: Signal, config: Config) => compileStatements(signal, groupsOf(signal, config))

const contextOf = (entries: typeof Statements.Type, at: number): ReadonlyArray<PropertyKey> => {
  const entry = entries[at]
  return typeof entry === "object" && entry.context !== undefined ? ["context"] : ["statements", 0]
}

/** The place in the configuration of `[group, part, index]`. */
const placeOf = (signal: Signal, config: Config, path: ReadonlyArray<string | number>): ReadonlyArray<PropertyKey> => {
  const entries = config[keys[signal]]
  const objects = entries.flatMap((entry, i) => (typeof entry === "string" ? [] : [i]))
  const [group, part, index] = path as readonly [number, string?, number?]
  // Without a part it is about the context: the one that is named, or the one that the first statement leads to.
  if (group < objects.length)
    return [keys[signal], objects[group]!, ...(part === undefined ? contextOf(entries, objects[group]!) : [part, index!])]
  const texts = entries.flatMap((entry, i) => (typeof entry === "string" ? [i] : []))
  return [keys[signal], texts[index ?? 0]!]
}

/**
 * Edits telemetry with OTTL statements, on its bytes.
 *
 * Reads every batch; emits the same one if no statement changed anything, else one with new bytes. Full: never, it holds nothing.
 * Fails: a statement that fails under `propagate` turns the request away. Closes: nothing to do.
 */
export const transform = Component.processor({
  type: "transform",
  description: "Changes spans, metrics and log records with OTTL statements.",
  signals: ["traces", "metrics", "logs"],
  config: Config,
  make: (config, { id, signal }) =>
    Effect.gen(function* () {
      const compiled = compile(signal, config)
      // The schema has compiled the same texts already; what it let through compiles.
      const plan = compiled instanceof Plan ? compiled : yield* Effect.die(compiled)
      const log = new FailureLog(id, yield* Effect.context<never>(), plan)
      return {
        _tag: "Pure",
        process: (batch) => {
          const result = runPlan(plan, batch)
          log.check()
          return result
        }
      }
    })
})
