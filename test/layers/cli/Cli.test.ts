import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { builtIn } from "../../../src/layers/BuiltIn.ts"
import { version } from "../../../src/layers/cli/Version.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "weir-cli-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const weir = (...args: ReadonlyArray<string>) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/weir.js"), ...args], { cwd: folder, encoding: "utf8" })
  return { status, stdout, stderr }
}

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return name
}

describe("weir", () => {
  it("has the version of the package", () => {
    assert.strictEqual(version, JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version)
    assert.include(weir("--version").stdout, version)
  })

  it("prints help with examples when asked, on standard output", () => {
    for (const args of [[], ["up"], ["run"], ["validate"], ["components"]]) {
      const { status, stdout, stderr } = weir(...args, "--help")
      assert.deepStrictEqual([status, stderr], [0, ""])
      assert.include(stdout, "EXAMPLES")
    }
  })

  it("ends with 64 when the command line is wrong, and says on standard error what would be right", () => {
    const unknown = weir("validat")
    assert.deepStrictEqual([unknown.status, unknown.stdout], [64, ""])
    assert.include(unknown.stderr, "validate")
    const flag = weir("run", "--confg", "x")
    assert.deepStrictEqual([flag.status, flag.stdout], [64, ""])
    assert.include(flag.stderr, "--config")
  })

  it("lists the components", () => {
    const listed = JSON.parse(weir("components", "--json").stdout) as ReadonlyArray<{ readonly type: string }>
    assert.deepStrictEqual(listed.map(({ type }) => type).toSorted(), builtIn.map(({ type }) => type).toSorted())
    assert.include(weir("components").stdout, "health_check")
  })
})

describe("weir validate", () => {
  it("prints every problem and ends with 78", () => {
    const name = file(
      "wrong.yaml",
      "receivers:\n  otpl:\nexporters: {debug: {verbosity: 7}}\nservice:\n  pipelines:\n    traces: {receivers: [otlp]}\n"
    )
    const { status, stdout, stderr } = weir("validate", "--config", name)
    assert.deepStrictEqual([status, stdout], [78, ""])
    assert.match(stderr, /wrong\.yaml:2:3: error: unknown receiver type "otpl"/)
    assert.match(stderr, /wrong\.yaml:6:26: error: pipeline "traces" names receiver or connector "otlp"/)
    assert.match(stderr, /pipeline "traces" has no exporters/)
  })

  it("names files that cannot be read", () => {
    const { status, stderr } = weir("validate", "--config", "nowhere.yaml", "--config", ".")
    assert.strictEqual(status, 78)
    assert.include(stderr, 'cannot read "nowhere.yaml": no such file')
    assert.include(stderr, 'cannot read ".": not a file')
  })
})
