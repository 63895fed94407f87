import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { parse } from "yaml"
import { Weir } from "../../src/domain/config/Weir.ts"
import { metricNames } from "../../src/domain/loop/Metric.ts"
import { Rule } from "../../src/domain/loop/Rule.ts"

const page = readFileSync(fileURLToPath(new URL("../../docs/loop.md", import.meta.url)), "utf8")
const [yaml] = [...page.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, text]) => text!)

describe("docs/loop.md", () => {
  it("shows a rule that is right, with every setting that a rule has, each explained", () => {
    const { rules } = Schema.decodeUnknownSync(Weir)((parse(yaml!) as { readonly weir: unknown }).weir)
    const settings = Object.keys(Rule.fields)
    assert.sameMembers(Object.keys((parse(yaml!) as { weir: { rules: { storm: object } } }).weir.rules.storm), settings)
    assert.strictEqual(rules["storm"]!.goal.look_after, 120_000)
    for (const setting of settings) assert.include(page, `- \`${setting}`)
  })

  it("lists every metric", () => {
    const table = page.slice(page.indexOf("| metric |")).split("\n\n")[0]!
    const names = table
      .split("\n")
      .slice(2)
      .flatMap((row) => [...row.split("|")[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
    assert.deepStrictEqual(names.toSorted(), [...metricNames].toSorted())
  })
})
