import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { DetectionMemory } from "./Detection.ts"

export class DetectionStoreError extends Schema.TaggedError<DetectionStoreError>()("DetectionStoreError", { message: Schema.String }) {}

/** Where detectors outlive the process: what they have learnt, and what they have found that has not ended. One writer. */
export class DetectionStore extends Context.Service<
  DetectionStore,
  {
    readonly load: Effect.Effect<DetectionMemory, DetectionStoreError>
    readonly save: (memory: DetectionMemory) => Effect.Effect<void, DetectionStoreError>
  }
>()("weir/control/detection/DetectionStore") {
  static readonly layerMemory: Layer.Layer<DetectionStore> = Layer.sync(DetectionStore, () => {
    let stored: DetectionMemory = {}
    return {
      load: Effect.sync(() => stored),
      save: (memory) =>
        Effect.sync(() => {
          stored = memory
        })
    }
  })
}
