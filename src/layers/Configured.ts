import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { load } from "../domain/config/Load.ts"
import { formatProblems } from "../domain/config/Problem.ts"
import { Source } from "../domain/config/Source.ts"
import { Gateway } from "./Gateway.ts"
import { Components } from "./graph/Components.ts"
import type { SwapError } from "./graph/SwapError.ts"

/** A configuration in which something is wrong; the message is the whole report, each problem with its place. */
export class ConfigurationError extends Schema.TaggedError<ConfigurationError>()("ConfigurationError", {
  message: Schema.String
}) {}

/**
 * A gateway that runs a configuration given as YAML text, made of the components of the layers below. It reads no file; `env` is what
 * `${env:NAME}` finds.
 */
export const layerYaml = (
  text: string,
  env: { readonly [name: string]: string } = {}
): Layer.Layer<Gateway, ConfigurationError | SwapError, Components> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const registry = yield* Components
      const lookups = { env: (name: string) => env[name], file: () => ({ problem: "files are not read here" }) }
      const result = load([new Source("configuration", text)], lookups, registry)
      if (Result.isFailure(result)) return yield* new ConfigurationError({ message: formatProblems(result.failure) })
      return Gateway.layer(result.success.checked)
    })
  )
