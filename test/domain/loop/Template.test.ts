import { assert, describe, it } from "@effect/vitest"
import type { Patch } from "../../../src/domain/loop/Patch.ts"
import { fillPatch, mistakesIn } from "../../../src/domain/loop/Template.ts"
import { parseCondition } from "../../../src/domain/ottl/Parser.ts"
import { Random } from "../../support/Random.ts"
import { findingOf } from "./Samples.ts"

const template = 'resource.attributes["tenant"] == "{{ finding.subject.tenant }}" and true'
const patch = (value: string): Patch => ({ merge: {}, append: [{ path: ["processors", "filter/x", "trace_conditions"], value }] })
const filled = (tenant: string): string => {
  const result = fillPatch(patch(template), findingOf({ tenant }))
  if ("refusal" in result) throw new Error(result.refusal)
  return result.append[0]!.value as string
}

/** The literal that the tenant is compared with, as the engine reads it. */
const literalIn = (text: string) => {
  const condition = parseCondition(text)
  assert.strictEqual(condition.kind, "and")
  const [first] = condition.kind === "and" ? condition.operands : []
  return first?.kind === "compare" && first.right.kind === "string" ? first.right.value : undefined
}

describe("Template", () => {
  it("fills the name in, readable where it is harmless", () => {
    assert.strictEqual(filled("shop-eu.1"), 'resource.attributes["tenant"] == "shop-eu.1" and true')
  })

  it("never lets a name out of its literal, nor an expansion in", () => {
    for (const tenant of [
      '" or true or "',
      "\\",
      '\\"',
      "${env:SECRET}",
      "a\nb\r\u0000",
      "{{ finding.kind }}",
      "$$",
      "🚰",
      "`'",
      "\u2028"
    ]) {
      const text = filled(tenant)
      assert.strictEqual(literalIn(text), tenant)
      assert.notInclude(text, "$")
    }
  })

  it("round-trips random names", () => {
    const random = new Random(7)
    const alphabet = ['"', "\\", "$", "{", "}", "a", "\n", "\u0001", "é", "🚰", "x", "0", " "]
    for (let i = 0; i < 2000; i++) {
      const tenant = Array.from({ length: random.int(12) }, () => random.pick(alphabet)).join("")
      assert.strictEqual(literalIn(filled(tenant)), tenant)
    }
  })

  it("refuses names that stand for nobody or are too long", () => {
    for (const tenant of ["_other", "x".repeat(257)]) {
      const result = fillPatch(patch(template), findingOf({ tenant }))
      assert.isTrue("refusal" in result, tenant)
    }
  })

  it("finds mistakes", () => {
    const at = (text: string) => mistakesIn(text).map(({ offset }) => offset)
    assert.deepStrictEqual(at(template), [])
    assert.deepStrictEqual(at("{{ finding.kind }}"), [0])
    assert.deepStrictEqual(at('set(a, "x\\"") where b == {{finding.kind}}'), [25])
    assert.deepStrictEqual(at('"{{ finding.scor }}"'), [1])
    assert.deepStrictEqual(at('"{{ finding.kind "'), [1])
    assert.strictEqual(mistakesIn({ a: { "{{ finding.kind }}": 1 } }).length, 1)
  })
})
