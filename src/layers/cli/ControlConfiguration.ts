import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { controlComposer } from "../ControlComposer.ts"
import { Components } from "../graph/Components.ts"
import { type Reading, readFiles } from "./ConfigFiles.ts"

/** A control plane's configuration out of files. */
export const readControl = (paths: ReadonlyArray<string>): Effect.Effect<Reading, never, Components> =>
  Effect.map(Components, (registry) => {
    const { sources, problems, lookups, files } = readFiles(paths)
    return {
      compose: problems.length > 0 ? () => Result.fail(problems) : controlComposer(sources, lookups, registry),
      files
    }
  })
