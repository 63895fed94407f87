import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Batch } from "../../../domain/Batch.ts"
import type { RefersTo } from "../../../domain/config/ComponentType.ts"
import { field, optional } from "../../../domain/config/Fields.ts"
import { formatBare, type OttlError } from "../../../domain/ottl/OttlError.ts"
import { PlanFailure } from "../../../domain/ottl/Plan.ts"
import { compileRoutes, Routes } from "../../../domain/ottl/Routes.ts"
import { type Signal, signals } from "../../../domain/Signal.ts"
import * as Component from "../../graph/Component.ts"
import { ComponentError } from "../../graph/ComponentError.ts"
import { ErrorModeText, toErrorMode, toIssues, toRefusal } from "../Ottl.ts"

const Pipelines = Schema.Array(Schema.String)

const Row = Schema.Struct({
  context: optional(
    Schema.String,
    "What the condition is asked of: `resource`, `span`, `metric`, `datapoint`, `log` or `request`; inferred if absent."
  ),
  condition: optional(Schema.String, 'An OTTL condition, or for `request` a comparison such as `request["x-tenant"] == "acme"`.'),
  statement: optional(Schema.String, "The older form of `condition`: `route() where ...`."),
  action: field(Schema.Literals(["move"]), "move", "What matches goes to `pipelines` and nowhere else."),
  pipelines: field(Pipelines, [], "Where to.")
})

const Config = Schema.Struct({
  error_mode: field(
    ErrorModeText,
    "propagate",
    "What a failing condition does: `propagate` fails the request, `ignore` and `silent` count as no match."
  ),
  default_pipelines: field(Pipelines, [], "Where what no row matches goes; without any it is dropped."),
  table: field(Schema.Array(Row), [], "The rows, tried in order; the first match wins.")
}).check(
  Schema.makeFilter((config) => {
    const wrong = config.table.flatMap((row, i): ReadonlyArray<{ readonly path: ReadonlyArray<PropertyKey>; readonly issue: string }> => {
      const path = ["table", i]
      const text = row.condition ?? row.statement
      if (text === undefined || (row.condition !== undefined && row.statement !== undefined)) {
        return [{ path, issue: "either a condition or a statement" }]
      }
      const same = config.table.findIndex((other) => (other.condition ?? other.statement) === text && other.context === row.context)
      if (same < i) return [{ path, issue: `each condition once; row ${same + 1} has the same` }]
      if (row.context === "request") {
        return requestTest(text) === undefined
          ? [{ path: [...path, partOf(row)], issue: 'a comparison such as request["x-tenant"] == "acme"' }]
          : []
      }
      return []
    })
    return wrong.length > 0 ? wrong : toIssues(mistakes(config), (path) => ["table", ...path])
  })
)

type Row = typeof Row.Type

const partOf = (row: Row): string => (row.statement === undefined ? "condition" : "statement")

/** The one form that the request context knows: a header compared with a text. */
const requestTest = (text: string): { readonly header: string; readonly equal: boolean; readonly value: string } | undefined => {
  const match = /^\s*(?:route\(\)\s+where\s+)?request\["([^"]+)"\]\s*(==|!=)\s*"([^"]*)"\s*$/.exec(text)
  return match === null ? undefined : { header: match[1]!.toLowerCase(), equal: match[2] === "==", value: match[3]! }
}

const compile = (signal: Signal, config: typeof Config.Type) =>
  compileRoutes(
    signal,
    config.table.map((row) => (row.context === "request" ? undefined : row)),
    toErrorMode(config.error_mode) === "propagate"
  )

/** What is wrong with a row whichever signal it is asked of, told as of the signal that gets furthest with it. */
const mistakes = (config: typeof Config.Type): ReadonlyArray<OttlError> => {
  const bySignal = signals.map((signal) => {
    const routes = compile(signal, config)
    return routes instanceof Routes ? [] : routes
  })
  return config.table.flatMap((_row, i) => {
    const ofRow = bySignal.map((errors) => errors.filter(({ path }) => path[0] === i))
    if (ofRow.some((errors) => errors.length === 0)) return []
    return ofRow.reduce((best, errors) => (errors[0]!.offset > best[0]!.offset ? errors : best))
  })
}

/** Every pipeline that is named, with its place. */
const targetsOf = (config: typeof Config.Type): ReadonlyArray<RefersTo> =>
  [
    { path: ["default_pipelines"], names: config.default_pipelines },
    ...config.table.map(({ pipelines }, i) => ({ path: ["table", i, "pipelines"], names: pipelines }))
  ].flatMap(({ names, path }) => names.map((pipeline, i) => ({ path: [...path, i], pipeline })))

/**
 * Sends telemetry to pipelines by OTTL conditions, by resource, scope, metric or item.
 *
 * Reads every batch; emits it whole where all of it goes one way, else its pieces: whole resource groups on the same memory where only
 * resources are asked, rebuilt ones otherwise. Full and closes: it holds nothing. Fails: a condition that fails under `propagate` turns
 * the request away. What goes nowhere is dropped as `unroutable`.
 */
export const routing = Component.connector({
  type: "routing",
  description: "Sends telemetry to different pipelines by conditions on resources, scopes, metrics or items.",
  signals: ["traces", "metrics", "logs"],
  config: Config,
  refersTo: targetsOf,
  make: (config, { id, pipelines, signal }) =>
    Effect.gen(function* () {
      const fail = (path: RefersTo["path"], message: string) => new ComponentError({ component: id, path, message })
      const unknown = targetsOf(config).find(({ pipeline }) => !pipelines.includes(pipeline))
      if (unknown !== undefined) {
        const message = `pipeline ${unknown.pipeline} does not read from this connector: expected one of ${pipelines.join(", ")}`
        return yield* fail(unknown.path, message)
      }
      const routes = compile(signal, config)
      if (!(routes instanceof Routes)) {
        return yield* fail(["table", ...routes[0]!.path, routes[0]!.offset], `expected valid OTTL: ${routes.map(formatBare).join("; ")}`)
      }
      const requests = config.table.map((row) => (row.context === "request" ? requestTest((row.condition ?? row.statement)!) : undefined))
      const requestRow = (batch: Batch): number =>
        requests.findIndex((test) => {
          if (test === undefined) return false
          const values = batch.origin.metadata[test.header]
          return test.equal ? values?.includes(test.value) === true : values !== undefined && !values.includes(test.value)
        })
      return {
        route: (batch, emit, drop) => {
          const whole = requestRow(batch)
          const pieces = routes.split(batch.chunks, whole < 0 ? undefined : whole)
          if (pieces instanceof PlanFailure) {
            batch.lease.release()
            return toRefusal(pieces)
          }
          // Pieces without memory of their own hold the batch's; the hold that came with it goes when all have theirs.
          const cut = pieces.map(({ chunks, items, lease, route, sizeBytes }) => {
            if (lease === undefined) batch.lease.retain()
            return { route, piece: new Batch(batch.origin, chunks, items, sizeBytes, lease ?? batch.lease, batch.ack) }
          })
          batch.lease.release()
          for (const { piece, route } of cut) {
            const names = route < 0 ? config.default_pipelines : config.table[route]!.pipelines
            if (names.length === 0) drop(piece, "unroutable")
            else piece.lease.retain(names.length - 1)
            for (const name of names) emit(name, piece)
          }
          return undefined
        }
      }
    })
})
