import { assert, describe, it } from "@effect/vitest"
import { report, valid } from "../config/Samples.ts"

const pipeline = `receivers:
  otlp:
exporters:
  otlphttp:
    endpoint: http://backend
service:
  pipelines:
    traces: { receivers: [otlp], exporters: [otlphttp] }
`

const storm = `weir:
  rules:
    storm:
      when: finding.kind == "volume" and finding.score > 0.5
      mode: act
      action:
        append:
          - path: [processors, filter/storm, trace_conditions]
            value: resource.attributes["tenant"] == "{{ finding.subject.tenant }}" and span.status.code != STATUS_CODE_ERROR
      goal: { metric: delivered.bytes, direction: down, at_least: 0.4, look_after: 30s }
`

const changed = (line: string, by: string) => {
  assert.include(storm, line)
  return pipeline + storm.replace(line, by)
}

describe("Rule", () => {
  it("is read from the section weir, with defaults", () => {
    const { checked } = valid(pipeline + storm)
    const { action, ...rule } = checked.weir.rules["storm"]!
    assert.deepStrictEqual(rule, {
      when: 'finding.kind == "volume" and finding.score > 0.5',
      mode: "act",
      scope: { agents: {} },
      goal: { metric: "delivered.bytes", direction: "down", at_least: 0.4, look_after: 30_000, narrow: true },
      guardrails: [],
      canary: {},
      ttl: 3_600_000,
      cooldown: 1_800_000,
      priority: 0
    })
    assert.deepStrictEqual(action.merge, {})
    assert.deepStrictEqual(action.append[0]!.path, ["processors", "filter/storm", "trace_conditions"])
    assert.deepStrictEqual(valid(pipeline).checked.weir, { rules: {} })
  })

  it("reports mistakes at their places: in conditions, in keys, in placeholders, in numbers", () => {
    const keys = changed("finding.score > 0.5", 'finding.scor > 0.5 and finding.kind == "a"')
      .replace("mode: act", "mod: act")
      .concat("  rule: {}\n")
    assert.strictEqual(
      report(keys),
      `weir.yaml:12:42: error: "weir".rules.storm.when is not right
   12 |       when: finding.kind == "volume" and finding.scor > 0.5 and finding.kind == "a"
      |                                          ^
      = expected valid OTTL over finding.*: 1:30: unknown path finding.scor; did you mean finding.score?

weir.yaml:13:7: error: unknown key "mod" in "weir".rules.storm
   13 |       mod: act
      |       ^^^
      = did you mean "mode"?

weir.yaml:19:3: error: unknown key "rule" in "weir"
   19 |   rule: {}
      |   ^^^^
      = did you mean "rules"?`
    )
    const values = changed('"{{ finding.subject.tenant }}"', "{{ finding.subject.tenant }}").replace("at_least: 0.4", "at_least: 1.4")
    assert.strictEqual(
      report(values),
      `weir.yaml:17:53: error: "weir".rules.storm.action.append.0.value is not right
   17 |             value: resource.attributes["tenant"] == {{ finding.subject.tenant }} and span.status.code != STATUS_CODE_ERROR
      |                                                     ^
      = expected a placeholder inside double quotes

weir.yaml:18:67: error: "weir".rules.storm.goal.at_least is not right: 1.4
   18 | goal: { metric: delivered.bytes, direction: down, at_least: 1.4, look_after: 30s }
      |                                                             ^^^
      = expected less than 1: no metric can fall by more`
    )
  })
})
