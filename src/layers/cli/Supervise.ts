import { type ChildProcess, spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import { CommandFailure, ExitCode } from "./ExitCode.ts"
import { takeSignals } from "./Signals.ts"

/** A program of ours in a process of its own. */
export interface Part {
  readonly name: string
  /** Arguments of the command line that start it. */
  readonly args: ReadonlyArray<string>
}

/** Between a crash and the next start, in milliseconds: at first, and at most. */
const firstRestartMillis = 500
const longestRestartMillis = 30_000
/** A part that ran this long before it crashed is started as if it had never crashed. */
const steadyMillis = 60_000
/** Together, stops take no longer: then what is left is killed. */
const stopMillis = 14_500

/** What a part says to its supervisor once it serves. */
export const readyMessage = "ready"

/** Tells the supervisor, if there is one. */
export const sayReady: Effect.Effect<void> = Effect.sync(() => void process.send?.(readyMessage))

/**
 * Starts parts one after the other, each when the one before serves, and runs them until SIGINT or SIGTERM; then stops them one after the other,
 * the last of the list first.
 *
 * A part that ends before it has served ends the others, with its exit code: nothing is half started. One that crashes later is started
 * again, ever less often, while the others run on. Children have a process group of their own, so that a terminal's Ctrl-C reaches this
 * process alone and the order holds; they leave by themselves when this process is gone.
 */
export const supervise = (parts: ReadonlyArray<Part>): Effect.Effect<void, CommandFailure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const signals = yield* takeSignals(undefined)
      const children = parts.map((part) => new Child(part))
      const killAll = () => {
        for (const child of children) child.kill("SIGKILL")
      }
      process.on("exit", killAll)
      const failed = Effect.callback<number>((resume) => {
        const startFrom = (i: number): void =>
          children[i]?.start(
            (code) => resume(Effect.succeed(code)),
            () => startFrom(i + 1)
          )
        startFrom(0)
      })
      const ended = yield* Effect.raceFirst(Effect.as(signals.stop, undefined), failed)
      yield* Effect.forEach(children.toReversed(), (child) => child.stop, { discard: true }).pipe(Effect.timeoutOption(stopMillis))
      killAll()
      process.off("exit", killAll)
      if (ended !== undefined) return yield* Effect.fail(new CommandFailure(toExitCode(ended), ""))
    })
  )

const toExitCode = (code: number): ExitCode =>
  Object.values(ExitCode).find((known) => known === code && known !== ExitCode.ok) ?? ExitCode.internal

class Child {
  private readonly part: Part
  private process: ChildProcess | undefined = undefined
  private timer: NodeJS.Timeout | undefined = undefined
  private crashes = 0
  private isStopping = false
  private onGone: () => void = () => {}

  constructor(part: Part) {
    this.part = part
  }

  /** `onFailure`: it has ended without ever having served. `onReady`: it serves, for the first time. */
  start(onFailure: (code: number) => void, onReady: () => void): void {
    const startedAt = performance.now()
    let isReady = this.crashes > 0
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...this.part.args], {
      detached: true,
      stdio: ["ignore", "inherit", "inherit", "ipc"]
    })
    this.process = child
    child.on("message", (message) => {
      if (message !== readyMessage || isReady) return
      isReady = true
      onReady()
    })
    child.on("error", (error) => {
      process.stderr.write(`weir: cannot start ${this.part.name}: ${error.message}\n`)
    })
    child.on("close", (code, signal) => {
      this.process = undefined
      this.onGone()
      if (this.isStopping) return
      if (!isReady) return onFailure(code ?? ExitCode.internal)
      this.crashes = performance.now() - startedAt > steadyMillis ? 1 : this.crashes + 1
      const wait = Math.min(longestRestartMillis, firstRestartMillis * 2 ** (this.crashes - 1))
      process.stderr.write(`weir: ${this.part.name} has ended (${signal ?? `exit code ${code}`}); it starts again in ${wait / 1000} s\n`)
      this.timer = setTimeout(() => this.start(onFailure, onReady), wait)
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.process?.kill(signal)
  }

  readonly stop: Effect.Effect<void> = Effect.callback<void>((resume) => {
    this.isStopping = true
    clearTimeout(this.timer)
    if (this.process === undefined) return resume(Effect.void)
    this.onGone = () => resume(Effect.void)
    this.process.kill("SIGTERM")
  })
}
