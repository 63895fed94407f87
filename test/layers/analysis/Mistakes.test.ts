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
