import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/**
 * The programs that Weir is compared with and tested against, and where `npm run peers` keeps them: outside the repository, in a folder
 * per version, so that a changed version or manifest is built anew and an old one stays usable.
 */
export const collectorVersion = "0.161.0"
/** The newest one whose OpAMP extension is served. */
export const fleetCollectorVersion = "0.149.0"

const here = fileURLToPath(new URL(".", import.meta.url))
export const collectorManifest = join(here, "collector.yaml")
export const fleetCollectorManifest = join(here, "collector-opamp.yaml")
export const opampAgentSource = join(here, "opamp-go")
export const pythonRequirements = join(here, "requirements.txt")

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "weir", "peers")
const fingerprint = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 8)

/** A program that is there once it has been built. */
export interface Peer {
  readonly name: string
  /** What has to be on the machine to build it. */
  readonly needs: string
  readonly folder: string
  readonly program: string
}

const peer = (name: string, needs: string, folderName: string, program: string): Peer => {
  const folder = join(cache, folderName)
  return { name, needs, folder, program: join(folder, program) }
}

export const collector = peer("otelcol", "go", `otelcol-${collectorVersion}-${fingerprint(collectorManifest)}`, "otelcol")
/** A Collector that is an OpAMP agent. */
export const fleetCollector = peer(
  "otelcol with opamp",
  "go",
  `otelcol-opamp-${fleetCollectorVersion}-${fingerprint(fleetCollectorManifest)}`,
  "otelcol"
)
export const telemetrygen = peer("telemetrygen", "go", `telemetrygen-${collectorVersion}`, "telemetrygen")
/** An agent on opamp-go's client. */
export const opampAgent = peer("opamp-agent", "go", `opamp-agent-${fingerprint(join(opampAgentSource, "main.go"))}`, "opamp-agent")
export const python = peer("python", "python3", `python-${fingerprint(pythonRequirements)}`, "bin/python")

/** Written as the last step of a build, so that an interrupted one is never taken for a finished one. */
export const completeMark = (peer: Peer): string => join(peer.folder, "complete")

export const isBuilt = (peer: Peer): boolean => existsSync(completeMark(peer))

/** Why a suite is skipped; `undefined` when the peer is there. */
export const missing = (peer: Peer): string | undefined =>
  isBuilt(peer) ? undefined : `${peer.name} is not built (npm run peers, which needs ${peer.needs})`
