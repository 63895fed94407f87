// `node bin/node.js scripts/peers/ottl-oracle/golden.ts`: runs the Collector's transform and filter processors (Go needed) on all cases
// and records what they answer in test/domain/ottl/golden. The tests need no Go. Build products stay outside the repository.
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { canonical, changesFrom, type Json } from "../../../test/domain/ottl/Canonical.ts"
import { allCases } from "../../../test/domain/ottl/Cases.ts"
import { fixtures } from "../../../test/domain/ottl/Fixtures.ts"

const here = fileURLToPath(new URL(".", import.meta.url))
const cache = process.env["WEIR_PEERS_DIR"] ?? join(tmpdir(), "weir-peers")
const oracle = join(cache, "ottl-oracle")
mkdirSync(cache, { recursive: true })

const build = spawnSync("go", ["build", "-o", oracle, "."], { cwd: here, stdio: "inherit" })
if (build.error !== undefined) throw new Error("Go is not on this machine; the recorded answers stay as they are", { cause: build.error })
if (build.status !== 0) process.exit(1)

const input = allCases.map(({ config, id, processor, signal }) =>
  JSON.stringify({ id, processor, signal, config, input: fixtures[signal] })
)
const run = spawnSync(oracle, { input: input.join("\n"), maxBuffer: 1 << 30, encoding: "utf8", env: { ...process.env, TZ: "UTC" } })
if (run.status !== 0) throw new Error(`the oracle failed: ${run.stderr}`)

// An output is stored as what has changed in the fixture, which is little.
const untouched = {
  traces: canonical(fixtures.traces as unknown as Json),
  logs: canonical(fixtures.logs as unknown as Json),
  metrics: canonical(fixtures.metrics as unknown as Json)
}
const answers = run.stdout
  .trimEnd()
  .split("\n")
  .map((line, i) => {
    const { failed, id, output, panic, refused } = JSON.parse(line) as { readonly id: string; readonly output: Json } & Record<string, Json>
    if (refused !== undefined) return { id, refused: true }
    if (failed !== undefined) return { id, failed: true }
    if (panic !== undefined) return { id, panic: true }
    return output === null ? { id, output } : { id, output: changesFrom(untouched[allCases[i]!.signal], canonical(output)) }
  })
const golden = new URL("../../../test/domain/ottl/golden/", import.meta.url)
mkdirSync(golden, { recursive: true })
writeFileSync(new URL("answers.jsonl", golden), `${answers.map((answer) => JSON.stringify(answer)).join("\n")}\n`)
console.log(`${answers.length} answers`)
