import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { formatProblems } from "../../../src/domain/config/Problem.ts"
import { loadTexts, lookups } from "./Samples.ts"

const secret = "hunter2"

/** The report on a configuration whose value `X`, from a variable and from a file in turn, is the text. */
const reports = (text: string, value: string): ReadonlyArray<string> =>
  ["${env:X}", "${file:x}"].map((expansion) => {
    const result = loadTexts([text.replaceAll("X!", expansion)], lookups({ X: value }, { x: value }))
    if (Result.isSuccess(result)) throw new Error("the configuration was accepted")
    return formatProblems(result.failure)
  })

const exporter = (settings: string) => `receivers: {otlp: }
exporters: {otlp_http: ${settings}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
`

describe("a value from an expansion is never shown", () => {
  it.each([
    ["a scalar", exporter('{endpoint: http://a, timeout: "X!"}'), secret],
    ["a text with an expansion in it", exporter('{endpoint: http://a, timeout: "5X!"}'), secret],
    ["a number", exporter('{endpoint: http://a, timeout: "X!"}'), "70412233"],
    ["a map where text is wanted", exporter('{endpoint: http://a, timeout: "X!"}'), `${secret}: 1`],
    ["a key of a map", exporter('"X!"'), `endpoint: http://a\n${secret}: 1\n`],
    ["a value in a map", exporter('"X!"'), `endpoint: http://a\ntimeout: ${secret}\n`],
    ["a key in a record", exporter('{endpoint: http://a, headers: "X!"}'), `${secret}: [1]`],
    ["settings that are text", exporter('"X!"'), secret],
    ["what is no YAML", exporter('"X!"'), `{${secret}`],
    ["a section", "receivers: X!\nservice: {pipelines: {traces: {receivers: [a], exporters: [b]}}}", secret],
    ["a reference", exporter("{endpoint: http://a}").replace("[otlp]", '[otlp, "X!"]'), secret],
    ["an expansion in it", exporter('{endpoint: "X!"}'), `\${${secret}}`],
    [
      "a telemetry setting",
      `${exporter("{endpoint: http://a}").replace("{pipelines", '{telemetry: {logs: {level: "X!"}}, pipelines')}`,
      secret
    ]
  ])("%s", (_, text, value) => {
    for (const report of reports(text, value)) {
      assert.notInclude(report, secret)
      assert.notInclude(report, "70412233")
      assert.match(report, /a value from \$\{(env:X|file:x)\}|x:\d+:\d+/)
    }
  })

  it("but what was expected is, where it is said of any value", () => {
    const [report] = reports(exporter('{endpoint: http://a, timeout: "X!"}'), "200ms or so")
    assert.include(report, 'expected a duration such as "200ms", "5s" or "1m30s"')
  })

  it("and a file that is no YAML is named with the place where it breaks", () => {
    const [, report] = reports(exporter('"X!"'), "endpoint: a\ntimeout: [\n")
    assert.match(report!, /a value from \$\{file:x\}\n(.*\n)+.*it is no YAML, and taken as text: x:\d:\d/)
  })
})
