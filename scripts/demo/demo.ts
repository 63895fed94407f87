/** `npm run demo`: the closed loop in front of your eyes; docs/demo.md tells the story. */
import { runDemo } from "./RunDemo.ts"
import { readOptions, usage } from "./Options.ts"
import { full } from "./Pace.ts"
import { resultText } from "./Result.ts"
import { plainScreen, terminalScreen } from "./Screen.ts"

/** A terminal's Ctrl-C can arrive twice, from the terminal and through npm; a second one that soon is the same one. */
const echoMillis = 500

const options = readOptions(process.argv.slice(2))
if (options === "help") {
  console.log(usage)
  process.exit(0)
}
if ("problem" in options) {
  console.error(`demo: ${options.problem}\n\n${usage}`)
  process.exit(64)
}

const stop = new AbortController()
let stoppedAt: number | undefined
const onStop = (): void => {
  if (stoppedAt !== undefined && performance.now() - stoppedAt > echoMillis) {
    screen.close()
    process.exit(130)
  }
  stoppedAt ??= performance.now()
  stop.abort()
}
process.on("SIGINT", onStop).on("SIGTERM", onStop)

const output = options.json ? process.stderr : process.stdout
const screen = output.isTTY ? terminalScreen(output) : plainScreen((text) => output.write(text))
const result = await runDemo({
  pace: full,
  seed: options.seed,
  screen,
  stop: stop.signal,
  ...(options.keep
    ? {
        atEnd: (console) => {
          screen.close()
          output.write(`\neverything is left running; the console is on ${console} (Ctrl-C stops all)\n`)
          return new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve(), { once: true }))
        }
      }
    : {})
})
screen.close()
process.stdout.write(options.json ? `${JSON.stringify(result, undefined, 2)}\n` : resultText(result, process.stdout.columns ?? 160))
process.exit(result.failure === undefined ? 0 : stop.signal.aborted ? 130 : 1)
