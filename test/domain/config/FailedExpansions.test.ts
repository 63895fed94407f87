import { assert, describe, it } from "@effect/vitest"
import { report } from "./Samples.ts"

const errorsOf = (text: string): ReadonlyArray<string> =>
  report(text)
    .split("\n")
    .filter((line) => /: (error|warning): /.test(line))
    .map((line) => line.replace(/^weir\.yaml:\d+:\d+: /, ""))

const missing = (name: string) => `error: environment variable "${name}" is not set`

const pipelines = "service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}\n"
const receivers = "receivers: {otlp: {protocols: {grpc: }}}\n"
const exporters = "exporters: {otlp_http: {endpoint: http://a}}\n"

describe("an expansion that fails", () => {
  it("hides no other mistake", () => {
    assert.deepStrictEqual(
      errorsOf(`receivers: {otlp: {protocols: {grpc: {endpoint: "\${env:A}", endpiont: x}}}}
processors: {batch: {timeout: 5, send_batch_size: "\${file:size}"}}
exporters: {otlp_http: {endpoint: "\${env:B}", timeout: x}}
service: {pipelines: {traces: {receivers: [otlp, otpl], processors: [batch], exporters: [otlp_http]}}}
`),
      [
        missing("A"),
        'error: unknown key "endpiont" in receiver "otlp".protocols.grpc',
        'error: processor "batch".timeout is not right: 5',
        'error: cannot read "size": no such file',
        missing("B"),
        'error: exporter "otlp_http".timeout is not right: "x"',
        'error: pipeline "traces" names receiver or connector "otpl", which is not defined'
      ]
    )
  })

  it.each([
    ["a required setting", `${receivers}exporters: {otlp_http: {endpoint: "\${env:A}"}}\n${pipelines}`],
    ["a part of a text", `${receivers}exporters: {otlp_http: {endpoint: "http://\${env:A}:1"}}\n${pipelines}`],
    ["all settings of a component", `${receivers}exporters: {otlp_http: "\${env:A}"}\n${pipelines}`],
    ["a map of settings", `${receivers}exporters: {otlp_http: {endpoint: http://a, headers: "\${env:A}"}}\n${pipelines}`],
    ["a value in a map", `${receivers}exporters: {otlp_http: {endpoint: http://a, headers: {a: "\${env:A}"}}}\n${pipelines}`],
    ["a section", `receivers: \${env:A}\n${exporters}${pipelines}`],
    ["a section that is defined by name", `${receivers}exporters: \${env:A}\n${pipelines}`],
    ["a reference", `${receivers}${exporters}service: {pipelines: {traces: {receivers: ["\${env:A}"], exporters: [otlp_http]}}}\n`],
    ["a list of references", `${receivers}${exporters}service: {pipelines: {traces: {receivers: [otlp], exporters: "\${env:A}"}}}\n`],
    ["a pipeline", `${receivers}${exporters}service: {pipelines: {traces: "\${env:A}"}}\n`],
    ["all pipelines", `${receivers}${exporters}service: {pipelines: "\${env:A}"}\n`],
    ["the service", `${receivers}${exporters}service: \${env:A}\n`],
    ["a telemetry setting", `${receivers}${exporters}${pipelines.replace("{p", '{telemetry: {metrics: {address: "${env:A}"}}, p')}`],
    ["the whole document", "${env:A}\n"]
  ])("is the only problem of %s", (_, text) => {
    assert.deepStrictEqual(errorsOf(text), [missing("A")])
  })
})
