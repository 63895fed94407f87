import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { load } from "../../../../src/domain/config/Load.ts"
import { formatProblems } from "../../../../src/domain/config/Problem.ts"
import { Source } from "../../../../src/domain/config/Source.ts"
import { builtIn } from "../../../../src/layers/BuiltIn.ts"
import { Components } from "../../../../src/layers/graph/Components.ts"

const problemsOf = (filter: string) =>
  Effect.gen(function* () {
    const text = `receivers: {otlp: {protocols: {http: }}}
processors:
  filter: ${filter}
exporters: {debug: }
service: {pipelines: {traces: {receivers: [otlp], processors: [filter], exporters: [debug]}}}`
    const lookups = { env: () => undefined, file: () => ({ problem: "none" }) }
    const result = load([new Source("weir.yaml", text)], lookups, yield* Components)
    return Result.isSuccess(result) ? "" : formatProblems(result.failure)
  }).pipe(Effect.provide(Components.layer(...builtIn)))

describe("include and exclude of the filter processor", () => {
  it.effect.each([
    [
      "{spans: {include: {match_type: expr, services: [a]}}}",
      /3:\d+: .*spans\.include\.match_type is not right: "expr"[^]*strict or regexp \("expr" is not available: write conditions instead\)/
    ],
    ["{spans: {include: {services: [a]}}}", /spans\.include lacks "match_type"/],
    ["{metrics: {exclude: {match_type: strict, expressions: [true]}}}", /metrics\.exclude\.expressions/],
    [
      "{spans: {include: {match_type: regexp, services: [a, '(']}}}",
      /weir\.yaml:3:\d+: error: processor "filter"\.spans\.include\.services\.1 is not right: "\("[^]*a regular expression/
    ],
    ["{spans: {include: {match_type: regexp, libraries: [{name: '['}]}}}", /spans\.include\.libraries\.0\.name is not right/],
    [
      "{logs: {exclude: {match_type: regexp, record_attributes: [{key: a, value: 1}]}}}",
      /record_attributes\.0\.value is not right: 1[^]*a text/
    ],
    ["{spans: {exclude: {match_type: strict}}}", /spans\.exclude is not right[^]*at least one of services/],
    ["{spans: {exclude: {match_type: strict, span_kinds: [server]}}}", /span_kinds\.0 is not right: "server"[^]*SPAN_KIND_SERVER/],
    ["{logs: {exclude: {match_type: strict, severity_number: {min: LOUD}}}}", /severity_number\.min is not right: "LOUD"/],
    ["{logs: {exclude: {match_type: strict, bodies: [a]}, log_record: ['true']}}", /conditions or logs\.exclude, not both/],
    [
      "{metrics: {include: {match_type: strict, metric_names: [a]}}, metric_conditions: ['true']}",
      /metric_conditions or metrics, not both/
    ],
    ["{spans: {include: {match_type: strict, services: [a]}}, traces: {span: ['true']}}", /conditions or spans\.include, not both/]
  ] as const)("%s is refused", ([settings, expected]) => Effect.map(problemsOf(settings), (problems) => assert.match(problems, expected)))

  it.effect.each([
    "{metrics: {include: {match_type: regexp, metric_names: [a], regexp: {cacheenabled: true, cachemaxnumentries: 9}}, regexp: }}",
    "{spans: {include: {match_type: strict, services: [a]}, exclude: {match_type: regexp, span_names: ['^x']}}}",
    "{logs: {include: {match_type: strict}}}"
  ])("%s is accepted", (settings) => Effect.map(problemsOf(settings), (problems) => assert.strictEqual(problems, "")))
})
