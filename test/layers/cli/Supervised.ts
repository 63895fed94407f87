import { setTimeout as after } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { takeSignals } from "../../../src/layers/cli/Signals.ts"
import { sayReady, supervise } from "../../../src/layers/cli/Supervise.ts"

/**
 * A supervisor and its parts, as processes. `node Supervised.ts NAME=BEHAVIOUR ...`: serves until it is told to stop (`serve`), never
 * serves (an exit code), or begins to listen only when its supervisor is gone (`late`). Each part says its name, what it does and its pid.
 */
const [first = "", second = "", behaviour = ""] = process.argv.slice(2)

const say = (what: string): void => void process.stdout.write(`${second} ${what} ${process.pid}\n`)

const part = Effect.scoped(
  Effect.gen(function* () {
    const timer = setInterval(() => {}, 1000)
    if (behaviour === "late") {
      say("begins")
      while (process.connected) yield* Effect.promise(() => after(10))
    }
    const signals = yield* takeSignals(undefined)
    if (behaviour !== "late") yield* sayReady
    say("serves")
    yield* signals.stop
    say("stops")
    yield* Effect.promise(() => after(50))
    say("stopped")
    clearInterval(timer)
  })
)

const code = Number(behaviour)
if (first !== "part") {
  const parts = process.argv.slice(2).map((text) => ({ name: text.split("=")[0]!, args: ["part", ...text.split("=")] }))
  await Effect.runPromise(Effect.catch(supervise(parts), (failure) => Effect.sync(() => void (process.exitCode = failure.code))))
} else if (Number.isNaN(code)) await Effect.runPromise(part)
else {
  // Fails only when the others serve: so they have to be stopped.
  await after(500)
  process.exit(code)
}
