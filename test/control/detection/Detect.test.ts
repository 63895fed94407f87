import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { detect } from "../../../src/control/detection/Detect.ts"
import { DetectionStore } from "../../../src/control/detection/DetectionStore.ts"
import { ObservationStore } from "../../../src/control/evidence/ObservationStore.ts"
import { noFigures } from "../../../src/domain/loop/Figures.ts"
import { noVolume } from "../../../src/domain/loop/Metric.ts"
import { checkout, startMillis, volume } from "./Scenario.ts"

const report = (second: number) => {
  const about = {
    agent: "a",
    revision: "",
    startUnixMillis: startMillis + second * 1000,
    endUnixMillis: startMillis + (second + 1) * 1000
  }
  const observation = { ...about, subject: checkout, ...noFigures, received: { ...noVolume, items: 10 } }
  return { id: String(second), ...about, lost: 0, observations: [observation] }
}

describe("detectors at work", () => {
  it.effect("leave what they have learnt when they end, to the second", () =>
    Effect.gen(function* () {
      const { add } = yield* ObservationStore
      const memory = yield* DetectionStore
      yield* TestClock.setTime(startMillis)
      const working = yield* Effect.forkChild(detect([volume()], [], () => Effect.void))
      for (let second = 0; second < 10; second++) {
        yield* TestClock.adjust("1 second")
        yield* add(report(second))
      }
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* memory.load, {}, "it is not saved every second")
      yield* Fiber.interrupt(working)
      const [series] = (yield* memory.load)["baseline/volume"]!.series
      assert.deepStrictEqual(series!.subject, checkout)
      assert.strictEqual(series!.busyAt, startMillis + 9000)
    }).pipe(Effect.provide(Layer.merge(ObservationStore.layer(), DetectionStore.layerMemory)))
  )
})
