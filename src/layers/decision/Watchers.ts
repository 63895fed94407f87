import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as Layer from "effect/Layer"
import type { Watching } from "../../control/detection/Detection.ts"
import { detect } from "../../control/detection/Detect.ts"
import type { DetectionStore } from "../../control/detection/DetectionStore.ts"
import type { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import { Loop } from "../../control/loop/Loop.ts"

/** The detectors at work: they look at what agents have seen, second by second, and tell the loop what they find. */
export class Watchers extends Context.Service<
  Watchers,
  {
    /** From now on these detectors work instead of those before; those that have not changed go on. */
    readonly watch: (watching: ReadonlyArray<Watching>) => Effect.Effect<void>
  }
>()("weir/layers/decision/Watchers") {
  static readonly layer = (first: ReadonlyArray<Watching>): Layer.Layer<Watchers, never, Loop | ObservationStore | DetectionStore> =>
    Layer.effect(
      Watchers,
      Effect.gen(function* () {
        const { state, tell } = yield* Loop
        const services = yield* Effect.context<ObservationStore | DetectionStore>()
        const handle = yield* FiberHandle.make<never>()
        // Who watched before has saved what it knows by the time the next one begins.
        const watch = (watching: ReadonlyArray<Watching>) =>
          FiberHandle.clear(handle).pipe(
            Effect.andThen(
              Effect.suspend(() =>
                FiberHandle.run(handle, Effect.provide(detect(watching, Object.values(state().findings), tell), services))
              )
            ),
            Effect.asVoid
          )
        yield* watch(first)
        return { watch }
      })
    )
}
