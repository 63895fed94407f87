import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { freePort, until } from "../../../support/Facts.ts"
import { OfferingServer } from "../../../support/opamp/OfferingServer.ts"
import { attribute, itemsOf } from "../../../support/Otlp.ts"
import { httpTransport } from "../../../support/RawSender.ts"
import { request } from "../../../support/Requests.ts"

const entry = fileURLToPath(new URL("../../../../bin/weir.js", import.meta.url))

let folder: string
let running: Array<ChildProcess> = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-restart-"))
})
afterEach(() => {
  for (const child of running) child.kill("SIGKILL")
  running = []
  rmSync(folder, { recursive: true, force: true })
})

const configure = (port: number, opamp: number, exporter = "file", more = ""): void =>
  writeFileSync(
    join(folder, "weir.yaml"),
    `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
processors: {transform/afar: {}, transform/own: {trace_statements: ['set(span.attributes["own"], "${more}")']}}
exporters: {${exporter}: {path: out.jsonl}}
extensions:
  opamp:
    server: {ws: {endpoint: "ws://127.0.0.1:${opamp}/v1/opamp"}}
    capabilities: {accepts_remote_config: true}
    storage: {directory: agent}
service:
  extensions: [opamp]
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], processors: [transform/own, transform/afar], exporters: [${exporter}]}}
`
  )

const afar = `processors: {transform/afar: {trace_statements: ['set(span.attributes["afar"], "yes")']}}
service: {pipelines: {traces: {exporters: [file]}}}
`

const weir = () => {
  const child = spawn(process.execPath, [entry, "run", "--config", "weir.yaml"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] })
  running.push(child)
  let output = ""
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(child, "exit")
  return { child, exited, says: (what: RegExp) => until(`it says ${what}, not only\n${output}`, () => what.test(output)) }
}

/** What an item that is sent now has become: the values of `own` and `afar`. */
const becomes = async (port: number, id: string): Promise<ReadonlyArray<string | undefined>> => {
  const transport = httpTransport(() => port)
  await until("it is taken", async () => (await transport.send("traces", request("traces", [id], "t")))._tag === "accepted")
  transport.close()
  const found = () =>
    (existsSync(join(folder, "out.jsonl")) ? readFileSync(join(folder, "out.jsonl"), "utf8").split("\n") : [])
      .filter((line) => line.endsWith("}"))
      .flatMap((line) => itemsOf("traces", JSON.parse(line)))
      .find(({ item }) => attribute(item, "test.id") === id)
  await until("it is in the file", () => found() !== undefined)
  return ["own", "afar"].map((key) => attribute(found()!.item, key))
}

describe("a gateway that is killed", () => {
  it("runs the last remote configuration that worked, without the server; keeps it over a reload; leaves it out where it does not fit", async () => {
    const [port, opamp] = [await freePort(), await freePort()]
    configure(port, opamp, "file", "1")
    let uid: string
    let good: string
    {
      await using server = await OfferingServer.start(opamp)
      const { child, exited } = weir()
      await server.connected()
      uid = server.instanceUid.toString("hex")
      good = server.offer(afar)
      await until("it runs", () => server.of(good).length > 0)
      await until("it has carried something and is applied", async () => {
        await becomes(port, `a${server.server.seen.length}`)
        return server.of(good).at(-1)!.status === "APPLIED"
      })
      const bad = await server.outcome(server.offer("processors: {transform/afar: {trace_statements: ['no(']}}"))
      assert.strictEqual(bad.status, "FAILED")
      child.kill("SIGKILL")
      await exited
    }
    const second = weir()
    assert.deepStrictEqual(await becomes(port, "b"), ["1", "yes"])
    configure(port, opamp, "file", "2")
    second.child.kill("SIGHUP")
    await second.says(/reloaded \(SIGHUP\)/)
    assert.deepStrictEqual(await becomes(port, "c"), ["2", "yes"])
    second.child.kill("SIGKILL")
    await second.exited

    // What was sent names an exporter that is called otherwise now.
    configure(port, opamp, "file/other", "3")
    await using server = await OfferingServer.start(opamp)
    const third = weir()
    await third.says(/received earlier does not fit any more and is left out/)
    await server.connected()
    assert.deepStrictEqual(await becomes(port, "d"), ["3", undefined])
    assert.strictEqual(server.instanceUid.toString("hex"), uid)
    assert.strictEqual(server.reports[0]!.status, "FAILED")
    third.child.kill("SIGTERM")
    await third.exited
  }, 120_000)
})
