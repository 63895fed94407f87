import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { load } from "../../../src/domain/config/Load.ts"
import { formatProblem } from "../../../src/domain/config/Problem.ts"
import { Source } from "../../../src/domain/config/Source.ts"
import { builtIn } from "../../../src/layers/BuiltIn.ts"
import { Components } from "../../../src/layers/graph/Components.ts"

const service = `receivers: {otlp: {protocols: {grpc: }}}
exporters: {debug: }
`

const lookups = { env: (name: string) => (name === "STATEMENT" ? "set(span.nmae, 1)" : undefined), file: () => ({ problem: "none" }) }

/** The places and expectations of everything that is wrong with a component, in lines and columns of its own text. */
const mistakesOf = (section: string) =>
  Effect.gen(function* () {
    const registry = yield* Components
    const result = load([new Source("weir.yaml", `${service}${section}\nservice: {pipelines: {}}\n`)], lookups, registry)
    return Result.isSuccess(result)
      ? []
      : result.failure.flatMap((problem) => {
          const [, line, column] = /^weir\.yaml:(\d+):(\d+)/.exec(formatProblem(problem)) ?? []
          return problem.hint?.includes("OTTL") === true ? [`${Number(line) - 2}:${column}`] : []
        })
  }).pipe(Effect.provide(Components.layer(...builtIn)))

describe("OTTL mistakes in a configuration", () => {
  it.effect.each([
    [
      "a flat list",
      `processors:
  transform:
    trace_statements:
      - set(span.nmae, 1)
      - 'sett(span.attributes["it''s"], 1)'
      - "set(span.attributes[\\"a\\"], span.nmae)"
      - set(span.name, "a"
`,
      ["4:13", "5:10", "6:38", "7:27"]
    ],
    [
      "groups and blocks",
      `processors:
  transform:
    log_statements:
      - context: log
        conditions: [bdy == 1, 'body == nil']
        statements:
          - |
            set(body, 1)
            where bdy == 1
          - >-
            set(attributes["a"],
            boddy)
`,
      ["5:22", "9:19", "12:13"]
    ],
    [
      "filter",
      `processors:
  filter/new:
    trace_conditions:
      - span.nmae == "a"
  filter/groups:
    log_conditions:
      - {context: log, conditions: ["bdy == 1"]}
  filter/old:
    traces:
      span: [name == "a", nmae == "a"]
`,
      ["4:9", "7:38", "10:27"]
    ],
    [
      "routing",
      `connectors:
  routing:
    table:
      - condition: attributes["a"] == "b"
      - {context: span, condition: name == 1 and nmae == "a", pipelines: []}
      - statement: route() where attribtes["a"] == 1
      - {context: datapoint, condition: nmae == "a", pipelines: []}
`,
      ["5:50", "6:34", "7:41"]
    ],
    ["a variable, as a whole", "processors:\n  transform:\n    trace_statements: ['${env:STATEMENT}']\n", ["3:24"]]
  ] as const)("stand at their own line and column: %s", ([, section, places]) =>
    Effect.gen(function* () {
      assert.sameMembers(yield* mistakesOf(section), [...places])
    })
  )
})

/** Every error of a configuration, as `line:column message (hint)`. */
const errorsOf = (text: string) =>
  Effect.gen(function* () {
    const result = load([new Source("weir.yaml", text)], lookups, yield* Components)
    const problems = Result.isSuccess(result) ? [] : result.failure.filter(({ severity }) => severity === "error")
    return problems.map((problem) => {
      const [, place] = /^weir\.yaml:(\d+:\d+)/.exec(formatProblem(problem)) ?? []
      return `${place} ${problem.message} (${problem.hint})`
    })
  }).pipe(Effect.provide(Components.layer(...builtIn)))

const piped = (components: string, traces: string, more = "") =>
  `${service}${components}service: {pipelines: {traces: {receivers: [otlp], ${traces}}${more}}}
`

