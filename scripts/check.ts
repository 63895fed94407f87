// `npm run check`: types of what runs on Node and of what runs in a browser, Effect diagnostics, lint (floors, cycles), format. Every step runs; the exit code says whether all passed.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"

const require = createRequire(import.meta.url)
const effectCompiler = "node_modules/@effect/tsgo-linux-x64/lib/tsc"

const types = (project: string) =>
  existsSync(effectCompiler)
    ? [effectCompiler, "--noEmit", "-p", project]
    : [process.execPath, require.resolve("typescript/package.json").replace("package.json", "bin/tsc"), "-p", project]

const steps: Array<readonly [name: string, command: ReadonlyArray<string>]> = [
  ["types and Effect diagnostics", types("tsconfig.json")],
  ["types of the console", types("src/console/tsconfig.json")],
  ["lint", ["node_modules/.bin/oxlint", "--quiet"]],
  ["format", ["node_modules/.bin/oxfmt", "--check", "src", "test", "scripts", "bin"]]
]

if (!existsSync(effectCompiler)) {
  console.log("check: the Effect diagnostics have no compiler for this platform; types are checked by tsc alone")
}
let failed = 0
for (const [name, [command, ...args]] of steps) {
  const started = performance.now()
  const { status } = spawnSync(command!, args, { stdio: "inherit" })
  if (status !== 0) failed++
  console.log(`check: ${name} ${status === 0 ? "ok" : "FAILED"} (${Math.round(performance.now() - started)} ms)`)
}
process.exit(failed === 0 ? 0 : 1)
