import { assert, describe, it } from "@effect/vitest"
import { type Measure, measuresOf, relativeScale, valueScale } from "../../src/console/draw/Scale.ts"
import { fixture } from "../browser/support/Fixture.ts"

const measure = (estimate: number | null, interval: readonly [number | null, number | null] | null, at?: number): Measure => ({
  role: "goal",
  judged: { what: "delivered.bytes", judgement: "pass", estimate, interval, reason: "" },
  kind: "relative",
  bounds: at === undefined ? [] : [{ at, kept: "below" }]
})

describe("the scale of relative effects", () => {
  it("has no effect, all ends and all bounds on it, and half as far away as double", () => {
    const { place, ticks } = relativeScale([measure(-0.5, [-0.6, -0.3], -0.4), measure(0.1, [-0.1, 1])])
    for (const value of [-0.6, -0.5, -0.4, -0.3, 0, 0.1, 1]) assert.isTrue(place(value) > 0 && place(value) < 1, String(value))
    assert.closeTo(place(0) - place(-0.5), place(1) - place(0), 1e-9)
    assert.include(ticks, 0)
    assert.deepStrictEqual(
      ticks,
      ticks.toSorted((a, b) => a - b)
    )
  })

  it("stays finite whatever is judged", () => {
    for (const value of [-1, Number.MAX_VALUE, -0.999_999, 0]) {
      const { place, ticks } = relativeScale([measure(value, [null, value])])
      assert.isTrue(
        [place(value), place(0), ...ticks.map(place)].every((at) => at >= 0 && at <= 1),
        String(value)
      )
    }
    const { place } = relativeScale([measure(null, null)])
    assert.closeTo(place(0), 0.5, 1e-9)
  })

  it("does not make noise look like news", () => {
    const { place } = relativeScale([measure(0.001, [-0.001, 0.002])])
    assert.isBelow(place(0.002) - place(-0.001), 0.05)
  })
})

describe("the scale of a value", () => {
  it("begins at 0 and has the bound on it", () => {
    const value: Measure = { ...measure(0.02, null, 0.3), kind: "value" }
    const { place, ticks } = valueScale(value)
    assert.isBelow(place(0.02), place(0.3))
    assert.deepStrictEqual(ticks, [0, 0.3])
  })
})

describe("the measures of an evaluation", () => {
  const { evaluation, plan } = fixture.rollouts.find(({ stage }) => stage === "promoted")!

  it("are the goal, the guardrails that are built in, and the plan's with their bounds", () => {
    const rows = measuresOf(evaluation!, plan).map(({ bounds, judged, kind, role }) => [
      role,
      judged.what,
      kind,
      bounds.map(({ at }) => at)
    ])
    assert.deepStrictEqual(rows, [
      ["goal", "delivered.bytes", "relative", [-0.4]],
      ["guardrail", "retention.errors", "value", []],
      ["guardrail", "retention.slow", "value", []],
      ["guardrail", "lost_ratio", "value", []],
      ["guardrail", "difference of delivered.errors", "relative", [-0.2]],
      ["guardrail", "error_ratio", "value", [0.3]]
    ])
  })

  it("have no bounds of the plan at a look that did not judge them", () => {
    const early = { ...evaluation!, goal: null, guardrails: evaluation!.guardrails.slice(0, 3) }
    assert.deepStrictEqual(
      measuresOf(early, plan).flatMap(({ bounds }) => bounds),
      []
    )
  })
})
