// `npm run peers`: builds what Weir is compared with (the OpenTelemetry Collector, telemetrygen) and tested against (the Python SDK, opamp-go).
// What is built already is left alone; what the machine has no tool for is named and left out.
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  collector,
  collectorManifest,
  collectorVersion,
  completeMark,
  fleetCollector,
  fleetCollectorManifest,
  fleetCollectorVersion,
  isBuilt,
  opampAgent,
  opampAgentSource,
  type Peer,
  python,
  pythonRequirements,
  telemetrygen
} from "./Peers.ts"

const generator = `github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v${collectorVersion}`

const has = (tool: string): boolean => spawnSync(tool, [tool === "go" ? "version" : "--version"], { stdio: "ignore" }).status === 0

/** At low priority: a build takes every core for minutes. */
const run = (command: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}): void => {
  const { status, error } = spawnSync("nice", [command, ...args], { stdio: "inherit", env: { ...process.env, ...env } })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ended with ${status}`)
}

const buildCollector =
  (version: string, described: string) =>
  ({ folder, program }: Peer): void => {
    const source = join(folder, "source")
    const manifest = join(folder, "manifest.yaml")
    writeFileSync(manifest, readFileSync(described, "utf8").replace("dist:\n", `dist:\n  output_path: ${source}\n`))
    run("go", ["run", `go.opentelemetry.io/collector/cmd/builder@v${version}`, "--config", manifest])
    renameSync(join(source, "otelcol"), program)
    rmSync(source, { recursive: true })
  }

const buildTelemetrygen = ({ folder }: Peer): void => run("go", ["install", generator], { GOBIN: folder })

const buildOpampAgent = ({ program }: Peer): void => run("go", ["build", "-C", opampAgentSource, "-o", program, "."])

const buildPython = ({ folder, program }: Peer): void => {
  run("python3", ["-m", "venv", folder])
  run(program, ["-m", "pip", "install", "--quiet", "--requirement", pythonRequirements])
}

const build = (peer: Peer, steps: (peer: Peer) => void): boolean => {
  const say = (text: string) => console.log(`peers: ${peer.name}: ${text}`)
  if (!isBuilt(peer)) {
    if (!has(peer.needs)) {
      say(`left out, since there is no ${peer.needs} on this machine`)
      return true
    }
    say("building (this may take minutes)")
    try {
      rmSync(peer.folder, { recursive: true, force: true })
      mkdirSync(peer.folder, { recursive: true })
      steps(peer)
      writeFileSync(completeMark(peer), "")
    } catch (error) {
      say(`FAILED: ${error instanceof Error ? error.message : error}`)
      return false
    }
  }
  say(peer.program)
  return true
}

const results = [
  build(python, buildPython),
  build(telemetrygen, buildTelemetrygen),
  build(opampAgent, buildOpampAgent),
  build(collector, buildCollector(collectorVersion, collectorManifest)),
  build(fleetCollector, buildCollector(fleetCollectorVersion, fleetCollectorManifest))
]
process.exit(results.every(Boolean) ? 0 : 1)
