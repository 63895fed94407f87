import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { ask } from "./client/ControlClient.ts"
import { follow, type StreamedEvent } from "./client/EventStream.ts"
import { Screen } from "./client/Screen.ts"
import { type Standing, topLines } from "./client/TopView.ts"
import type { Where } from "./client/Where.ts"
import type { CommandFailure } from "./ExitCode.ts"

/** At most four frames a second. */
const frameInterval = "250 millis"
const retryAfter = "1 second"
const plainWidth = 200

/** On a terminal until q or Ctrl-C; otherwise once. */
export const showTop = (where: Where): Effect.Effect<void, CommandFailure> =>
  Effect.gen(function* () {
    const [overview, findings, rollouts] = yield* ask(where, (client) =>
      Effect.all([client.overview(), client.findings(), client.rollouts.list()])
    )
    const standing: Standing = { overview, findings: findings.open, rollouts }
    if (process.stdout.isTTY && process.stdin.isTTY) yield* Effect.scoped(live(where, standing))
    else yield* Console.log(topLines(standing, { width: plainWidth, isColoured: false }).join("\n"))
  })

const live = (where: Where, first: Standing) =>
  Effect.gen(function* () {
    const screen = new Screen(process.stdout)
    const quit = yield* terminal(screen)
    let standing = first
    let trouble = ""
    const take = ({ event, data }: StreamedEvent) =>
      Effect.sync(() => {
        trouble = ""
        standing = { ...standing, [event]: data }
      })
    yield* follow(where, ["overview", "findings", "rollouts"], undefined, take).pipe(
      Effect.andThen(Effect.sync(() => (trouble = "the control plane has ended the stream"))),
      Effect.catch(({ message }) => Effect.sync(() => (trouble = message))),
      Effect.andThen(Effect.sleep(retryAfter)),
      Effect.forever,
      Effect.forkScoped
    )
    yield* Effect.sync(() => {
      const lines = topLines(standing, { width: screen.width, isColoured: process.env["NO_COLOR"] === undefined })
      const shown = lines.slice(0, Math.max(1, screen.height - 2))
      screen.draw([...shown, "", (trouble === "" ? "q quit" : `q quit   STALE: ${trouble}`).slice(0, screen.width)])
    }).pipe(Effect.andThen(Effect.sleep(frameInterval)), Effect.forever, Effect.forkScoped)
    yield* Deferred.await(quit)
  })

const ctrlC = "\u0003"
const ctrlZ = "\u001a"

/**
 * Takes the terminal until the scope closes, and gives it back on every way out: quitting, failing, signals, suspension, and an exit that
 * asks nobody. Fulfilled when the user wants to leave.
 */
const terminal = (screen: Screen) =>
  Effect.acquireRelease(
    Effect.map(Deferred.make<void>(), (quit) => {
      const { stdin, stdout } = process
      const leave = () => {
        if (stdin.isRaw) stdin.setRawMode(false)
        screen.close()
      }
      const enter = () => {
        stdin.setRawMode(true)
        screen.open()
      }
      const onKey = (keys: Buffer) => {
        const text = keys.toString()
        if (text.includes("q") || text.includes(ctrlC)) Deferred.doneUnsafe(quit, Effect.void)
        else if (text.includes(ctrlZ)) {
          leave()
          process.kill(process.pid, "SIGTSTP")
        }
      }
      const onResize = () => screen.clear()
      const onSignal = (signal: NodeJS.Signals) => {
        release()
        process.kill(process.pid, signal)
      }
      const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const
      const release = () => {
        leave()
        stdin.off("data", onKey).pause()
        stdout.off("resize", onResize)
        process.off("exit", leave).off("SIGCONT", enter)
        for (const signal of signals) process.off(signal, onSignal)
      }
      process.on("exit", leave).on("SIGCONT", enter)
      for (const signal of signals) process.on(signal, onSignal)
      stdout.on("resize", onResize)
      stdin.on("data", onKey).resume()
      enter()
      return { quit, release }
    }),
    ({ release }) => Effect.sync(release)
  ).pipe(Effect.map(({ quit }) => quit))
