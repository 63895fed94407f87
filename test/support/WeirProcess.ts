/** Weir as its users run it: a process with a configuration file, driven by signals, read through its ports and its output. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { stringify } from "yaml"
import { parseMetrics, type Sample } from "./Metrics.ts"

const entry = fileURLToPath(new URL("../../bin/weir.js", import.meta.url))

/** A port that nobody listens on now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" })
    socket.on("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })

/** Looks again and again until the fact holds; a fact that never comes true is a failed test, with its name. */
export const until = async (fact: string, holds: () => boolean | Promise<boolean>, millis = 20_000): Promise<void> => {
  const deadline = performance.now() + millis
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`within ${millis} ms it did not come true that ${fact}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class WeirProcess {
  readonly exited: Promise<Exit>
  readonly configFile: string
  private readonly child: ChildProcess
  private readonly folder: string
  private readonly metricsPort: number
  private text = ""

  private constructor(configuration: unknown, metricsPort: number, args: ReadonlyArray<string>) {
    this.metricsPort = metricsPort
    this.folder = mkdtempSync(join(tmpdir(), "weir-test-"))
    this.configFile = join(this.folder, "weir.yaml")
    this.configure(configuration)
    this.child = spawn(process.execPath, [entry, "run", "--config", this.configFile, ...args], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"]
    })
    this.child.stdout!.on("data", (chunk: Buffer) => (this.text += chunk.toString()))
    this.child.stderr!.on("data", (chunk: Buffer) => (this.text += chunk.toString()))
    this.exited = once(this.child, "close").then(([code, signal]) => {
      rmSync(this.folder, { recursive: true, force: true })
      return { code, signal }
    })
  }

  /** Started, but perhaps not ready, and perhaps never so. */
  static spawn(configuration: unknown, metricsPort: number, args: ReadonlyArray<string> = []): WeirProcess {
    return new WeirProcess(configuration, metricsPort, args)
  }

  /** Started, and listening on all of `ports`. */
  static async start(configuration: unknown, metricsPort: number, ports: ReadonlyArray<number>): Promise<WeirProcess> {
    const weir = new WeirProcess(configuration, metricsPort, [])
    let ended = false
    void weir.exited.then(() => (ended = true))
    for (const port of ports) {
      await until(`Weir listens on ${port}`, () => {
        if (ended) throw new Error(`Weir ended while starting:\n${weir.text}`)
        return isListening(port)
      })
    }
    return weir
  }

  /** All that it has printed. */
  get output(): string {
    return this.text
  }

  get lines(): ReadonlyArray<string> {
    return this.text.split("\n").filter((line) => line !== "")
  }

  get pid(): number {
    return this.child.pid!
  }

  /** Writes the configuration file; takes effect with SIGHUP. Text is written as it is, anything else as YAML. */
  configure(configuration: unknown): void {
    writeFileSync(this.configFile, typeof configuration === "string" ? configuration : stringify(configuration))
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  async metrics(): Promise<ReadonlyArray<Sample>> {
    const response = await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)
    return parseMetrics(await response.text())
  }

  /** Drains and ends; killed where that takes longer than any deadline of Weir's own. */
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
