import * as Effect from "effect/Effect"

const stepMillis = 5

/** Waits for a fact, in real time; `false` if it does not come true. */
export const comesTrue = (fact: () => boolean, withinMillis: number): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const until = performance.now() + withinMillis
    const look: Effect.Effect<boolean> = Effect.suspend(() => {
      if (fact()) return Effect.succeed(true)
      return performance.now() > until ? Effect.succeed(false) : Effect.andThen(Effect.sleep(stepMillis), look)
    })
    return look
  })

/** Lets something end, which perhaps never does and cannot be interrupted; `false` if it went on for longer. */
export const endsWithin = (effect: Effect.Effect<unknown>, withinMillis: number): Effect.Effect<boolean> =>
  Effect.flatMap(Effect.forkDetach(effect), (fiber) => comesTrue(() => fiber.pollUnsafe() !== undefined, withinMillis))
