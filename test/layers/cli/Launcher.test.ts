import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Backend, hang } from "../../support/Backend.ts"
import { httpTransport } from "../../support/RawSender.ts"
import { request } from "../../support/Requests.ts"
import { freePort, isListening, until } from "../../support/Facts.ts"

const entry = fileURLToPath(new URL("../../../bin/weir.js", import.meta.url))

/** The machine's own Node, where it is too old to run Weir itself: then the launcher starts another one. */
const old = (): boolean => {
  const { stdout } = spawnSync("node", ["--version"], { encoding: "utf8", env: { ...process.env, PATH: "/usr/local/bin:/usr/bin:/bin" } })
  return Number(/^v(\d+)/.exec(stdout ?? "")?.[1] ?? 99) < 22
}

describe("the launcher", () => {
  it.skipIf(!old())("takes what it has started along when it is killed, held items or not (needs a Node older than 22)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "weir-launcher-"))
    const backend = await Backend.start({ protocol: "http", behaviour: hang, onDelivery: () => {} })
    const [http, metrics] = await Promise.all([freePort(), freePort()])
    writeFileSync(
      join(folder, "weir.yaml"),
      `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}}
exporters: {otlp_http: {endpoint: "${backend.endpoint}", timeout: 60s}}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metrics}}}}}]}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}
`
    )
    const env = { ...process.env, PATH: "/usr/local/bin:/usr/bin:/bin" }
    const child = spawn("node", [entry, "run", "--config", "weir.yaml"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    const ended = Promise.all(
      [child.stdout, child.stderr].map((stream) =>
        once(
          stream.on("data", (chunk) => (output += chunk)),
          "close"
        )
      )
    )
    await until("it serves", () => isListening(http))
    const transport = httpTransport(() => http)
    assert.deepStrictEqual(await transport.send("traces", request("traces", ["a"], "acme")), { _tag: "accepted" })
    transport.close()
    await until("the backend has the request", () => backend.requests === 1)
    child.kill("SIGKILL")
    // The output belongs to both: it ends when both are gone.
    await ended
    assert.isFalse((await isListening(http)) || (await isListening(metrics)))
    // It has not waited for the backend: a drain that came to its end would have said so.
    assert.include(output, "draining")
    assert.notInclude(output, "stopped after")
    await backend.kill()
    rmSync(folder, { recursive: true, force: true })
  })
})
