import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { builtIn } from "../BuiltIn.ts"
import { Components } from "../graph/Components.ts"
import { accept, readConfiguration } from "./ConfigFiles.ts"
import type { CommandFailure } from "./ExitCode.ts"

export const validateFiles = (paths: ReadonlyArray<string>): Effect.Effect<void, CommandFailure> =>
  Effect.gen(function* () {
    const { checked } = yield* Effect.flatMap(readConfiguration(paths), accept)
    yield* Console.log(`ok: ${checked.pipelines.length} pipelines (${checked.pipelines.map(({ name }) => name).join(", ")})`)
  }).pipe(Effect.provide(Components.layer(...builtIn)))
