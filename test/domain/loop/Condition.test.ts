import { assert, describe, it } from "@effect/vitest"
import { Condition, encodeFinding } from "../../../src/domain/loop/Condition.ts"
import { formatBare } from "../../../src/domain/ottl/OttlError.ts"
import { findingOf } from "./Samples.ts"

const holds = (text: string, finding = findingOf(), now = 61_000) => {
  const condition = Condition.compile(text)
  if (!(condition instanceof Condition)) throw new Error(formatBare(condition))
  return condition.holds(encodeFinding(finding, now))
}

const mistake = (text: string) => {
  const compiled = Condition.compile(text)
  return compiled instanceof Condition ? "" : formatBare(compiled)
}

describe("Condition", () => {
  it("sees every field of a finding", () => {
    for (const [text, expected] of [
      ['finding.kind == "volume"', true],
      ['finding.kind != "volume"', false],
      ['finding.detector == "baseline/volume"', true],
      ['finding.subject.tenant == "shop" and finding.subject.service == "checkout"', true],
      ['finding.subject.signal == "logs"', false],
      ["finding.score >= 0.9", true],
      ["finding.value > 10 * finding.expected", true],
      ["finding.value > 30 * finding.expected", false],
      ["finding.duration > 59", true],
      ["finding.duration > 60", false],
      ['IsMatch(finding.subject.tenant, "^sh")', true]
    ] as const) {
      assert.strictEqual(holds(text), expected, text)
    }
  })

  it("is false for comparisons with an expectation that there is not", () => {
    const finding = findingOf({ expected: undefined })
    assert.isFalse(holds("finding.value > 2.0 * finding.expected", finding))
    assert.isFalse(holds("finding.expected < 1", finding))
  })

  it("takes long and odd names, and can be asked again", () => {
    const tenant = `${"é".repeat(5000)}"\u0000`
    const condition = Condition.compile('finding.subject.tenant == "x" or Len(finding.subject.tenant) > 9000') as Condition
    assert.isTrue(condition.holds(encodeFinding(findingOf({ tenant }), 0)))
    assert.isFalse(condition.holds(encodeFinding(findingOf({ tenant: "" }), 0)))
    assert.isTrue(condition.holds(encodeFinding(findingOf({ tenant: "x" }), 0)))
  })

  it("says why it cannot be computed", () => {
    assert.deepEqual(typeof holds("Int(finding.subject.tenant) + 1 > 0"), "object")
  })

  it("refuses what a rule cannot see", () => {
    assert.include(mistake('span.name == "x"'), "a span path cannot be used in the finding context")
    assert.include(mistake('kind == "x"'), "lacks a context")
    assert.include(mistake("finding.cache == nil"), "unknown path finding.cache")
    assert.include(mistake("finding.score >"), "1:16")
  })
})
