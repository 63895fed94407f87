import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ObservationStore } from "../control/evidence/ObservationStore.ts"
import { builtIn } from "./BuiltIn.ts"
import { observationsExporter } from "./decision/ObservationsExporter.ts"
import { Components } from "./graph/Components.ts"

/** What a control plane's own graph is made of: the components that come with Weir, and where observations end. */
export const layer: Layer.Layer<Components | ObservationStore> = Layer.unwrap(
  Effect.map(ObservationStore, (store) => Components.layer(...builtIn, observationsExporter(store)))
).pipe(Layer.provideMerge(ObservationStore.layer()))
