/** Weir, or a Collector, as its users run it: a process with a configuration file, driven by signals, read through its ports and its output. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { stringify } from "yaml"
import { collector, type Peer } from "../../scripts/peers/Peers.ts"
import { isListening, until } from "./Facts.ts"
import { parseMetrics, type Sample } from "./Metrics.ts"

const entry = fileURLToPath(new URL("../../bin/weir.js", import.meta.url))

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Spawning {
  /** Text is written to the file as it is, anything else as YAML. */
  readonly configuration: unknown
  readonly args?: ReadonlyArray<string>
  readonly env?: { readonly [name: string]: string }
}

export class GatewayProcess {
  readonly exited: Promise<Exit>
  readonly configFile: string
  private readonly child: ChildProcess
  private readonly folder: string
  private text = ""
  private ended = false

  private constructor(command: string, args: ReadonlyArray<string>, { configuration, env, args: more = [] }: Spawning) {
    this.folder = mkdtempSync(join(tmpdir(), "weir-test-"))
    this.configFile = join(this.folder, "weir.yaml")
    this.configure(configuration)
    this.child = spawn(command, [...args, "--config", this.configFile, ...more], {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    this.child.stdout!.on("data", (chunk: Buffer) => (this.text += chunk.toString()))
    this.child.stderr!.on("data", (chunk: Buffer) => (this.text += chunk.toString()))
    this.exited = once(this.child, "close").then(([code, signal]) => {
      this.ended = true
      rmSync(this.folder, { recursive: true, force: true })
      return { code, signal }
    })
  }

  /** `weir run`. It has been started, no more. */
  static weir(spawning: Spawning): GatewayProcess {
    return new GatewayProcess(process.execPath, [entry, "run"], spawning)
  }

  /** `weir control`. It has been started, no more. */
  static control(spawning: Spawning): GatewayProcess {
    return new GatewayProcess(process.execPath, [entry, "control"], spawning)
  }

  /** The OpenTelemetry Collector, where it has been built. */
  static collector(spawning: Spawning, built: Peer = collector): GatewayProcess {
    return new GatewayProcess(built.program, [], spawning)
  }

  /** Waits until it listens on all of `ports`. */
  async listening(ports: ReadonlyArray<number>): Promise<this> {
    for (const port of ports) {
      await until(`it listens on ${port}`, () => {
        if (this.ended) throw new Error(`it ended while starting:\n${this.text}`)
        return isListening(port)
      })
    }
    return this
  }

  /** All that it has printed. */
  get output(): string {
    return this.text
  }

  get lines(): ReadonlyArray<string> {
    return this.text.split("\n").filter((line) => line !== "")
  }

  get isRunning(): boolean {
    return !this.ended
  }

  /** Rewrites the configuration file; Weir takes it up with SIGHUP. */
  configure(configuration: unknown): void {
    writeFileSync(this.configFile, typeof configuration === "string" ? configuration : stringify(configuration))
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** Drains and ends; killed where that takes longer than any deadline of a gateway's own. */
  async stop(): Promise<Exit> {
    this.signal("SIGTERM")
    const patience = setTimeout(() => this.signal("SIGKILL"), 30_000)
    const exit = await this.exited
    clearTimeout(patience)
    return exit
  }

  /** For the end of a test, whatever has happened in it. */
  async kill(): Promise<void> {
    this.signal("SIGKILL")
    await this.exited
  }
}

export const scrape = async (port: number): Promise<ReadonlyArray<Sample>> => {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  return parseMetrics(await response.text())
}