describe("several mistakes in one component", () => {
  it.effect("are told at once, whether they are of one setting or of several that make sense together", () =>
    Effect.gen(function* () {
      const text = `processors:
  transform:
    error_mode: ignroe
    trace_statements:
      - set(span.nmae, 1)
      - {error_mode: sielnt, context: spna, statements: ['set(name, "a")']}
  filter:
    error_mode: ignroe
    trace_conditions: [span.nmae == "a"]
`
      const errors = yield* errorsOf(piped(text, "processors: [transform, filter], exporters: [debug]"))
      assert.sameMembers(
        errors.map((line) => line.replace(/ is not right.*expected /, ": ")),
        [
          '5:17 processor "transform".error_mode: ignore, silent or propagate)',
          '7:13 processor "transform".trace_statements.0: valid OTTL: 1:5: unknown path span.nmae; did you mean span.name?)',
          '8:22 processor "transform".trace_statements.1.error_mode: ignore, silent or propagate)',
          '8:39 processor "transform".trace_statements.1.context: resource, scope, span, spanevent; did you mean span?)',
          '10:17 processor "filter".error_mode: ignore, silent or propagate)',
          '11:24 processor "filter".trace_conditions.0: valid OTTL: 1:1: unknown path span.nmae; did you mean span.name?)'
        ]
      )
    })
  )

  it.effect("are told at once in one list too, each at its place", () =>
    Effect.gen(function* () {
      const text = `processors:
  transform:
    trace_statements: [5, 'sett(span.name, "a")', {statementz: []}, {context: spna, statements: ['set(name, "a")']}]
  filter: {trace_conditions: [7, 8, 'span.nmae == "a"']}
`
      const errors = yield* errorsOf(piped(text, "processors: [transform, filter], exporters: [debug]"))
      assert.deepStrictEqual(errors.map((line) => line.split(" ", 1)[0]!).toSorted(), [
        "5:24",
        "5:28",
        "5:52",
        "5:79",
        "6:31",
        "6:34",
        "6:38"
      ])
    })
  )

  it.effect("are no more than there are: what is left out to look further makes none", () =>
    Effect.gen(function* () {
      const table = "[{condition: 1, pipelines: [traces/b]}, {condition: 'resource.attributes[\"a\"] == 1', pipelines: [traces/b]}]"
      const text = `connectors: {routing: {eror_mode: ignore, table: ${table}}}\n`
      const errors = yield* errorsOf(piped(text, "exporters: [routing]", ", traces/b: {receivers: [routing], exporters: [debug]}"))
      assert.strictEqual(errors.length, 2)
      assert.match(errors[0]!, /^3:67 .*table.0.condition is not right|unknown key "eror_mode"/)
    })
  )
})

describe("pipelines that routing names", () => {
  const routing = (settings: string) => `connectors: {routing: {${settings}}}
`
  const targets =
    "default_pipelines: [traces/bb], table: [{condition: resource.dropped_attributes_count == 1, pipelines: [traces/b, traces/c, logs/d]}]"

  it.effect("are all looked at: whether there are such, read from it, and carry what is sent into it", () =>
    Effect.gen(function* () {
      const pipelines = `, traces/b: {receivers: [routing], exporters: [debug]}, traces/c: {receivers: [otlp], exporters: [debug]}
  , logs/a: {receivers: [otlp], exporters: [routing]}, logs/d: {receivers: [routing], exporters: [debug]}`
      assert.deepStrictEqual(yield* errorsOf(piped(routing(targets), "exporters: [routing]", pipelines)), [
        '3:44 connector "routing" names pipeline "traces/bb", which is not defined (did you mean "traces/b"?)',
        '3:128 connector "routing" names pipeline "traces/b", but is sent logs too (give each signal a connector of its own)',
        '3:138 connector "routing" names pipeline "traces/c", which does not have "routing" among its receivers (did you mean "traces/b"?)',
        '3:148 connector "routing" names pipeline "logs/d", but is sent traces too (give each signal a connector of its own)'
      ])
    })
  )
})
