import { assert, describe, it } from "@effect/vitest"
import type { EvaluationInput } from "../../../src/domain/loop/Evaluation.ts"
import type { Totals } from "../../../src/domain/loop/Metric.ts"
import { alpha, tTest } from "../../../src/domain/loop/TTest.ts"
import { Random } from "../../support/Random.ts"
import { bytes, inputOf, nothing, planOf } from "./Evidence.ts"

const evaluate = (input: EvaluationInput) => tTest.evaluate(input)
const pairs = (...values: ReadonlyArray<readonly [number, number]>) => values.map(([pre, post]) => [bytes(pre), bytes(post)] as const)

const control = pairs([100_000, 101_000], [50_000, 49_000])

/** Lognormal noise by sums of uniforms (Irwin-Hall), seeded. */
const gaussian = (random: Random): number => {
  let sum = -6
  for (let i = 0; i < 12; i++) sum += random.next()
  return sum
}

describe("the t test of arms", () => {
  it("passes a goal that is reached, and says the numbers", () => {
    const { goal, judgement, reason } = evaluate(inputOf(pairs([100_000, 41_000], [50_000, 19_000]), control))
    assert.strictEqual(judgement, "pass")
    assert.isBelow(Math.abs(goal!.estimate! - -0.604), 0.005)
    assert.match(reason, /^delivered\.bytes of the canary is -60\.\d % against the control \(95 % interval .*\); wanted is -40 %$/)
  })

  it("fails an effect of the wrong sign, and one that is surely too small", () => {
    assert.strictEqual(evaluate(inputOf(pairs([100_000, 200_000], [50_000, 101_000]), control)).judgement, "fail")
    assert.strictEqual(evaluate(inputOf(pairs([100_000, 99_000], [50_000, 50_000]), control)).judgement, "fail")
  })

  it("is inconclusive where the spread hides the effect", () => {
    assert.strictEqual(evaluate(inputOf(pairs([100_000, 90_000], [50_000, 5_000]), control)).judgement, "inconclusive")
  })

  it("never passes without data: none at all, too few units, too little time, no level before, constant data", () => {
    const good = inputOf(pairs([100_000, 41_000], [50_000, 19_000]), control)
    const is = (input: EvaluationInput, words: RegExp) => {
      const { judgement, reason } = evaluate(input)
      assert.strictEqual(judgement, "inconclusive", reason)
      assert.match(reason, words)
    }
    is({ ...good, units: [] }, /only 0 % of the canary units/)
    is({ ...good, units: good.units.slice(1) }, /only 50 % of the canary units/)
    is({ ...good, units: good.units.slice(0, -1) }, /only 50 % of the control units/)
    is({ ...good, units: good.units.map((unit, i) => (i === 0 ? { ...unit, post: { ...unit.post, seconds: 20 } } : unit)) }, /only 50 %/)
    is(
      inputOf(
        [
          [nothing, bytes(1)],
          [bytes(50_000), bytes(19_000)]
        ],
        control
      ),
      /only 50 % of the canary/
    )
    is(inputOf(pairs([100, 50], [100, 50]), pairs([100, 100], [100, 100])), /the same for all units/)
    is({ ...good, canary: [], control: [], units: [] }, /only 0 %/)
  })

  it("counts a fall to zero as half of the smallest value, in any unit of measure", () => {
    const { goal, judgement } = evaluate(inputOf(pairs([100_000, 0], [50_000, 0], [80_000, 0]), [...control, ...pairs([80_000, 80_000])]))
    assert.strictEqual(judgement, "pass")
    assert.match(goal!.reason, /3 units at zero/)
    assert.isAbove(goal!.estimate!, -1)
  })

  it("believes no arms that report unevenly", () => {
    const many = (n: number, factor: number) =>
      Array.from({ length: n }, (_, i) => [bytes(100_000 + i), bytes(factor * (100_000 + 2 * i))] as const)
    const input = inputOf(many(400, 0.5), many(400, 1))
    assert.strictEqual(evaluate(input).judgement, "pass")
    const { judgement, reason } = evaluate({
      ...input,
      units: input.units.filter(({ unit }) => !/^canary-[1-7].$/.test(unit) && !/^canary-.[05]$/.test(unit))
    })
    assert.strictEqual(judgement, "inconclusive", reason)
  })

  const lossy = (change: (totals: Totals) => Totals) =>
    inputOf(
      pairs([100_000, 41_000], [50_000, 19_000]).map(([pre, post]) => [pre, change(post)] as const),
      control
    )

  it("fails whatever drops error spans or slow traces, or loses data, also before the planned look", () => {
    const cases: ReadonlyArray<readonly [string, EvaluationInput]> = [
      ["retention.errors", lossy((totals) => ({ ...totals, delivered: { ...totals.delivered, errors: 20 } }))],
      ["retention.slow", lossy((totals) => ({ ...totals, delivered: { ...totals.delivered, slow: 0 } }))],
      ["lost_ratio", lossy((totals) => ({ ...totals, lost: 3 }))]
    ]
    for (const [what, input] of cases) {
      for (const isFinal of [true, false]) {
        const { judgement, reason } = evaluate({ ...input, isFinal })
        assert.strictEqual(judgement, "fail")
        assert.include(reason, `guardrail ${what}`)
      }
    }
    const early = evaluate({ ...lossy((totals) => totals), isFinal: false })
    assert.strictEqual(early.judgement, "inconclusive")
    assert.isUndefined(early.goal)
  })

  it("sees harm in units that are too young for a comparison", () => {
    const input = lossy((totals) => ({ ...totals, delivered: { ...totals.delivered, errors: 0 } }))
    const young = input.units.map((unit) => ({ ...unit, pre: { ...unit.pre, seconds: 0 }, post: { ...unit.post, seconds: 10 } }))
    assert.include(evaluate({ ...input, units: young, isFinal: false }).reason, "guardrail retention.errors")
  })

  it("needs no past where nothing is compared with it", () => {
    const input = inputOf(control, control, { plan: planOf({ goal: undefined }) })
    const young = input.units.map((unit) => ({ ...unit, pre: { ...unit.pre, seconds: 0 } }))
    assert.strictEqual(evaluate({ ...input, units: young }).judgement, "pass")
    assert.strictEqual(evaluate({ ...input, units: young, plan: planOf() }).judgement, "inconclusive")
  })

  it("does not blame a change for what happens to both arms, nor for what is under way", () => {
    const broken = (totals: Totals): Totals => ({ ...totals, lost: 100, delivered: { ...totals.delivered, errors: 20, slow: 2 } })
    const both = inputOf(
      pairs([100_000, 41_000], [50_000, 19_000]).map(([pre, post]) => [pre, broken(post)] as const),
      control.map(([pre, post]) => [pre, broken(post)] as const)
    )
    assert.strictEqual(evaluate(both).judgement, "pass")
    assert.strictEqual(evaluate(lossy((totals) => ({ ...totals, delivered: { ...totals.delivered, errors: 49 } }))).judgement, "pass")
  })

  it("obeys guardrails of the plan", () => {
    const input = inputOf(pairs([100_000, 41_000], [50_000, 19_000]), control)
    const withGuardrail = (guardrail: Partial<(typeof input.plan.guardrails)[number]>) =>
      evaluate({
        ...input,
        plan: planOf({ guardrails: [{ metric: "delivered.items", of: "difference", min: undefined, max: undefined, ...guardrail }] })
      })
    assert.strictEqual(withGuardrail({ metric: "delivered.bytes", min: -0.5 }).judgement, "fail")
    assert.strictEqual(withGuardrail({ metric: "delivered.bytes", min: -0.9 }).judgement, "pass")
    assert.strictEqual(withGuardrail({ metric: "error_ratio", of: "canary", max: 0.04 }).judgement, "fail")
    assert.strictEqual(withGuardrail({ metric: "error_ratio", of: "canary", max: 0.06 }).judgement, "pass")
    // The same number of items everywhere: constant data tell nothing.
    assert.strictEqual(withGuardrail({ max: 0.5 }).judgement, "inconclusive")
  })

  it("passes a change without a goal if it crosses no guardrail", () => {
    const input = inputOf(control, control, { plan: planOf({ goal: undefined }) })
    assert.strictEqual(evaluate(input).judgement, "pass")
    assert.strictEqual(evaluate({ ...input, units: [] }).judgement, "inconclusive")
  })

  const noisy = (random: Random, perArm: number, unit = 1): EvaluationInput => {
    const arm = () =>
      Array.from({ length: perArm }, () => {
        const level = Math.exp(10 + gaussian(random))
        return [bytes(level * unit * Math.exp(0.1 * gaussian(random))), bytes(level * unit * Math.exp(0.1 * gaussian(random)))] as const
      })
    return inputOf(arm(), arm())
  }

  for (const perArm of [2, 3, 10]) {
    it(`errs in no more than alpha of A/A comparisons, ${perArm} units an arm`, () => {
      const random = new Random(perArm)
      const runs = 4000
      let excluded = 0
      let passed = 0
      for (let i = 0; i < runs; i++) {
        const { goal, judgement } = evaluate({
          ...noisy(random, perArm),
          plan: planOf({ goal: { metric: "delivered.bytes", direction: "down", atLeast: 1e-9, narrow: true } })
        })
        if (goal!.interval![0] > 0 || goal!.interval![1] < 0) excluded++
        if (judgement === "pass") passed++
      }
      // Three standard errors above the nominal level.
      const allowed = (rate: number) => rate + 3 * Math.sqrt((rate * (1 - rate)) / runs)
      assert.isBelow(excluded / runs, allowed(alpha))
      assert.isBelow(passed / runs, allowed(alpha / 2))
      assert.isAbove(excluded, 0)
    })
  }

  it("turns over with its arms, and does not depend on the unit of measure or the order of units", () => {
    for (let seed = 0; seed < 200; seed++) {
      const input = noisy(new Random(seed), 4)
      const one = evaluate(input).goal!
      const turned = evaluate({ ...input, canary: input.control, control: input.canary }).goal!
      assert.isBelow(Math.abs((1 + one.estimate!) * (1 + turned.estimate!) - 1), 1e-9)
      assert.isBelow(Math.abs((1 + one.interval![0]) * (1 + turned.interval![1]) - 1), 1e-9)
      const scaled = evaluate(noisy(new Random(seed), 4, 1024)).goal!
      assert.isBelow(Math.abs(scaled.estimate! - one.estimate!), 1e-9)
      assert.strictEqual(scaled.judgement, one.judgement)
      assert.deepStrictEqual(evaluate({ ...input, units: input.units.toReversed() }), evaluate(input))
    }
  })
})
