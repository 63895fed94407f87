import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Source } from "../domain/config/Source.ts"
import { begin } from "./Beginning.ts"
import type { ConfigurationError } from "./ConfigurationError.ts"
import * as Control from "./Control.ts"
import * as ControlComponents from "./ControlComponents.ts"
import { controlComposer } from "./ControlComposer.ts"
import { Components } from "./graph/Components.ts"

/** A control plane that runs a configuration given as YAML text (sections `control` and `weir`), in the way of `layerYaml`. */
export const layerControlYaml = (
  text: string,
  env: { readonly [name: string]: string } = {}
): Layer.Layer<Control.ControlServices, ConfigurationError | Control.ControlError> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const registry = yield* Components
      const lookups = { env: (name: string) => env[name], file: () => ({ problem: "files are not read here" }) }
      return Control.layer(yield* begin(controlComposer([new Source("configuration", text)], lookups, registry)))
    })
  ).pipe(Layer.provide(ControlComponents.layer))
