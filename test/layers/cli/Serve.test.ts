import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { Backend, hang } from "../../support/Backend.ts"
import { itemsOf } from "../../support/Otlp.ts"
import { httpTransport } from "../../support/RawSender.ts"
import { request } from "../../support/Requests.ts"
import { freePort, isListening, until } from "../../support/Facts.ts"

const entry = fileURLToPath(new URL("../../../bin/weir.js", import.meta.url))

let folder: string
let running: Array<ChildProcess> = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-serve-"))
})

afterEach(() => {
  for (const child of running) child.kill("SIGKILL")
  running = []
  rmSync(folder, { recursive: true, force: true })
})

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)

const weir = (...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [entry, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] })
  running.push(child)
  const seen = { output: "", exit: undefined as number | null | undefined }
  child.stdout.on("data", (chunk: Buffer) => (seen.output += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (seen.output += chunk.toString()))
  const exited = once(child, "close").then(([code]) => (seen.exit = code as number | null))
  return {
    child,
    seen,
    exited,
    says: (what: RegExp) => until(`Weir says ${what}, not only:\n${seen.output}`, () => what.test(seen.output))
  }
}

const settings = (port: number, more = "") => `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
exporters: {file: {path: out.jsonl}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
${more}`

const send = async (port: number, id: string): Promise<void> => {
  const transport = httpTransport(() => port)
  assert.deepStrictEqual(await transport.send("traces", request("traces", [id], "acme")), { _tag: "accepted" })
  transport.close()
}

