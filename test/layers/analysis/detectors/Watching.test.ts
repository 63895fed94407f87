import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { load } from "../../../../src/domain/config/Load.ts"
import { formatProblems } from "../../../../src/domain/config/Problem.ts"
import { Source } from "../../../../src/domain/config/Source.ts"
import { watchingOf } from "../../../../src/layers/analysis/detectors/Watching.ts"
import { builtIn } from "../../../../src/layers/BuiltIn.ts"
import type { Component } from "../../../../src/layers/graph/Component.ts"

const graph = `
receivers: { otlp: { protocols: { http: } } }
exporters: { debug: }
service: { pipelines: { traces: { receivers: [otlp], exporters: [debug] } } }
`

const registry = {
  all: builtIn,
  find: (kind: Component["kind"], type: string) => builtIn.find((component) => component.kind === kind && component.type === type)
}

const loaded = (weir: string) =>
  load([new Source("weir.yaml", `${weir}${graph}`)], { env: () => undefined, file: () => ({ problem: "no files" }) }, registry)

describe("weir.detectors", () => {
  it("are detectors of components, with their settings and defaults", () => {
    const result = loaded(`weir:
  detectors:
    baseline/volume: { metric: received.items, kind: volume, warm_up: 30s }
    threshold/errors: { metric: received.error_ratio, kind: error_ratio, above: 0.2, by: [tenant], for: 10s }
`)
    if (Result.isFailure(result)) throw new Error(formatProblems(result.failure))
    const watching = watchingOf(result.success.checked)
    assert.deepStrictEqual(
      watching.map(({ name, settings }) => [name, settings.kind, settings.for, settings.window, settings.by.join()]),
      [
        ["baseline/volume", "volume", 5000, 5000, "tenant,service"],
        ["threshold/errors", "error_ratio", 10_000, 5000, "tenant"]
      ]
    )
    assert.isTrue(watching[1]!.detecting.step(null, [0, 0.3])[1].isAlarming)
  })

  it("that are wrong are told, each with its place", () => {
    const result = loaded(`weir:
  detectors:
    baselin/volume: {}
    threshold/a: { metric: received.itms, kind: volume, above: 1 }
    threshold/b: { metric: received.items, kind: volume }
`)
    if (Result.isSuccess(result)) throw new Error("it is right")
    const report = formatProblems(result.failure)
    assert.match(report, /weir\.yaml:3:5: error: unknown detector type "baselin"[^]*did you mean "baseline"/)
    assert.match(report, /weir\.yaml:4:28: error: .*"received\.itms"[^]*did you mean "received\.items"/)
    assert.match(report, /weir\.yaml:5:18: error: detector "threshold\/b"[^]*"above" or "below"/)
  })
})
