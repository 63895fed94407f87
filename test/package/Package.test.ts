import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

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

  it("has a command line that runs", () => {
    assert.include(run("node_modules/.bin/weir", ["--help"]), "SUBCOMMANDS")
    assert.include(run("node_modules/.bin/weir", ["components"]), "health_check")
  })

  it("is a library that another program imports and compiles against", () => {
    writeFileSync(join(project, "consumer.ts"), consumer)
    const compilerOptions = {
      module: "nodenext",
      target: "es2024",
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: ["node"]
    }
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }))
    run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project])
    assert.strictEqual(run(process.execPath, ["consumer.ts"]), "true object 7\n")
  })
})
