import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { until } from "../support/Facts.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const project = mkdtempSync(join(tmpdir(), "weir-package-"))
afterAll(() => rmSync(project, { recursive: true, force: true }))

/** The Node that runs the tests is the one that a user of the package has: `npm` and everything it starts find it first. */
const env = { ...process.env, PATH: `${join(process.execPath, "..")}:${process.env.PATH}` }

const run = (command: string, args: ReadonlyArray<string>, cwd = project): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${error ?? ""}\n${stdout}\n${stderr}`)
  return stdout
}

/** As a user would: types first. Gives what it prints. */
const compileAndRun = (file: string, source: string): string => {
  writeFileSync(join(project, file), source)
  const compilerOptions = {
    module: "nodenext",
    target: "es2024",
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ["node"]
  }
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }))
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project])
  return run(process.execPath, [file])
}

const consumer = `import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Effect from "effect/Effect"
import { builtIn, Component, Components, Fields, signals } from "weir"
import { AgentToServer, decode, encode, MalformedMessage } from "weir/opamp"
import * as testing from "weir/testing"

const Config = Schema.Struct({ wait: Fields.field(Fields.Duration, "1s", "A wait.") })
const mine = Component.processor<typeof Config.Type>({
  type: "mine",
  description: "Passes everything on.",
  signals,
  config: Config,
  make: ({ wait }) => Effect.succeed({ _tag: "Pure" as const, process: (batch) => (wait > 0 ? batch : batch) })
})
const layer: Layer.Layer<Components> = Components.layer(...builtIn, mine)
const report = decode(AgentToServer, encode(AgentToServer, { sequenceNum: 7 }))
console.log(Layer.isLayer(layer), typeof testing, report instanceof MalformedMessage ? report.message : report.sequenceNum)
`

const application = `import * as Effect from "effect/Effect"
import { RunningAgent, startAgent } from "weir/agent"

const options = { service: { name: "application" }, endpoint: "http://127.0.0.1:1", shutdownMillis: 0 }
const agent = startAgent(options)
const span = agent.tracerProvider.getTracer("application").startSpan("work")
span.end()
await agent.shutdown(0)
const name = Effect.map(RunningAgent, ({ resource }) => resource.attributes["service.name"])
console.log(span.isRecording(), await Effect.runPromise(Effect.provide(Effect.withSpan(name, "work"), RunningAgent.layer(options))))
`

describe("the package", () => {
  beforeAll(() => {
    run(process.execPath, ["scripts/build.ts"], root)
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }))
    run("npm", ["pack", join(root, "dist"), "--silent"])
    const tarball = readdirSync(project).find((name) => name.endsWith(".tgz"))!
    const types = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies["@types/node"]
    run("npm", ["install", `./${tarball}`, `@types/node@${types}`, "--prefer-offline", "--no-audit", "--no-fund", "--silent"])
  }, 300_000)

  it("brings neither a Node nor development tools", () => {
    const installed = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."))
    assert.includeMembers(installed, ["weir", "effect", "yaml"])
    assert.deepStrictEqual(
      installed.filter((name) => /^(node-|typescript|vitest|oxlint|oxfmt|rolldown|@opentelemetry)/.test(name)),
      []
    )
  })

  it("can be published, and a clone cannot", () => {
    const isPrivate = (path: string) => JSON.parse(readFileSync(path, "utf8")).private
    assert.deepStrictEqual([join(project, "node_modules/weir/package.json"), join(root, "package.json")].map(isPrivate), [undefined, true])
  })

  it("has a command line that runs", () => {
    assert.include(run("node_modules/.bin/weir", ["--help"]), "SUBCOMMANDS")
    assert.include(run("node_modules/.bin/weir", ["components"]), "health_check")
  })

  it("has the console beside its program and beside its library", async () => {
    const any = { endpoint: "127.0.0.1:0" }
    const settings = { opamp: any, api: any, otlp: any, metrics: any, health: any, storage: { directory: "data" } }
    writeFileSync(join(project, "control.yaml"), JSON.stringify({ control: settings }))
    const control = spawn("node_modules/.bin/weir", ["control", "--config", "control.yaml"], { cwd: project, env })
    try {
      let output = ""
      control.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
      const address = () => /^console +(http:\S+)$/m.exec(output)?.[1]
      await until("it says where the console is", () => address() !== undefined)
      const page = await fetch(address()!)
      assert.strictEqual(page.status, 200)
      const script = /src="([^"]+)"/.exec(await page.text())![1]!
      assert.strictEqual((await fetch(new URL(script, address()))).status, 200)
    } finally {
      control.kill("SIGKILL")
    }
    const { load } = await import(pathToFileURL(join(project, "node_modules/weir/layers/console/ConsoleFiles.js")).href)
    assert.includeMembers([...(await load()).keys()], ["index.html"])
  })

  it("is a library that another program imports and compiles against", () => {
    assert.strictEqual(compileAndRun("consumer.ts", consumer), "true object 7\n")
  }, 300_000)

  it("has an agent for applications, which bring the SDK and @effect/opentelemetry", () => {
    const { peerDependencies } = JSON.parse(readFileSync(join(project, "node_modules/weir/package.json"), "utf8"))
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    const peers = Object.keys(peerDependencies).filter((name) => name.includes("opentelemetry"))
    run("npm", [
      "install",
      ...peers.map((name) => `${name}@${devDependencies[name]}`),
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      "--silent"
    ])
    assert.strictEqual(compileAndRun("application.ts", application), "false application\n")
  }, 300_000)
})
