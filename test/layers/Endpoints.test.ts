import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { load } from "../../src/domain/config/Load.ts"
import { formatProblems } from "../../src/domain/config/Problem.ts"
import { Source } from "../../src/domain/config/Source.ts"
import { builtIn } from "../../src/layers/BuiltIn.ts"
import { Components } from "../../src/layers/graph/Components.ts"

const errorsOf = (receiver: string, exporter: string) =>
  Effect.gen(function* () {
    const text = `receivers: {otlp: ${receiver}}
exporters: {${exporter}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [${exporter.split(":")[0]}]}}}`
    const lookups = { env: () => undefined, file: () => ({ problem: "none" }) }
    const result = load([new Source("weir.yaml", text)], lookups, yield* Components)
    return Result.isSuccess(result) ? 0 : result.failure.length
  }).pipe(Effect.provide(Components.layer(...builtIn)))

const http = (endpoint: string) => `{protocols: {http: {endpoint: "${endpoint}"}}}`

describe("endpoints that could not run are errors of the configuration", () => {
  it.effect.each(["localhost:99999", "localhost", "127.0.0.1:abc"])("receiver %s", (endpoint) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* errorsOf(http(endpoint), "debug: "), 1)
      assert.strictEqual(yield* errorsOf(http(endpoint).replace("http:", "grpc:"), "debug: "), 1)
    })
  )

  it.effect("receiver without protocols", () => Effect.map(errorsOf("", "debug: "), (errors) => assert.strictEqual(errors, 1)))

  it.effect.each(["localhost:4318", "ftp://x", "http://h:99999", "http://"])("otlp_http %s", (endpoint) =>
    Effect.map(errorsOf(http(":1"), `otlp_http: {endpoint: "${endpoint}"}`), (errors) => assert.strictEqual(errors, 1))
  )

  it.effect.each(["localhost", "localhost:99999"])("otlp_grpc %s", (endpoint) =>
    Effect.map(errorsOf(http(":1"), `otlp: {endpoint: "${endpoint}"}`), (errors) => assert.strictEqual(errors, 1))
  )

  it.effect.each(["localhost:4318", "0.0.0.0:0", "[::1]:4318", ":4318"])("and right ones are not: %s", (endpoint) =>
    Effect.map(errorsOf(http(endpoint), 'otlp_http: {endpoint: "https://h/x"}'), (errors) => assert.strictEqual(errors, 0))
  )
})

const problemsOf = (text: string, env: { readonly [name: string]: string } = {}) =>
  Effect.gen(function* () {
    const lookups = { env: (name: string) => env[name], file: () => ({ problem: "none" }) }
    const result = load([new Source("weir.yaml", text)], lookups, yield* Components)
    return Result.isSuccess(result) ? "" : formatProblems(result.failure)
  }).pipe(Effect.provide(Components.layer(...builtIn)))

/** Two receivers, a health check and the own metrics, each with an address or with none of that kind. */
const gateway = (addresses: { grpc: string; http: string; health: string; metrics: string }) => `receivers:
  otlp: {protocols: {grpc: {endpoint: "${addresses.grpc}"}}}
  otlp/2: {protocols: {http: {endpoint: "${addresses.http}"}}}
exporters: {debug: }
extensions: {health_check: {endpoint: "${addresses.health}"}}
service:
  extensions: [health_check]
  telemetry: {metrics: {address: "${addresses.metrics}"}}
  pipelines: {traces: {receivers: [otlp, otlp/2], exporters: [debug]}}
`
const apart = { grpc: "localhost:1", http: "localhost:2", health: "localhost:3", metrics: "localhost:4" }

describe("one address for two settings is an error of the configuration", () => {
  it.effect("of one receiver, with both places", () =>
    Effect.map(
      problemsOf(`receivers:
  otlp:
    protocols:
      grpc: {endpoint: "localhost:7"}
      http: {endpoint: "0.0.0.0:7"}
exporters: {debug: }
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
`),
      (problems) =>
        assert.strictEqual(
          problems,
          `weir.yaml:5:24: error: receivers.otlp.protocols.http.endpoint and receivers.otlp.protocols.grpc.endpoint both listen on port 7
    5 |       http: {endpoint: "0.0.0.0:7"}
      |                        ^^^^^^^^^^^
      = the latter is at weir.yaml:4:24; give one of them another port`
        )
    )
  )

  it.effect.each([
    [{ http: "localhost:1" }, "receivers.otlp/2.protocols.http.endpoint and receivers.otlp.protocols.grpc.endpoint both listen on port 1"],
    [{ http: "127.0.0.1:1" }, "both listen on port 1"],
    [{ http: ":1" }, "both listen on port 1"],
    [{ http: "[::]:1" }, "both listen on port 1"],
    [{ grpc: "0.0.0.0:1", http: "somewhere:1" }, "both listen on port 1"],
    [{ grpc: "[::]:1", http: "[::1]:1" }, "both listen on port 1"],
    [{ health: "0.0.0.0:2" }, "extensions.health_check.endpoint and receivers.otlp/2.protocols.http.endpoint both listen on port 2"],
    [{ metrics: "LOCALHOST:3" }, "service.telemetry.metrics and extensions.health_check.endpoint both listen on port 3"]
  ] as const)("%j", ([changes, expected]) =>
    Effect.map(problemsOf(gateway({ ...apart, ...changes })), (problems) => assert.include(problems, expected))
  )

  it.effect("the default of the own metrics counts", () =>
    Effect.map(problemsOf(gateway({ ...apart, http: "localhost:8888" }).replace(/ {2}telemetry.*\n/, "")), (problems) =>
      assert.include(problems, "weir.yaml:3:41: error: service.telemetry.metrics and receivers.otlp/2.protocols.http.endpoint both")
    )
  )

  it.effect.each([
    {},
    { http: "localhost:0", grpc: "localhost:0" },
    { http: "[::1]:1" },
    { grpc: "0.0.0.0:1", http: "[::1]:1" },
    { grpc: "127.0.0.1:1", http: "127.0.0.2:1" }
  ])("but not %j", (changes) => Effect.map(problemsOf(gateway({ ...apart, ...changes })), (problems) => assert.strictEqual(problems, "")))

  it.effect("nor what an absent value would stand for, and a value from elsewhere is not shown", () =>
    Effect.gen(function* () {
      const absent = yield* problemsOf(gateway({ ...apart, grpc: "${env:A}", http: "localhost:4317" }))
      assert.notInclude(absent, "both listen")
      const hidden = yield* problemsOf(gateway({ ...apart, http: "${env:A}" }), { A: "localhost:1" })
      assert.include(hidden, "both listen on the same port")
    })
  )
})

describe("addresses of extensions and of the own metrics", () => {
  it.effect.each(["localhost", "localhost:99999", "http://localhost:1", ":x"])("%s", (address) =>
    Effect.gen(function* () {
      assert.match(yield* problemsOf(gateway({ ...apart, health: address })), /"health_check"\.endpoint is not right[^]*an address such as/)
      assert.match(yield* problemsOf(gateway({ ...apart, metrics: address })), /metrics\.address is not right[^]*an address such as/)
    })
  )

  it.effect.each(["localhost:8888", "a b", "http://h"])("host %s", (host) =>
    Effect.map(
      problemsOf(gateway(apart).replace(/address: ".*"/, `readers: [{pull: {exporter: {prometheus: {host: "${host}", port: 4}}}}]`)),
      (problems) => assert.match(problems, /prometheus\.host is not right[^]*a host name or an IP address, without a port/)
    )
  )
})
