import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { reference } from "../../scripts/docs/Reference.ts"
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
