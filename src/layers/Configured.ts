import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Source } from "../domain/config/Source.ts"
import { begin } from "./Beginning.ts"
import { composer } from "./Composer.ts"
import type { ConfigurationError } from "./ConfigurationError.ts"
import { Gateway } from "./Gateway.ts"
import { Components } from "./graph/Components.ts"
import type { SwapError } from "./graph/SwapError.ts"

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
      const beginning = yield* begin(composer([new Source("configuration", text)], lookups, registry))
      return Gateway.layer(beginning.checked, beginning)
    })
  )
