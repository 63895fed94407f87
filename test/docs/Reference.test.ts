import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { controlReference, reference } from "../../scripts/docs/Reference.ts"
import { Control } from "../../src/domain/config/Control.ts"
import { Weir } from "../../src/domain/config/Weir.ts"
import { builtIn } from "../../src/layers/BuiltIn.ts"

describe("docs/components.md", () => {
  it("is what the schemas say; npm run docs brings it up to date", () => {
    assert.strictEqual(readFileSync(new URL("../../docs/components.md", import.meta.url), "utf8"), reference(builtIn))
  })

  it("describes every setting of every component", () => {
    const undescribed = reference(builtIn)
      .split("\n")
      .filter((line) => /^\| `.*\|\s*\|$/.test(line))
    assert.deepStrictEqual(undescribed, [])
  })
})

describe("docs/control-settings.md", () => {
  const text = controlReference({ control: Control, weir: Weir })

  it("is what the schemas say; npm run docs brings it up to date", () => {
    assert.strictEqual(readFileSync(new URL("../../docs/control-settings.md", import.meta.url), "utf8"), text)
  })

  it("describes every setting, also those of rules", () => {
    assert.include(text, "| `rules.NAME.goal.at_least` |")
    assert.deepStrictEqual(
      text.split("\n").filter((line) => /^\| `.*\|\s*\|$/.test(line)),
      []
    )
  })
})
