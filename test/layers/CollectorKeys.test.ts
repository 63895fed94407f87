import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { load } from "../../src/domain/config/Load.ts"
import { formatProblems } from "../../src/domain/config/Problem.ts"
import { Source } from "../../src/domain/config/Source.ts"
import { builtIn } from "../../src/layers/BuiltIn.ts"
import { Components } from "../../src/layers/graph/Components.ts"

const problemsOf = (exporter: string, settings: string, more = "") =>
  Effect.gen(function* () {
    const text = `receivers: {otlp: {protocols: {http: }}}
exporters: {${exporter}: ${settings}}
${more}service: {pipelines: {traces: {receivers: [otlp], exporters: [${exporter}]}}}`
    const lookups = { env: () => undefined, file: () => ({ problem: "none" }) }
    const result = load([new Source("weir.yaml", text)], lookups, yield* Components)
    return Result.isSuccess(result) ? "" : formatProblems(result.failure)
  }).pipe(Effect.provide(Components.layer(...builtIn)))

describe("keys of the Collector that change nothing while they are off", () => {
  it.effect.each([
    ["otlp_http", "{endpoint: http://h, sending_queue: {storage: }}"],
    ["otlp", '{endpoint: "h:1", sending_queue: {storage: ""}}'],
    ["file", "{path: a, encoding: }"],
    ["file", "{path: a, group_by: }"],
    ["file", "{path: a, group_by: {enabled: false, resource_attribute: x, max_open_files: 3}}"]
  ])("%s %s", ([exporter, settings]) => Effect.map(problemsOf(exporter!, settings!), (problems) => assert.strictEqual(problems, "")))
})

describe("keys of the Collector that ask for what Weir has not are refused, with what to do", () => {
  it.effect.each([
    [
      "otlp_http",
      "{endpoint: http://h, sending_queue: {storage: file_storage}}",
      /sending_queue\.storage is not right: "file_storage"[^]*wait_for_result: true/
    ],
    ["file", "{path: a, encoding: otlp_encoding}", /"file"\.encoding is not right: "otlp_encoding"[^]*`format` says/],
    ["file", "{path: 'a/*.json', group_by: {enabled: true}}", /"file"\.group_by\.enabled is not right: true[^]*`routing`/]
  ] as const)("%s %s", ([exporter, settings, expected]) =>
    Effect.map(problemsOf(exporter, settings), (problems) => assert.match(problems, expected))
  )

  it.effect("the extension file_storage", () =>
    Effect.map(problemsOf("debug", "", "extensions: {file_storage/a: {directory: x}}\n"), (problems) =>
      assert.match(
        problems,
        /unknown extension type "file_storage"\n[^]*there are no storage extensions: remove it, and `sending_queue\.storage`/
      )
    )
  )
})
