import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ComponentStore } from "../../control/evidence/ComponentStore.ts"
import type { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { ReportDecoder } from "../../domain/loop/ReportDecoder.ts"
import { concat } from "../../domain/otlp/Copy.ts"
import { Malformed } from "../../domain/otlp/Malformed.ts"
import { ExportError } from "../../streams/ExportError.ts"
import { type Exporter, exporter } from "../graph/Component.ts"

/**
 * Where a control plane's own OTLP pipeline ends: takes the observations out of metrics, those of Weir's gateways and those of a
 * collector's `span_metrics` connector, and what gateways say of their components, and adds them to stores; other metrics pass away.
 * Reports that a store has, or cannot place in time, are left out. Fails: on metrics that cannot be read, for good.
 */
export const observationsExporter = (observations: ObservationStore["Service"], components: ComponentStore["Service"]): Exporter =>
  exporter({
    type: "observations",
    description:
      "Takes observations out of metrics: of Weir's gateways, and of a collector's span_metrics connector. In a control plane only.",
    signals: ["metrics"],
    config: Schema.Struct({}),
    make: () =>
      Effect.sync(() => {
        const decoder = new ReportDecoder()
        return ({ chunks }) =>
          Effect.suspend(() => {
            const decoded = decoder.decode(chunks.length === 1 ? chunks[0]! : concat(chunks))
            if (decoded instanceof Malformed) {
              return Effect.fail(new ExportError({ retryable: false, code: GrpcCode.INVALID_ARGUMENT, message: String(decoded) }))
            }
            return Effect.forEach(decoded.reports, observations.add, { discard: true }).pipe(
              Effect.andThen(Effect.forEach(decoded.components, components.add, { discard: true })),
              Effect.as({ rejected: 0 })
            )
          })
      })
  })
