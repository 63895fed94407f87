import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { parse as parseYaml } from "yaml"
import { noRemote, type RemoteLayer } from "../../../src/domain/config/Overlay.ts"
import { formatProblems } from "../../../src/domain/config/Problem.ts"
import { Source } from "../../../src/domain/config/Source.ts"
import { composer } from "../../../src/layers/Composer.ts"
import { components } from "../../support/RunningGateway.ts"

const env: { readonly [name: string]: string } = { HOME: "/home/SECRET", REGION: "eu", NESTED: "${env:HOME}", TOKEN: "own-token" }
const lookups = {
  env: (name: string) => env[name],
  file: (path: string) => (path.startsWith("/etc/") ? { text: `of ${path}` } : { problem: "no such file" })
}

const own = `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:4318"}}}} 
processors:
  transform/own: {trace_statements: ['set(span.name, "a")']}
exporters: {otlp_http/out: {endpoint: "http://127.0.0.1:1", headers: {authorization: "OWN SECRET"}}}
extensions:
  health_check: {endpoint: "127.0.0.1:13133"} # OWN SECRET
  opamp:
    server: {ws: {endpoint: "ws://127.0.0.1:1/v1/opamp", headers: {authorization: "\${env:TOKEN}"}}}
    capabilities: {accepts_remote_config: true}
    remote_expansion: {env: [REGION, NESTED], files: [/etc/region]}
service:
  extensions: [opamp, health_check]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [transform/own], exporters: [otlp_http/out]}
`

const compose = composer([new Source("own.yaml", own)], lookups, components)

const documents = (...texts: ReadonlyArray<string>): RemoteLayer => ({
  ...noRemote,
  documents: texts.map((text, i) => new Source(`remote ${i}`, text))
})
const patches = (
  ...all: ReadonlyArray<{ readonly merge?: unknown; readonly append?: ReadonlyArray<readonly [ReadonlyArray<string>, unknown]> }>
): RemoteLayer => ({
  documents: [],
  patches: all.map(({ merge = {}, append = [] }, i) => ({
    merge: new Source(`patch ${i}`, JSON.stringify(merge)),
    append: append.map(([path, value]) => ({ path, value: new Source(`patch ${i}`, JSON.stringify(value)) }))
  }))
})

const composed = (remote: RemoteLayer) => {
  const result = compose(remote)
  if (Result.isFailure(result)) throw new Error(formatProblems(result.failure))
  return result.success
}
// oxlint-disable-next-line typescript/no-explicit-any
const shown = (remote: RemoteLayer): any => parseYaml(composed(remote).shown)
const refusal = (remote: RemoteLayer): string => {
  const result = compose(remote)
  return Result.isFailure(result) ? formatProblems(result.failure) : "taken"
}

const path = ["processors", "transform/own", "trace_statements"]

describe("what is sent lies over the own files", () => {
  it("maps merge, lists are replaced, later ones over earlier ones, patches over documents", () => {
    const layer = {
      documents: documents("exporters: {otlp_http/out: {timeout: 1s, compression: none}}", "exporters: {otlp_http/out: {timeout: 2s}}")
        .documents,
      patches: patches(
        { merge: { exporters: { "otlp_http/out": { timeout: "3s" } } } },
        { merge: { processors: { "transform/own": { trace_statements: ['set(span.name, "b")'] } } } }
      ).patches
    }
    const { exporters, processors } = shown(layer)
    assert.strictEqual(exporters["otlp_http/out"].timeout, "3s")
    assert.strictEqual(exporters["otlp_http/out"].compression, "none")
    assert.strictEqual(exporters["otlp_http/out"].endpoint, "http://127.0.0.1:1")
    assert.deepStrictEqual(processors["transform/own"].trace_statements, ['set(span.name, "b")'])
  })

  it("appends go to the end of lists, also of those that are made by it, and never undo each other", () => {
    const layer = patches(
      { append: [[path, 'set(span.name, "1")']] },
      {
        merge: { processors: { "filter/new": null } },
        append: [
          [["processors", "filter/new", "trace_conditions"], 'span.name == "x"'],
          [path, 'set(span.name, "2")']
        ]
      },
      { append: [[["service", "pipelines", "traces", "processors"], "filter/new"]] }
    )
    const { processors, service } = shown(layer)
    assert.deepStrictEqual(processors["transform/own"].trace_statements, [
      'set(span.name, "a")',
      'set(span.name, "1")',
      'set(span.name, "2")'
    ])
    assert.deepStrictEqual(processors["filter/new"].trace_conditions, ['span.name == "x"'])
    assert.deepStrictEqual(service.pipelines.traces.processors, ["transform/own", "filter/new"])
  })

  it.each([
    [["exporters", "otlp_http/out", "endpoint"], "what is to be appended to is no list"],
    [["exporters", "otlp_http/out", "endpoint", "deeper"], 'there is no "deeper" in what is no map'],
    [["service"], "what is to be appended to is no list"]
  ])("an append to %s is refused", (to, message) => assert.include(refusal(patches({ append: [[to, "x"]] })), message))

  it.each([
    "[]",
    "text",
    "exporters: []",
    "exporters: {otlp_http/out: {endpiont: x}}",
    "service: {pipelines: {traces: {exporters: [none]}}}",
    "a: *b",
    "{"
  ])("what does not fit is refused: %s", (text) => assert.notStrictEqual(refusal(documents(text)), "taken"))

  it("an empty document changes nothing", () => assert.strictEqual(composed(documents("", "# nothing")).shown, composed(noRemote).shown))
})

