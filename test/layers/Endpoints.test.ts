import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { load } from "../../src/domain/config/Load.ts"
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
