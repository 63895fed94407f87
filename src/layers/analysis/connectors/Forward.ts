import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Component from "../../graph/Component.ts"

/**
 * Joins pipelines: everything that arrives goes to every pipeline that reads from it.
 *
 * Reads every batch; emits it to each pipeline, on the same memory. Full and closes: it holds nothing. Fails: never.
 */
export const forward = Component.connector({
  type: "forward",
  description: "Hands everything on to all pipelines that read from it.",
  signals: ["traces", "metrics", "logs"],
  config: Schema.Struct({}),
  make: (_config, { pipelines }) =>
    Effect.succeed({
      route: (batch, emit, drop) => {
        if (pipelines.length === 0) drop(batch, "unroutable")
        // A pipeline may be done with the batch before the next one has it.
        else batch.lease.retain(pipelines.length - 1)
        for (const pipeline of pipelines) emit(pipeline, batch)
        return undefined
      }
    })
})