describe("what is sent sees nothing of this machine", () => {
  const header = (value: string) => documents(`exporters: {otlp_http/out: {headers: {x: "${value}"}}}`)

  it.each([
    "${env:HOME}",
    "${HOME}",
    "a${env:HOME}",
    "${env:HOME:-x}",
    "${env:NESTED}",
    "${env:H${REGION}}",
    "${file:/etc/passwd}",
    "${file:/etc/../etc/region}",
    "${env:${env:HOME}}"
  ])("%s is refused", (value) => {
    const message = refusal(header(value))
    assert.match(message, /may not read it|that it names cannot be read/)
    assert.notInclude(message, "SECRET")
  })

  it("in patches and appends neither", () => {
    assert.include(refusal(patches({ merge: { exporters: { "otlp_http/out": { endpoint: "http://${env:HOME}" } } } })), "may not read it")
    assert.include(refusal(patches({ append: [[path, 'set(span.name, "${env:HOME}")']] })), "may not read it")
  })

  it("but for what the own file allows", () => {
    const { checked, shown: text } = composed(header("${env:REGION} ${file:/etc/region}"))
    const exporter = checked.components.find(({ id }) => id === "otlp_http/out")!.config as {
      readonly headers: { readonly [name: string]: string }
    }
    assert.strictEqual(exporter.headers["x"], "eu of /etc/region")
    assert.notInclude(text, "eu of")
  })

  it("and its problems do not show the own files", () => {
    const message = refusal(documents('receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:13133"}}}}'))
    assert.match(message, /^own\.yaml:6:\d+: error: /)
    assert.notInclude(message, "SECRET")
  })
})

describe("what is sent cannot cut the line that it came by", () => {
  it.each([
    "extensions: {opamp: {server: {ws: {endpoint: 'ws://evil/'}}}}",
    "extensions: {opamp: null}",
    "extensions: {opamp/other: {server: {ws: {endpoint: 'ws://evil/'}}}}",
    "extensions: null",
    "extensions:",
    "extensions: []",
    "service: null",
    "service: {extensions: null}",
    "service: {extensions: []}",
    "service: {extensions: [health_check]}",
    "service: {extensions: opamp}",
    "service: {extensions: {opamp: 1}}",
    "x: &x {opamp: {remote_expansion: {env: [HOME]}}}\nextensions: *x",
    "x: &x {extensions: {opamp: {remote_expansion: {env: [HOME]}}}}\n<<: *x",
    "extensions: {<<: {opamp: {remote_expansion: {env: [HOME]}}}}",
    "service: {<<: {extensions: []}}",
    '"extensions": {"opamp": {"remote_expansion": {"env": ["HOME"]}}}'
  ])("%s is refused", (text) => {
    assert.notStrictEqual(refusal(documents(text)), "taken")
    assert.notStrictEqual(refusal({ documents: [], patches: [{ merge: new Source("patch", text), append: [] }] }), "taken")
  })

  it.each([
    [["extensions"], {}],
    [["extensions", "opamp"], {}],
    [["extensions", "opamp", "remote_expansion", "env"], "HOME"],
    [["extensions", "opamp/other", "remote_expansion", "env"], "HOME"]
  ])("nor by an append to %s", (to, value) => assert.include(refusal(patches({ append: [[to, value]] })), "cannot be changed from afar"))

  it("more extensions are welcome", () => {
    const more = { extensions: { "health_check/more": { endpoint: "127.0.0.1:0" } } }
    const listed = { service: { extensions: ["health_check/more", "opamp"] } }
    assert.deepStrictEqual(shown(documents(JSON.stringify({ ...more, ...listed }))).service.extensions, ["health_check/more", "opamp"])
    const appended = patches({ merge: more, append: [[["service", "extensions"], "health_check/more"]] })
    assert.deepStrictEqual(shown(appended).service.extensions, ["opamp", "health_check", "health_check/more"])
  })
})
