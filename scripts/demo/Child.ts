import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createWriteStream } from "node:fs"
import { join } from "node:path"
import { readyMessage } from "./Ipc.ts"

export interface ChildOptions {
  readonly name: string
  readonly file: string
  readonly args: ReadonlyArray<string>
  /** Where its output goes, as `<name>.log`. */
  readonly folder: string
  /** Told of an end that nobody asked for. */
  readonly onDeath: (message: string) => void
}

/** After SIGTERM; then it is killed. */
const patienceMillis = 20_000

/**
 * A process of the demo. It has a process group of its own, so that a terminal's Ctrl-C reaches the demo alone, which then stops its
 * children in their order; and it leaves by itself when the channel to the demo closes, so that it outlives it in no case.
 */
export class Child {
  readonly name: string
  /** Settles when it says that it serves. */
  readonly ready: Promise<void>
  /** Settles when it has ended. */
  readonly ended: Promise<void>
  private readonly child: ChildProcess
  private readonly answers = new Map<number, (answer: never) => void>()
  private nextQuestion = 1
  private onReady: () => void = () => {}
  private isStopping = false

  constructor({ name, file, args, folder, onDeath }: ChildOptions) {
    this.name = name
    this.child = spawn(process.execPath, [...process.execArgv, file, ...args], {
      cwd: folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"]
    })
    const log = createWriteStream(join(folder, `${name}.log`))
    this.child.stdout!.pipe(log, { end: false })
    this.child.stderr!.pipe(log, { end: false })
    this.ready = new Promise((resolve) => (this.onReady = resolve))
    this.child.on("message", (message: unknown) => this.hear(message))
    this.child.on("error", (error) => onDeath(`${name} cannot be started: ${error.message}`))
    this.ended = once(this.child, "close").then(([code, signal]) => {
      log.end()
      if (!this.isStopping) onDeath(`${name} ended by itself (${signal ?? `exit code ${code}`})`)
    })
  }

  ask<A>(question: string): Promise<A> {
    const id = this.nextQuestion++
    return new Promise((resolve) => {
      this.answers.set(id, resolve)
      this.child.send({ id, question })
    })
  }

  async stop(): Promise<void> {
    this.isStopping = true
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.kill("SIGTERM")
    const timer = setTimeout(() => this.child.kill("SIGKILL"), patienceMillis)
    await this.ended
    clearTimeout(timer)
  }

  kill(): void {
    this.isStopping = true
    this.child.kill("SIGKILL")
  }

  private hear(message: unknown): void {
    if (message === readyMessage) return this.onReady()
    const { id, answer } = message as { readonly id: number; readonly answer: unknown }
    this.answers.get(id)?.(answer as never)
    this.answers.delete(id)
  }
}
