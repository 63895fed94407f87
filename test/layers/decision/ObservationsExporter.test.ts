import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ObservationStore } from "../../../src/control/evidence/ObservationStore.ts"
import { encodeReport } from "../../../src/domain/loop/EncodeReport.ts"
import { noFigures } from "../../../src/domain/loop/Figures.ts"
import { noVolume } from "../../../src/domain/loop/Metric.ts"
import { type Report, reportId } from "../../../src/domain/loop/Report.ts"
import * as ControlComponents from "../../../src/layers/ControlComponents.ts"
import { layerYaml } from "../../../src/layers/Configured.ts"
import { Gateway } from "../../../src/layers/Gateway.ts"
import { until } from "../../support/Facts.ts"

const yaml = `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
exporters: { observations: }
service:
  pipelines: { metrics: { receivers: [otlp], exporters: [observations] } }
  telemetry: { metrics: { level: none } }
`

describe("the observations exporter", () => {
  it.live("brings what comes over OTLP into the store, once", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(Layer.provideMerge(layerYaml(yaml), ControlComponents.layer))
      const [store, gateway] = [Context.get(context, ObservationStore), Context.get(context, Gateway)]
      const start = Math.floor(Date.now() / 1000) * 1000 - 5000
      const about = { agent: "a", revision: "r", startUnixMillis: start, endUnixMillis: start + 1000 }
      const subject = { tenant: "acme", service: "checkout", signal: "traces" as const }
      const observation = { ...about, subject, ...noFigures, received: { ...noVolume, items: 7 } }
      const report: Report = { id: reportId("a", start), ...about, lost: 0, observations: [observation] }
      for (let time = 0; time < 2; time++) {
        const answer = yield* Effect.promise(() =>
          fetch(`http://${gateway.addresses()[0]!.address}/v1/metrics`, {
            method: "POST",
            headers: { "content-type": "application/x-protobuf" },
            body: encodeReport(report)
          })
        )
        assert.strictEqual(answer.status, 200)
      }
      yield* Effect.promise(() => until("both have settled", () => gateway.balance().delivered === 4))
      assert.deepStrictEqual(
        store.series(({ received }) => received.items, subject, start, start + 1000),
        [[start, 7]]
      )
    }).pipe(Effect.scoped)
  )
})
