import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { noMetadata } from "../../../src/domain/Batch.ts"
import { Books } from "../../../src/domain/Books.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import type { Exporter, ExporterSpec, ExportRequest } from "../../../src/layers/graph/Component.ts"
import { Registry } from "../../../src/layers/telemetry/Registry.ts"

/** The `Push` of an exporter made from a configuration as it would be written in a file. */
export const pushOf = Effect.fnUntraced(function* (component: Exporter, yaml: unknown, signal: Signal = "traces") {
  const spec = component as unknown as ExporterSpec<unknown>
  const config = yield* Effect.orDie(Schema.decodeUnknownEffect(spec.config)(yaml))
  return yield* spec.make(config, { id: `${component.type}/test`, books: new Books(), telemetry: new Registry(), signal })
})

/** An export request of these chunks. */
export const exportRequest = (...chunks: ReadonlyArray<Uint8Array>): ExportRequest => ({
  signal: "traces",
  tenant: "default",
  metadata: noMetadata,
  chunks,
  items: 1,
  sizeBytes: chunks.reduce((size, chunk) => size + chunk.length, 0)
})
