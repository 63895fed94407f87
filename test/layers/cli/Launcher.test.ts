import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { freePort, isListening, until } from "../../support/Facts.ts"

const entry = fileURLToPath(new URL("../../../bin/weir.js", import.meta.url))

/** The machine's own Node, where it is too old to run Weir itself: then the launcher starts another one. */
const old = (): boolean => {
  const { stdout } = spawnSync("node", ["--version"], { encoding: "utf8", env: { ...process.env, PATH: "/usr/local/bin:/usr/bin:/bin" } })
  return Number(/^v(\d+)/.exec(stdout ?? "")?.[1] ?? 99) < 22
}

describe("the launcher", () => {
  it.skipIf(!old())("takes what it has started along when it is killed (needs a Node older than 22)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "weir-launcher-"))
    const port = await freePort()
    writeFileSync(
      join(folder, "weir.yaml"),
      `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
exporters: {debug: }
service: {telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
`
    )
    const env = { ...process.env, PATH: "/usr/local/bin:/usr/bin:/bin" }
    const child = spawn("node", [entry, "run", "--config", "weir.yaml"], { cwd: folder, env, stdio: "ignore" })
    await until("it serves", () => isListening(port))
    child.kill("SIGKILL")
    await until("the port is free", async () => !(await isListening(port)))
    rmSync(folder, { recursive: true, force: true })
    assert.strictEqual(child.signalCode, "SIGKILL")
  })
})
