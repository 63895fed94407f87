import { assert, describe, it } from "@effect/vitest"
import { diff } from "../../../src/domain/config/Diff.ts"
import { lookups, valid } from "./Samples.ts"

const before = `receivers: {otlp: {protocols: {grpc: , http: {endpoint: "a:1"}}}}
exporters: {debug: {verbosity: basic}, otlp_http/x: {endpoint: http://x, timeout: 1s}}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [debug, otlp_http/x]}
    logs: {receivers: [otlp], exporters: [debug]}
`

const changes = (after: string) => {
  const { components, pipelines, telemetry } = diff(valid(before).checked, valid(after).checked)
  const list = [
    ...components.map(({ kind, id, change }) => `${kind} ${id} ${change}`),
    ...pipelines.map(({ name, change }) => `${name} ${change}`)
  ]
  return [...list.filter((line) => !line.endsWith(" same")), ...(telemetry === "same" ? [] : ["telemetry changed"])]
}

describe("Diff", () => {
  it("sees no change in order, layout or comments", () => {
    assert.deepStrictEqual(changes(before), [])
    assert.deepStrictEqual(changes(before.replace("{endpoint: http://x, timeout: 1s}", "{timeout: 1s, # later\n  endpoint: http://x}")), [])
  })

  it("sees the text behind an expansion change, though YAML reads the same value", () => {
    const text = before.replace("timeout: 1s", 'headers: {token: "${env:TOKEN}"}')
    const { components } = diff(valid(text, lookups({ TOKEN: "0123" })).checked, valid(text, lookups({ TOKEN: "123" })).checked)
    assert.strictEqual(components.find(({ id }) => id === "otlp_http/x")!.change, "changed")
  })

  it("names what is changed, added and removed", () => {
    assert.deepStrictEqual(changes(before.replace("timeout: 1s", "timeout: 2s")), ["exporter otlp_http/x changed"])
    assert.deepStrictEqual(changes(before.replace("    logs:", "    logs/2:")), ["logs/2 added", "logs removed"])
    assert.deepStrictEqual(changes(before.replace("[debug, otlp_http/x]", "[debug]")), ["exporter otlp_http/x removed", "traces changed"])
    assert.deepStrictEqual(changes(before.replace("[debug, otlp_http/x]", "[otlp_http/x, debug]")), ["traces changed"])
    assert.deepStrictEqual(changes(before.replace("service:\n", "service:\n  telemetry: {metrics: {level: none}}\n")), [
      "telemetry changed"
    ])
  })
})
