import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Collecting } from "../support/Collecting.ts"
import { attribute } from "../support/Otlp.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const here = join(root, "test/agent-newest")
const project = mkdtempSync(join(tmpdir(), "weir-agent-newest-"))
afterAll(() => rmSync(project, { recursive: true, force: true }))

/** Why a registry is out of reach, which says nothing about this package; anything else that goes wrong fails the suite. */
const outOfReach = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED|ENETUNREACH|E404|E50\d/

/** The newest SDK, the sources and the application in a folder of their own; the sources find no other SDK there. */
const install = (): string | undefined => {
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(here, file), join(project, file))
  const { status, stderr } = spawnSync("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"], {
    cwd: project,
    encoding: "utf8"
  })
  if (status !== 0) {
    if (outOfReach.test(stderr)) return stderr.split("\n").find((line) => outOfReach.test(line))
    throw new Error(`npm ci ended with ${status}:\n${stderr}`)
  }
  cpSync(join(root, "src"), join(project, "src"), { recursive: true })
  cpSync(join(here, "application.ts"), join(project, "test/agent-newest/application.ts"), { recursive: true })
  for (const name of ["effect", "ws"]) symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name))
  return undefined
}

const missing = install()
if (missing !== undefined) console.log(`weir/agent is not tested with the newest SDK: the registry is out of reach (${missing})`)

describe.skipIf(missing !== undefined)("startAgent on the newest SDK", () => {
  it("sends all signals, samples as it is told, and ends", async () => {
    const backend = await Collecting.start("http")
    const child = spawn(process.execPath, ["test/agent-newest/application.ts", backend.backend.endpoint], { cwd: project })
    let output = ""
    let errors = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (errors += chunk))
    const [code] = await once(child, "close")
    assert.strictEqual(code, 0, errors)
    assert.strictEqual(errors, "")
    const seen = JSON.parse(output)
    const wanted = JSON.parse(readFileSync(join(here, "package.json"), "utf8")).dependencies["@opentelemetry/sdk-trace"]
    assert.deepInclude(seen, { sdk: wanted, applied: { _tag: "Applied" }, isContextKept: true, isOver: true, dropped: [] })
    // Trace IDs are random here: five standard deviations.
    assert.closeTo(seen.half, 500, 80)
    assert.closeTo(seen.tenth, 100, 48)

    const states = backend.items.traces.map(({ item }) => String(item.traceState))
    assert.strictEqual(states.filter((state) => state === "ot=th:8").length, seen.half)
    assert.strictEqual(states.filter((state) => state === "ot=th:e666").length, seen.tenth)
    const [parent, child_] = ["parent", "child"].map((name) => backend.items.traces.find(({ item }) => String(item.name) === name)!)
    assert.deepStrictEqual(child_!.item.parentSpanId, parent!.item.spanId)
    assert.strictEqual(attribute(parent!.resource.resource!, "service.namespace"), "shop")
    assert.deepStrictEqual(
      backend.items.logs.map(({ item }) => String(item.body!.stringValue)),
      ["paid"]
    )
    const metrics = new Set(backend.items.metrics.map(({ metric }) => String(metric!.name)))
    assert.isTrue(metrics.has("payments") && metrics.has("weir.agent.sampling.probability"))
    await backend.stop()
  })
})
