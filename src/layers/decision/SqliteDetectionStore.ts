import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DetectionMemory } from "../../control/detection/Detection.ts"
import { DetectionStore, DetectionStoreError } from "../../control/detection/DetectionStore.ts"
import { Database, messageOf } from "./Database.ts"

/** What detectors remember, in the table `detection`. */
export const layer: Layer.Layer<DetectionStore, never, Database> = Layer.effect(
  DetectionStore,
  Effect.map(Database, ({ sqlite }) => {
    const get = sqlite.prepare("select memory from detection where id = 1")
    const put = sqlite.prepare("insert or replace into detection values (1, ?)")
    const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (cause) => new DetectionStoreError({ message: messageOf(cause) }) })
    return {
      load: attempt(() => {
        const row = get.get() as { readonly memory: string } | undefined
        return row === undefined ? {} : (JSON.parse(row.memory) as DetectionMemory)
      }),
      save: (memory) => attempt(() => void put.run(JSON.stringify(memory)))
    }
  })
)