const fileLines = (path: string) =>
  readFileSync(join(folder, path), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

describe("weir up", () => {
  it("runs the default: addresses, a hint, a line for a new service, what arrives in a file, exit 0 on SIGINT", async () => {
    const ports = await Promise.all(Array.from({ length: 9 }, freePort))
    const [grpc, http, health, metrics, opamp, api, otlp, controlMetrics, controlHealth] = ports
    write(
      "control.yaml",
      `control:
  opamp: {endpoint: "127.0.0.1:${opamp}"}
  api: {endpoint: "127.0.0.1:${api}"}
  otlp: {endpoint: "127.0.0.1:${otlp}"}
  metrics: {endpoint: "127.0.0.1:${controlMetrics}"}
  health: {endpoint: "127.0.0.1:${controlHealth}"}
`
    )
    write(
      "ports.yaml",
      `receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}, http: {endpoint: "127.0.0.1:${http}"}}}}
extensions: {health_check: {endpoint: "127.0.0.1:${health}"}, opamp: {server: {ws: {endpoint: "ws://127.0.0.1:${opamp}/v1/opamp"}}}}
service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metrics}}}}}]}}}
`
    )
    const { child, seen, exited, says } = weir("up", "--config", "ports.yaml", "--control", "control.yaml")
    await says(/OTEL_EXPORTER_OTLP_ENDPOINT/)
    await says(new RegExp(`opamp +ws://127\\.0\\.0\\.1:${opamp}/v1/opamp\n`))
    assert.strictEqual((await fetch(`http://127.0.0.1:${controlHealth}/`)).status, 200)
    assert.include(seen.output, `127.0.0.1:${http}\n`)
    assert.include(seen.output, `http://127.0.0.1:${metrics}/metrics\n`)
    assert.include(seen.output, `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${http}\n`)
    assert.strictEqual((await fetch(`http://127.0.0.1:${health}/`)).status, 200)
    await send(http, "a")
    await send(http, "b")
    await says(/new service "test" sends traces\n/)
    child.kill("SIGINT")
    assert.strictEqual(await exited, 0)
    // The gateway stops before the control plane does.
    const balances = [...seen.output.matchAll(/balance: accepted (\d+) \+ created 0 \+ restored 0 = delivered (\d+) \+ dropped 0/g)]
    assert.deepStrictEqual(balances[0]?.slice(1), ["2", "2"])
    assert.strictEqual(balances.length, 2)
    assert.strictEqual(seen.output.match(/new service/g)!.length, 1)
    assert.strictEqual(fileLines("weir-data/telemetry.jsonl").flatMap((line) => itemsOf("traces", line)).length, 2)
  })

  it("prints its default, which is a right configuration", async () => {
    const printed = weir("up", "--print-config")
    assert.strictEqual(await printed.exited, 0)
    write("printed.yaml", printed.seen.output)
    const validated = weir("validate", "--config", "printed.yaml")
    assert.strictEqual(await validated.exited, 0, validated.seen.output)
    assert.strictEqual(validated.seen.output, "ok: 3 pipelines (traces, metrics, logs)\n")
  })

  it("says which port is in use and by which setting, and ends with 78", async () => {
    const taken = createServer().listen(0, "127.0.0.1")
    await once(taken, "listening")
    const { port } = taken.address() as { port: number }
    write("weir.yaml", settings(port))
    const { seen, exited } = weir("run", "--config", "weir.yaml")
    assert.strictEqual(await exited, 78)
    assert.match(
      seen.output,
      new RegExp(
        `^weir\\.yaml:1:\\d+: error: receivers\\.otlp\\.protocols\\.http\\.endpoint: port ${port} is already in use[^\\n]*\\n    1 \\| receivers.*\\n      \\| +\\^+\\n$`
      )
    )
    taken.close()
  })

  it.each([
    ["a reader", "{metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: PORT}}}}]}}", "weir\\.yaml:4:\\d+"],
    ["an address", '{metrics: {address: "127.0.0.1:PORT"}}', "weir\\.yaml:4:\\d+"]
  ])("names the setting of the own metrics when their port is in use, with its place: %s", async (_, telemetry, place) => {
    const taken = createServer().listen(0, "127.0.0.1")
    await once(taken, "listening")
    const { port } = taken.address() as { port: number }
    write("weir.yaml", settings(0).replace("{metrics: {level: none}}", telemetry.replace("PORT", String(port))))
    const { seen, exited } = weir("run", "--config", "weir.yaml")
    assert.strictEqual(await exited, 78)
    assert.match(seen.output, new RegExp(`^${place}: error: service\\.telemetry\\.metrics: port ${port} is already in use`))
    taken.close()
  })
})

describe("weir run", () => {
  it("reloads on SIGHUP, and keeps what runs when the new configuration is wrong", async () => {
    const [first, second] = await Promise.all([freePort(), freePort()])
    write("weir.yaml", settings(first))
    const { child, seen, exited, says } = weir("run", "--config", "weir.yaml")
    await says(/otlp \(http\)/)
    write("weir.yaml", settings(first, "    trace: {}\n"))
    child.kill("SIGHUP")
    await says(/reload \(SIGHUP\) refused, the running configuration stays:\n  weir\.yaml:7:5: error: unknown signal "trace"/)
    const chain = `set(span.attributes["x"], 1${"+1".repeat(20_000)})`
    write(
      "weir.yaml",
      settings(first).replace("exporters: [file]", "processors: [transform], exporters: [file]") +
        `processors: {transform: {trace_statements: ['${chain}']}}\n`
    )
    child.kill("SIGHUP")
    await says(/refused, the running configuration stays:\n[^]*more than 1000 operators/)
    await send(first, "a")
    write("weir.yaml", settings(second))
    child.kill("SIGHUP")
    await says(/reloaded \(SIGHUP\)/)
    await send(second, "b")
    await until("the old port is closed", async () => !(await isListening(first)))
    child.kill("SIGTERM")
    assert.strictEqual(await exited, 0)
    assert.match(seen.output, /balance: accepted 2 .* delivered 2 /)
  })

  it("reloads when a file changes, included ones too, with --watch", async () => {
    const [first, second] = await Promise.all([freePort(), freePort()])
    write("weir.yaml", settings(first).replace(String(first), "${file:port}"))
    write("port", `${first}\n`)
    const { child, exited, says } = weir("run", "--watch", "--config", "weir.yaml")
    await says(/otlp \(http\)/)
    write("port", `${second}\n`)
    await says(/reloaded \(port\)/)
    await send(second, "a")
    child.kill("SIGTERM")
    assert.strictEqual(await exited, 0)
  })
})

describe("a stop while the backend hangs", () => {
  const stuck = async () => {
    const backend = await Backend.start({ protocol: "http", behaviour: hang, onDelivery: () => {} })
    const port = await freePort()
    write(
      "weir.yaml",
      settings(port)
        .replace("{file: {path: out.jsonl}}", `{otlp_http: {endpoint: "${backend.endpoint}", timeout: 60s}}`)
        .replace("[file]", "[otlp_http]")
    )
    const running = weir("run", "--config", "weir.yaml")
    await running.says(/otlp \(http\)/)
    await send(port, "a")
    await until("the backend has the request", () => backend.requests === 1)
    running.child.kill("SIGINT")
    await running.says(/SIGINT: draining/)
    return { ...running, backend }
  }

  it("takes at most 15 s, ends with 0, and counts what was not delivered", async () => {
    const { backend, exited, seen } = await stuck()
    const since = performance.now()
    assert.strictEqual(await exited, 0)
    assert.isBelow(performance.now() - since, 15_000)
    assert.match(seen.output, /balance: accepted 1 .* = delivered 0 \+ dropped 1 \+ returned 0 \+ held 0\n$/)
    await backend.kill()
  })

  it("ends at once at a second signal", async () => {
    const { backend, child, seen } = await stuck()
    // One that follows the first too closely is its echo, so it is sent until it counts.
    await until("the process has ended", () => {
      child.kill("SIGINT")
      return seen.exit !== undefined
    })
    assert.strictEqual(seen.exit, 130)
    assert.notInclude(seen.output, "balance")
    await backend.kill()
  })
})
