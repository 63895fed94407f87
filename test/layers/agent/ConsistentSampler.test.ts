import { createTraceState, ROOT_CONTEXT, SpanKind, trace, TraceFlags, type SpanContext } from "@opentelemetry/api"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { type AgentSettingsInput, decodeSettings } from "../../../src/layers/agent/AgentSettings.ts"
import { ConsistentSampler } from "../../../src/layers/agent/ConsistentSampler.ts"
import { Seeded } from "../../support/Seeded.ts"

const policy = (sampling: NonNullable<AgentSettingsInput["sampling"]>) => Result.getOrThrow(decodeSettings({ sampling })).sampling

const traceIds = (seed: number, count: number): ReadonlyArray<string> => {
  const random = new Seeded(seed)
  const word = () => random.between(0, 0xffff).toString(16).padStart(4, "0")
  return Array.from({ length: count }, () => Array.from({ length: 8 }, word).join(""))
}

const under = (parent: Partial<SpanContext>) =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: TraceFlags.SAMPLED, ...parent })

const decide = (sampler: ConsistentSampler, traceId: string, context = ROOT_CONTEXT, name = "GET /", attributes = {}) => {
  const { decision, traceState } = sampler.shouldSample(context, traceId, name, SpanKind.SERVER, attributes)
  return { isKept: decision === 2, ot: traceState?.get("ot"), state: traceState?.serialize() }
}

const leadingZeros = "0".repeat(18)

describe("ConsistentSampler", () => {
  it.each([
    [1, "0"],
    [0.5, "8"],
    [0.25, "c"],
    [0.1, "e666"],
    [1 / 3, "aaab"],
    [0.01, "fd70a"]
  ])("writes the threshold of %d as th:%s", (probability, th) => {
    assert.strictEqual(decide(new ConsistentSampler(policy({ probability })), "f".repeat(32)).ot, `th:${th}`)
  })

  it.each([
    ["e6660000000000", true],
    ["e665ffffffffff", false],
    ["ffffffffffffff", true],
    ["00000000000000", false]
  ])("keeps a trace with randomness %s at 0.1: %s", (randomness, isKept) => {
    assert.strictEqual(decide(new ConsistentSampler(policy({ probability: 0.1 })), `${leadingZeros}${randomness}`).isKept, isKept)
  })

  it("keeps nothing at 0 and everything at 1", () => {
    for (const traceId of traceIds(1, 100)) {
      assert.isFalse(decide(new ConsistentSampler(policy({ probability: 0 })), traceId).isKept)
      assert.isTrue(decide(new ConsistentSampler(policy({ probability: 1 })), traceId).isKept)
    }
  })

  it("follows an assignment at once, and what a lower rate keeps is among what a higher one keeps", () => {
    const sampler = new ConsistentSampler(policy({ probability: 0.5 }))
    const ids = traceIds(7, 20_000)
    const half = new Set(ids.filter((id) => decide(sampler, id).isKept))
    sampler.policy = policy({ probability: 0.1 })
    const tenth = ids.filter((id) => decide(sampler, id).isKept)
    // Four standard deviations of a binomial.
    assert.closeTo(half.size, 10_000, 4 * Math.sqrt(20_000 * 0.25))
    assert.closeTo(tenth.length, 2000, 4 * Math.sqrt(20_000 * 0.09))
    assert.isTrue(tenth.every((id) => half.has(id)))
  })

  it("counts without bias while the policy changes with every span", () => {
    const sampler = new ConsistentSampler(policy({ probability: 1 }))
    const policies = [0.9, 0.5, 0.1, 0.02].map((probability) => policy({ probability }))
    const weights = new Map(policies.map(({ probability }) => [probability, 1 / probability]))
    let estimate = 0
    const ids = traceIds(11, 40_000)
    ids.forEach((id, i) => {
      sampler.policy = policies[i % 4]!
      if (decide(sampler, id).isKept) estimate += weights.get(policies[i % 4]!.probability)!
    })
    const variance = policies.reduce((sum, { probability: p }) => sum + (10_000 * (1 - p)) / p, 0)
    assert.closeTo(estimate, ids.length, 4 * Math.sqrt(variance))
  })

  it("does what the parent does, with the parent's probability", () => {
    const sampler = new ConsistentSampler(policy({ probability: 0 }))
    const traceId = `${leadingZeros}e6660000000000`
    assert.deepStrictEqual(decide(sampler, traceId, under({ traceId, traceState: createTraceState("ot=th:c,other=1") })), {
      isKept: true,
      ot: "th:c",
      state: "ot=th:c,other=1"
    })
    sampler.policy = policy({ probability: 1 })
    assert.isFalse(decide(sampler, traceId, under({ traceId, traceFlags: TraceFlags.NONE })).isKept)
  })

  it("claims no probability where a kept parent contradicts its own threshold", () => {
    const traceId = `${leadingZeros}10000000000000`
    const sampler = new ConsistentSampler(policy({ probability: 0.5 }))
    const parent = under({ traceId, traceState: createTraceState("ot=th:c,other=1") })
    assert.deepStrictEqual(decide(sampler, traceId, parent), { isKept: true, ot: undefined, state: "other=1" })
  })

  it("decides for itself where asked, by explicit randomness before the trace ID's", () => {
    const sampler = new ConsistentSampler(policy({ probability: 0.1, parentBased: false }))
    const low = `1${"0".repeat(31)}`
    const given = under({ traceId: low, traceFlags: TraceFlags.NONE, traceState: createTraceState("ot=rv:e6660000000000;th:8;xx:1") })
    assert.deepStrictEqual(decide(sampler, low, given).ot, "rv:e6660000000000;th:e666;xx:1")
    const high = "f".repeat(32)
    const refused = under({ traceId: high, traceState: createTraceState("ot=rv:e6650000000000;th:8") })
    assert.deepStrictEqual(decide(sampler, high, refused), { isKept: false, ot: "rv:e6650000000000", state: "ot=rv:e6650000000000" })
  })

  it("lets the first rule that matches decide", () => {
    const sampler = new ConsistentSampler(
      policy({
        probability: 1,
        rules: [
          { name: "GET /health*", probability: 0 },
          { kind: "client", probability: 0 },
          { attributes: { "http.request.method": "P*T", "retry.count": 2 }, probability: 0.5 }
        ]
      })
    )
    const id = `${leadingZeros}80000000000000`
    assert.isFalse(decide(sampler, id, ROOT_CONTEXT, "GET /healthz").isKept)
    assert.strictEqual(decide(sampler, id, ROOT_CONTEXT, "GET /health/../x").ot, undefined)
    assert.strictEqual(decide(sampler, id, ROOT_CONTEXT, "PUT /", { "http.request.method": "PUT", "retry.count": 2 }).ot, "th:8")
    assert.strictEqual(decide(sampler, id, ROOT_CONTEXT, "PUT /", { "http.request.method": "PUT", "retry.count": "2" }).ot, "th:0")
    assert.strictEqual(decide(sampler, id, ROOT_CONTEXT, "PUT /", { "http.request.method": "PUTS", "retry.count": 2 }).ot, "th:0")
  })
})
