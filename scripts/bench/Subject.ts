/** The program under test: Weir or the Collector, as a process with a configuration file, started and stopped as a user does. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { stringify } from "yaml"
import { collector } from "../peers/Peers.ts"

export type SubjectName = "weir" | "collector"

const weirEntry = fileURLToPath(new URL("../../bin/weir.js", import.meta.url))

/** `node` from the path, as the `weir` command's first line has it: the launcher is part of what a user runs. */
const commands: { readonly [N in SubjectName]: (config: string) => readonly [string, ReadonlyArray<string>] } = {
  weir: (config) => ["node", [weirEntry, "run", "--config", config]],
  collector: (config) => [collector.program, ["--config", config]]
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" })
    socket.on("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

export class Subject {
  readonly pid: number
  private readonly child: ChildProcess
  private readonly folder: string
  private output = ""

  private constructor(name: SubjectName, configuration: unknown) {
    this.folder = mkdtempSync(join(tmpdir(), "weir-bench-"))
    const config = join(this.folder, "config.yaml")
    writeFileSync(config, stringify(configuration))
    const [command, args] = commands[name](config)
    // A process group of its own, so that the launcher's child can be killed with it.
    this.child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true })
    this.pid = this.child.pid!
    const keep = (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-4000))
    this.child.stdout!.on("data", keep)
    this.child.stderr!.on("data", keep)
    process.on("exit", this.kill)
  }

  static async start(name: SubjectName, configuration: unknown, port: number): Promise<Subject> {
    const subject = new Subject(name, configuration)
    for (let waited = 0; !(await isListening(port)); waited += 50) {
      if (subject.child.exitCode !== null || waited > 20_000) {
        subject.kill()
        throw new Error(`${name} does not listen on ${port}:\n${subject.output}`)
      }
      await pause(50)
    }
    return subject
  }

  /** What it has printed, the last 4000 characters. */
  get lastOutput(): string {
    return this.output
  }

  private readonly kill = (): void => {
    this.signal("SIGKILL")
    rmSync(this.folder, { recursive: true, force: true })
  }

  private signal(name: NodeJS.Signals): void {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.pid, name)
  }

  async stop(): Promise<void> {
    const ended = once(this.child, "exit")
    this.child.kill("SIGTERM")
    const patience = setTimeout(() => this.signal("SIGKILL"), 20_000)
    await ended
    clearTimeout(patience)
    process.off("exit", this.kill)
    rmSync(this.folder, { recursive: true, force: true })
  }
}
