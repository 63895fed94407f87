import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { builtIn } from "../BuiltIn.ts"
import * as ControlComponents from "../ControlComponents.ts"
import { Components } from "../graph/Components.ts"
import { accept, readConfiguration } from "./ConfigFiles.ts"
import { readControl } from "./ControlConfiguration.ts"
import type { CommandFailure } from "./ExitCode.ts"

/** Checks the files of a gateway. */
export const validateFiles = (paths: ReadonlyArray<string>): Effect.Effect<void, CommandFailure> =>
  Effect.gen(function* () {
    const { checked } = yield* Effect.flatMap(readConfiguration(paths), accept)
    yield* Console.log(`ok: ${checked.pipelines.length} pipelines (${checked.pipelines.map(({ name }) => name).join(", ")})`)
  }).pipe(Effect.provide(Components.layer(...builtIn)))

/** Checks the files of a control plane. */
export const validateControl = (paths: ReadonlyArray<string>): Effect.Effect<void, CommandFailure> =>
  Effect.gen(function* () {
    const { checked } = yield* Effect.flatMap(readControl(paths), accept)
    const detectors = checked.components.filter(({ kind }) => kind === "detector").map(({ id }) => id)
    const rules = Object.keys(checked.weir.rules)
    const list = (names: ReadonlyArray<string>, what: string) =>
      `${names.length} ${what}${names.length === 0 ? "" : ` (${names.join(", ")})`}`
    yield* Console.log(`ok: ${list(detectors, "detectors")}, ${list(rules, "rules")}`)
  }).pipe(Effect.provide(ControlComponents.layer))
