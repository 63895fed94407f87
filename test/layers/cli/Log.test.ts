import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const log = new URL("../../../src/layers/cli/Log.ts", import.meta.url).href
const root = fileURLToPath(new URL("../../../", import.meta.url))

const hostile = "\u001b]0;owned\u0007\u009b31m\r\u202e"

/** What a process that logs hostile text writes. */
const written = (encoding: string): string => {
  const program = `
    import * as Effect from "effect/Effect"
    import { layerLog } from ${JSON.stringify(log)}
    const hostile = ${JSON.stringify(hostile)}
    await Effect.runPromise(Effect.logWarning("backend says " + hostile + "\\n2026-01-01T00:00:00.000Z error forged").pipe(
      Effect.annotateLogs("tenant", hostile + "\\n2026-01-01T00:00:00.000Z error forged too"),
      Effect.provide(layerLog(() => ({ level: "info", encoding: "${encoding}" })))
    ))`
  return spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd: root, encoding: "utf8" }).stderr
}

describe("the log", () => {
  it.each(["console", "json"])("%s: control characters from the network are shown, not obeyed", (encoding) => {
    const text = written(encoding)
    assert.include(text, "\\u001b]0;owned\\u0007")
    assert.include(text, "\\u009b31m")
    // oxlint-disable-next-line no-control-regex
    assert.notMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
  })

  it("no text from the network poses as an entry", () => {
    const lines = written("console").trimEnd().split("\n")
    assert.strictEqual(lines.filter((line) => /^\d{4}-/.test(line)).length, 1)
    assert.strictEqual(lines[1]!.startsWith("  2026-01-01T00:00:00.000Z error forged"), true)
    assert.include(lines[1]!, "\\n2026-01-01T00:00:00.000Z error forged too")
    assert.strictEqual(JSON.parse(written("json")).annotations.tenant.includes("\u001b]0;owned"), true)
  })
})
