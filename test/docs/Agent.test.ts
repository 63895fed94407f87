import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { agentDropReasons } from "../../src/agent.ts"
import { decodeSettings } from "../../src/layers/agent/AgentSettings.ts"

const page = readFileSync(fileURLToPath(new URL("../../docs/agent.md", import.meta.url)), "utf8")
const documents = [...page.matchAll(/^```json\n([^]*?)^```/gm)].map(([, json]) => JSON.parse(json!))

/** The first cells of a table under this heading, split where one row names several. */
const rowsOf = (heading: string): ReadonlyArray<readonly [string, string]> => {
  const table = page.slice(page.indexOf(`| ${heading} |`)).split("\n\n")[0]!
  return table
    .split("\n")
    .slice(2)
    .map((row) => row.split("|").map((cell) => cell.trim()))
    .flatMap(([, names, value]) => names!.split(", ").map((name) => [name.replaceAll("`", ""), value!] as const))
}

describe("docs/agent.md", () => {
  it("shows documents that are right", () => {
    const [sampling, remote] = documents
    assert.isTrue(Result.isSuccess(decodeSettings({ sampling })))
    assert.isTrue(Result.isSuccess(decodeSettings(remote)))
  })

  it("lists every reason for which something is dropped", () => {
    assert.sameMembers(
      rowsOf("reason").map(([name]) => name),
      [...agentDropReasons]
    )
  })

  it("lists every limit with its default", () => {
    const { limits } = Result.getOrThrow(decodeSettings({}))
    assert.deepStrictEqual(
      rowsOf("`limits` | default").map(([name, value]) => [name, Number(value)]),
      Object.entries(limits)
    )
  })
})
