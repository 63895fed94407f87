import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as Layer from "effect/Layer"
import type { Watching } from "../../control/detection/Detection.ts"
import { detect } from "../../control/detection/Detect.ts"
import { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import { Loop } from "../../control/loop/Loop.ts"

/** The detectors at work: they look at what agents have seen, second by second, and tell the loop what they find. */
export class Watchers extends Context.Service<
  Watchers,
  {
    /** From now on these detectors work, from the beginning, instead of those before. */
    readonly watch: (watching: ReadonlyArray<Watching>) => Effect.Effect<void>
  }
>()("weir/layers/decision/Watchers") {
  static readonly layer = (first: ReadonlyArray<Watching>): Layer.Layer<Watchers, never, Loop | ObservationStore> =>
    Layer.effect(
      Watchers,
      Effect.gen(function* () {
        const { tell } = yield* Loop
        const store = yield* ObservationStore
        const handle = yield* FiberHandle.make<never>()
        const watch = (watching: ReadonlyArray<Watching>) =>
          Effect.asVoid(FiberHandle.run(handle, Effect.provideService(detect(watching, tell), ObservationStore, store)))
        yield* watch(first)
        return { watch }
      })
    )
}
