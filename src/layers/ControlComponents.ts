import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ComponentStore } from "../control/evidence/ComponentStore.ts"
import { ObservationStore } from "../control/evidence/ObservationStore.ts"
import { builtIn } from "./BuiltIn.ts"
import { observationsExporter } from "./decision/ObservationsExporter.ts"
import { Components } from "./graph/Components.ts"

/** Where what agents report is kept. */
export const stores: Layer.Layer<ObservationStore | ComponentStore> = Layer.merge(ObservationStore.layer(), ComponentStore.layer())

/** What a control plane's own graph is made of: the components that come with Weir, and where reports end. */
export const layer: Layer.Layer<Components | ObservationStore | ComponentStore> = Layer.unwrap(
  Effect.gen(function* () {
    return Components.layer(...builtIn, observationsExporter(yield* ObservationStore, yield* ComponentStore))
  })
).pipe(Layer.provideMerge(stores))
