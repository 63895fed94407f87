import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { metricsReference } from "../../../scripts/docs/metrics.ts"

describe("docs/metrics.md", () => {
  it("is what npm run docs makes of the declarations", () => {
    assert.strictEqual(readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8"), metricsReference())
  })
})
