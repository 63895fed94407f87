import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { JournalEntry } from "../../src/domain/loop/JournalEntry.ts"
import { actOne, actTwo, epilogue, prologue, type Stage } from "./Acts.ts"
import type { Books } from "./Books.ts"
import { Children } from "./Children.ts"
import { Journal } from "./Journal.ts"
import type { Pace } from "./Pace.ts"
import { ratesBetween } from "./Rates.ts"
import type { Result } from "./Result.ts"
import { readable, type Screen } from "./Screen.ts"
import { pause, Story } from "./Story.ts"
import { World } from "./World.ts"

export interface DemoOptions {
  readonly pace: Pace
  readonly seed: number
  readonly screen: Screen
  /** Ends the demo early. */
  readonly stop: AbortSignal
  /** What to do at the end before everything is stopped, with the address of the console. */
  readonly atEnd?: (console: string) => Promise<void>
}

/** Of the journal what is shown as it comes; the rest is in the steps. */
const told: ReadonlySet<JournalEntry["_tag"]> = new Set(["finding", "proposal", "look", "command", "refusal", "action"])

const ratesMillis = 1000
const logLines = 15

/** Runs the whole story, and stops every process that it started, whatever happens. */
export const runDemo = async ({ pace, seed, screen, stop, atEnd }: DemoOptions): Promise<Result> => {
  const folder = mkdtempSync(join(tmpdir(), "weir-demo-"))
  const children = new Children()
  process.on("exit", children.kill)
  let strike: (error: Error) => void = () => {}
  const disaster = new Promise<never>((_, reject) => (strike = reject))
  disaster.catch(() => {})
  const onStop = () => strike(new Error("stopped"))
  if (stop.aborted) onStop()
  else stop.addEventListener("abort", onStop, { once: true })

  const story = new Story({
    deadlineMillis: pace.stepSeconds * 1000,
    disaster,
    onBegin: (what) => screen.waitFor(what),
    onStep: ({ what, seen }) => screen.say(story.elapsedMillis, "step", `${what}: ${seen}`)
  })
  const journal = new Journal()
  let world: World | undefined
  let watching = true
  let books: Books | undefined
  let failure: string | undefined
  try {
    world = await story.step(
      "the processes are up",
      () => World.start({ pace, seed, folder, onDeath: (message) => strike(new Error(message)) }, children),
      () => `a control plane, four gateways, three services, two backends: ${children.names.length} processes`
    )
    void world.api.follow((record) => {
      journal.add(record)
      if (told.has(record.entry._tag)) screen.say(story.elapsedMillis, "journal", readable(record))
    })
    void watchRates(world, screen, story, () => watching)
    const stage: Stage = { story, world, journal, pace, announce: (line) => screen.say(story.elapsedMillis, "act", line) }
    await prologue(stage)
    await actOne(stage)
    await actTwo(stage)
    books = await epilogue(stage)
  } catch (error) {
    failure = stop.aborted ? "stopped before its end" : (error as Error).message
  }
  watching = false
  const seconds = story.elapsedMillis / 1000
  screen.waitFor("")
  if (failure === undefined && atEnd !== undefined && world !== undefined) {
    world.visitors.open()
    await atEnd(world.console)
  }
  world?.api.close()
  void world?.visitors.close()
  await children.stop()
  process.off("exit", children.kill)
  if (failure !== undefined && !stop.aborted) failure += complaints(folder, children.names)
  rmSync(folder, { recursive: true, force: true })
  return { seed, steps: story.steps, seconds, books, failure }
}

const watchRates = async (world: World, screen: Screen, story: Story, isOn: () => boolean): Promise<void> => {
  let before: { readonly books: Books; readonly at: number } | undefined
  while (isOn()) {
    // A gateway that is not up yet has no books.
    const books = await world.books().catch(() => undefined)
    const at = story.elapsedMillis
    if (books !== undefined && isOn()) {
      if (before !== undefined) screen.rates(at, ratesBetween(before.books, books, (at - before.at) / 1000))
      before = { books, at }
    }
    await pause(ratesMillis)
  }
}

/** The last lines of what the processes have said, where they complain. */
const complaints = (folder: string, names: ReadonlyArray<string>): string =>
  names
    .flatMap((name) => {
      const lines = readFileSync(join(folder, `${name}.log`), "utf8")
        .split("\n")
        .filter((line) => /warn|error|fatal/i.test(line))
      return lines.length === 0 ? [] : [`\n--- ${name}\n${lines.slice(-logLines).join("\n")}`]
    })
    .join("")
