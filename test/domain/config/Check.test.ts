import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import type { Checked } from "../../../src/domain/config/Checked.ts"
import { locate } from "../../../src/domain/config/Node.ts"
import { formatProblem } from "../../../src/domain/config/Problem.ts"
import { formatLocation } from "../../../src/domain/config/Source.ts"
import { loadTexts, lookups, report, valid } from "./Samples.ts"

const good = `receivers:
  otlp:
    protocols:
      grpc:
      http:
        endpoint: localhost:1
processors:
  batch:
exporters:
  otlphttp/eu:
    endpoint: http://backend
    sending_queue:
      queue_size: 5
extensions:
  health_check:
service:
  extensions: [health_check]
  pipelines:
    traces:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlphttp/eu]
`

const componentOf = <C>(checked: Checked<C>, kind: Checked<C>["components"][number]["kind"], id: string) =>
  checked.components.find((component) => component.kind === kind && component.id === id)

/** `good` with one line replaced. */
const changed = (line: string, by: string) => {
  assert.include(good, line)
  return good.replace(line, by)
}

describe("Check", () => {
  it("makes a plan of a configuration, with defaults", () => {
    const { checked, warnings } = valid(good)
    assert.deepStrictEqual(warnings, [])
    assert.deepStrictEqual(checked.pipelines, [
      { name: "traces", signal: "traces", receivers: ["otlp"], processors: ["batch"], exporters: ["otlphttp/eu"] }
    ])
    assert.deepStrictEqual(componentOf(checked, "receiver", "otlp")!.config, {
      protocols: { grpc: { endpoint: "localhost:4317" }, http: { endpoint: "localhost:1" } }
    })
    const exporter = componentOf(checked, "exporter", "otlphttp/eu")!
    assert.strictEqual(exporter.type, "otlp_http")
    assert.strictEqual((exporter.config as { timeout: number }).timeout, 5000)
    assert.strictEqual(formatLocation(locate(exporter.settings, ["endpoint"])), "weir.yaml:11:15")
    assert.deepStrictEqual(checked.telemetry, {
      logs: { level: "info", encoding: "console" },
      metrics: { host: "localhost", port: 8888, level: "normal" }
    })
  })

  it("reports a check that breaks at the component's section", () => {
    assert.strictEqual(
      report(
        good
          .replace("otlphttp/eu:", "broken:")
          .replace(/ {4}sending_queue:\n.*\n/, "")
          .replace("[otlphttp/eu]", "[broken]")
      ),
      `weir.yaml:10:3: error: the settings of exporter "broken" cannot be checked
   10 |   broken:
      |   ^^^^^^
      = the stack ends`
    )
  })

  it("finds all errors at once", () => {
    assert.strictEqual(
      report(`receivers:
  otlp:
    protcols:
  kafka:
exporter: {}
exporters:
  otlp_htp:
  debug:
    verbosity: loud
service:
  pipelines:
    traces/a:
      receivers: [otlp, otpl]
      exporters: [debug]
    trace:
      receivers: [otlp]
`),
      `weir.yaml:3:5: error: unknown key "protcols" in receiver "otlp"
    3 |     protcols:
      |     ^^^^^^^^
      = did you mean "protocols"?

weir.yaml:4:3: error: unknown receiver type "kafka"
    4 |   kafka:
      |   ^^^^^
      = expected one of otlp, log_only

weir.yaml:5:1: error: unknown key "exporter" in the document
    5 | exporter: {}
      | ^^^^^^^^
      = did you mean "exporters"?

weir.yaml:7:3: error: unknown exporter type "otlp_htp"
    7 |   otlp_htp:
      |   ^^^^^^^^
      = did you mean "otlp_http"?

weir.yaml:9:16: error: exporter "debug".verbosity is not right: "loud"
    9 |     verbosity: loud
      |                ^^^^
      = expected "basic" | "normal"

weir.yaml:13:25: error: pipeline "traces/a" names receiver or connector "otpl", which is not defined
   13 |       receivers: [otlp, otpl]
      |                         ^^^^
      = did you mean "otlp"?

weir.yaml:15:5: error: unknown signal "trace"
   15 |     trace:
      |     ^^^^^
      = did you mean "traces"?

weir.yaml:15:5: error: pipeline "trace" has no exporters
   15 |     trace:
      |     ^^^^^
      = expected exporters: [...]`
    )
  })

  it("names the place and the expectation of each wrong setting", () => {
    const text = changed("      queue_size: 5\n", "      queue_size: 0\n      enabled: maybe\n      sizer: request\n    timeout: 5\n")
    assert.strictEqual(
      report(text),
      `weir.yaml:13:19: error: exporter "otlphttp/eu".sending_queue.queue_size is not right: 0
   13 |       queue_size: 0
      |                   ^
      = expected a value greater than 0

weir.yaml:14:16: error: exporter "otlphttp/eu".sending_queue.enabled is not right: "maybe"
   14 |       enabled: maybe
      |                ^^^^^
      = expected boolean

weir.yaml:15:14: error: exporter "otlphttp/eu".sending_queue.sizer is not right: "request"
   15 |       sizer: request
      |              ^^^^^^^
      = expected "requests" | "items" | "bytes"

weir.yaml:16:14: error: exporter "otlphttp/eu".timeout is not right: 5
   16 |     timeout: 5
      |              ^
      = expected a duration such as "200ms", "5s" or "1m30s"`
    )
    assert.match(report(changed("    endpoint: http://backend\n", "")), /exporter "otlphttp\/eu" lacks "endpoint"/)
  })

  it("takes an empty key for the default, and refuses one where there is none", () => {
    const { checked } = valid(changed("      queue_size: 5\n", "      queue_size:\n    retry_on_failure:\n"))
    const config = componentOf(checked, "exporter", "otlphttp/eu")!.config as { sending_queue: { queue_size: number } }
    assert.strictEqual(config.sending_queue.queue_size, 1000)
    assert.match(report(changed("endpoint: http://backend", "endpoint:")), /exporter "otlphttp\/eu" lacks "endpoint"/)
  })

  it("gives text from a variable to a setting that wants text", () => {
    const text = changed("    sending_queue:\n", "    headers:\n      x-tenant: ${env:TENANT}\n    sending_queue:\n")
    const { checked } = valid(text, lookups({ TENANT: "0123" }))
    assert.deepStrictEqual((componentOf(checked, "exporter", "otlphttp/eu")!.config as { headers: unknown }).headers, {
      "x-tenant": "0123"
    })
  })

  it("never shows what came from a variable", () => {
    const result = loadTexts([changed("queue_size: 5", "queue_size: ${env:SECRET}")], lookups({ SECRET: "hunter2" }))
    assert.isTrue(Result.isFailure(result))
    const text = Result.isFailure(result) ? result.failure.map(formatProblem).join() : ""
    assert.match(text, /queue_size is not right: a value from \$\{env:\w+\}\n/)
    assert.notInclude(text, "hunter2")
    const range = loadTexts([changed("queue_size: 5", "queue_size: ${env:SIZE}")], lookups({ SIZE: "-1" }))
    assert.match(Result.isFailure(range) ? range.failure[0]!.hint! : "", /greater than 0/)
  })

  it("accepts a signal only where the component carries it", () => {
    const text = changed("  otlp:\n", "  log_only:\n  otlp:\n").replace("receivers: [otlp]", "receivers: [otlp, log_only]")
    assert.match(report(text), /weir\.yaml:21:25: error: receiver "log_only" does not carry traces\n.*\n.*\n *= it carries logs/)
  })

  it("warns about what is defined and not used", () => {
    const { checked, warnings } = valid(changed("  batch:\n", "  batch:\n  batch/2:\n").replace("  extensions: [health_check]\n", ""))
    assert.deepStrictEqual(
      warnings.map(({ severity, message }) => `${severity}: ${message}`),
      ['warning: processor "batch/2" is not used', 'warning: extension "health_check" is not used']
    )
    assert.isUndefined(componentOf(checked, "processor", "batch/2"))
  })

  it("checks the names of pipelines and components, and what a list names twice", () => {
    assert.match(report(changed("    traces:", "    traces/:")), /"traces\/" is no name/)
    assert.match(report(changed("    traces:", "    profiles:")), /profiles are not carried/)
    assert.match(report(changed("  batch:\n", "  batch:\n  -x/y:\n")), /"-x\/y" is no name/)
    assert.match(report(changed("processors: [batch]", "processors: [batch, batch]")), /names processor "batch" twice/)
    assert.match(report(changed("processors: [batch]", "processors: batch")), /is not a list/)
    assert.match(valid(changed("receivers: [otlp]", "receivers: [otlp, otlp]")).warnings[0]!.message, /names "otlp" twice/)
    assert.match(report(changed("receivers: [otlp]", "receivers: []")), /pipeline "traces" has no receivers/)
    assert.match(report(changed("    traces:", "    traces:\n    traces:")), /Map keys must be unique/)
  })

  it("wants a service with pipelines", () => {
    assert.match(report("receivers:\n"), /the section "service" is missing/)
    assert.match(report("service:\n"), /there is no pipeline/)
    assert.match(report(""), /the configuration is empty/)
    assert.match(report("[]"), /the document is not a map/)
  })

  const connected = (pipelines: string) => `receivers: {otlp: }
exporters: {debug: }
connectors: {forward: , forward/2: }
service:
  pipelines:
${pipelines}`

  it("wants connectors on both sides, per signal", () => {
    const both = connected(`    traces/in: {receivers: [otlp], exporters: [forward, forward/2]}
    traces/out: {receivers: [forward, forward/2], exporters: [debug]}`)
    assert.deepStrictEqual(valid(both).warnings, [])
    assert.match(
      report(both.replace("receivers: [forward, forward/2]", "receivers: [forward]")),
      /weir\.yaml:6:57: error: pipeline "traces\/in" sends into connector "forward\/2", but no traces pipeline/
    )
    assert.match(
      report(both.replace("exporters: [forward, forward/2]", "exporters: [forward]")),
      /pipeline "traces\/out" reads from connector "forward\/2", but no traces pipeline/
    )
    assert.match(report(both.replace("traces/out", "logs/out")), /sends into connector "forward", but no traces pipeline/)
    assert.match(
      report(both.replace("{otlp: }", "{otlp: , log_only/x: }").replace("forward/2: }", "log_only/x: }")),
      /unknown connector type/
    )
  })

  it("finds circles through connectors", () => {
    const text = connected(`    traces/a: {receivers: [otlp, forward/2], exporters: [forward]}
    traces/b: {receivers: [forward], exporters: [forward/2, debug]}`)
    assert.match(report(text), /connector "forward\/2" closes a circle: traces\/a -> traces\/b -> traces\/a/)
    assert.match(
      report(connected(`    traces/a: {receivers: [otlp, forward, forward/2], exporters: [forward, forward/2]}`)),
      /closes a circle: traces\/a -> traces\/a/
    )
  })

  it("keeps names of connectors apart from those of receivers and exporters", () => {
    const text = connected(`    traces/in: {receivers: [otlp], exporters: [forward, forward/2]}
    traces/out: {receivers: [forward, forward/2], exporters: [debug]}`)
    assert.match(report(text.replace("{debug: }", "{debug: , forward: }")), /a connector and an exporter share the name "forward"/)
  })

  it("reads the collector's telemetry settings in both spellings", () => {
    const telemetry = (yaml: string) => valid(good.replace("service:\n", `service:\n  telemetry:\n${yaml}`)).checked.telemetry
    assert.deepStrictEqual(telemetry("    metrics: {address: 0.0.0.0:9999}\n").metrics, { host: "0.0.0.0", port: 9999, level: "normal" })
    assert.deepStrictEqual(telemetry("    metrics: {readers: [{pull: {exporter: {prometheus: {host: a, port: 1}}}}]}\n").metrics, {
      host: "a",
      port: 1,
      level: "normal"
    })
    assert.strictEqual(telemetry("    metrics: {level: detailed}\n").metrics?.level, "detailed")
    assert.isUndefined(telemetry("    metrics: {level: none}\n").metrics)
    assert.deepStrictEqual(telemetry("    logs: {level: DEBUG, encoding: json, sampling: {enabled: true}}\n").logs, {
      level: "debug",
      encoding: "json"
    })
    assert.match(report(good.replace("service:\n", "service:\n  telemetry:\n    logs: {levle: info}\n")), /did you mean "level"/)
  })
})

describe("several files", () => {
  it("merge: maps merge, lists are replaced, later files win, and places survive", () => {
    const over =
      "exporters:\n  otlphttp/eu:\n    timeout: 1s\n    sending_queue: {queue_size: -5}\nservice: {pipelines: {traces: {processors: []}}}\n"
    assert.strictEqual(
      report(good, over),
      `1.yaml:8:3: warning: processor "batch" is not used
    8 |   batch:
      |   ^^^^^
      = add it to a pipeline, or remove it

2.yaml:4:33: error: exporter "otlphttp/eu".sending_queue.queue_size is not right: -5
    4 |     sending_queue: {queue_size: -5}
      |                                 ^^
      = expected a value greater than 0`
    )
    const result = loadTexts([good, over.replace("-5", "7")])
    assert.isTrue(Result.isSuccess(result))
    if (Result.isFailure(result)) return
    const { checked } = result.success
    const { timeout, endpoint } = componentOf(checked, "exporter", "otlphttp/eu")!.config as { timeout: number; endpoint: string }
    assert.deepStrictEqual([timeout, endpoint], [1000, "http://backend"])
    assert.deepStrictEqual(checked.pipelines[0]!.processors, [])
  })
})
