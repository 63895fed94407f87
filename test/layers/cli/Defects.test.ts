import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"

const program = fileURLToPath(new URL("./ThrowingGateway.ts", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "weir-defects-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (exporters: string, extensions: string, level: string) => {
  const text = `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters:
  ${exporters}:
extensions:
  ${extensions}:
    {}
service:
  extensions: [${extensions}]
  telemetry: {logs: {level: ${level}}, metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [${exporters}]}}
`
  writeFileSync(join(folder, "weir.yaml"), text)
  return spawnSync(process.execPath, [program, "weir.yaml"], { cwd: folder, encoding: "utf8" })
}

describe("a component that throws while it is made", () => {
  it("is named with its place on one line, exit code 70", () => {
    const { stdout, stderr } = run("throwing", "health_check", "info")
    assert.strictEqual(
      stdout,
      "70 weir.yaml:3:3: internal error: exporters.throwing: could not be made: TypeError: boom\\nwith \\u001b[31mcolour"
    )
    assert.strictEqual(stderr, "")
  })

  it("so is an extension", () => {
    const { stdout, stderr } = run("debug", "throwing/it", "info")
    assert.match(stdout, /^70 weir\.yaml:6:5: internal error: extensions\.throwing\/it: could not be made: TypeError: boom[^\n]*$/)
    assert.strictEqual(stderr, "")
  })

  it("shows its stack at the level debug", () => {
    const { stderr } = run("throwing", "health_check", "debug")
    assert.match(stderr, /debug TypeError: boom\n[^]*ThrowingGateway\.ts:\d+/)
  })
})
