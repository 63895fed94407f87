import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { afterEach, assert, describe, it } from "@effect/vitest"
import { until } from "../../support/Facts.ts"

const program = fileURLToPath(new URL("./Supervised.ts", import.meta.url))

let running: Array<ChildProcess> = []
afterEach(() => {
  for (const child of running) child.kill("SIGKILL")
  running = []
})

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A supervisor of these parts, and what all of them say. */
const start = (...parts: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [program, ...parts], { stdio: ["ignore", "pipe", "pipe"] })
  running.push(child)
  let output = ""
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
  const lines = (what: RegExp) => output.split("\n").filter((line) => what.test(line))
  const pidsOf = (what: RegExp) => lines(what).map((line) => Number(line.split(" ").at(-1)))
  return {
    child,
    lines,
    pidsOf,
    /** Everyone who holds the output has ended. */
    ended: once(child, "close").then(([code]) => code as number | null),
    serves: async (name: string, times = 1): Promise<number> => {
      const serving = new RegExp(`^${name} serves`)
      await until(`${name} serves, not only\n${output}`, () => lines(serving).length >= times)
      return pidsOf(serving).at(-1)!
    }
  }
}

describe("a supervisor", () => {
  it("starts a part that has crashed again, and leaves the other alone", async () => {
    const { child, serves, lines, ended } = start("a=serve", "b=serve")
    const [a, b] = [await serves("a"), await serves("b")]
    process.kill(b, "SIGKILL")
    const again = await serves("b", 2)
    assert.notStrictEqual(again, b)
    assert.deepStrictEqual(lines(/^weir:/), ["weir: b has ended (SIGKILL); it starts again in 0.5 s"])
    assert.strictEqual(await serves("a"), a)
    process.kill(again, "SIGKILL")
    await serves("b", 3)
    assert.strictEqual(lines(/^weir:/).at(-1), "weir: b has ended (SIGKILL); it starts again in 1 s")
    child.kill("SIGTERM")
    assert.strictEqual(await ended, 0)
  })

  it("ends all with the exit code of a part that has never served", async () => {
    const { ended, lines } = start("a=serve", "b=78")
    assert.strictEqual(await ended, 78)
    assert.deepStrictEqual(
      lines(/serves|stopped/).map((line) => line.split(" ", 2).join(" ")),
      ["a serves", "a stopped"]
    )
  })

  it.each(["SIGINT", "SIGTERM"] as const)("stops the last part first at %s", async (signal) => {
    const { child, serves, lines, ended } = start("a=serve", "b=serve", "c=serve")
    for (const name of ["a", "b", "c"]) await serves(name)
    child.kill(signal)
    assert.strictEqual(await ended, 0)
    assert.deepStrictEqual(
      lines(/stop/).map((line) => line.split(" ", 2).join(" ")),
      ["c stops", "c stopped", "b stops", "b stopped", "a stops", "a stopped"]
    )
  })

  it("that is stopped while a part waits to be started again does not start it", async () => {
    const { child, serves, lines, ended } = start("a=serve", "b=serve")
    await serves("a")
    process.kill(await serves("b"), "SIGKILL")
    await until("the crash is told", () => lines(/^weir:/).length > 0)
    child.kill("SIGINT")
    assert.strictEqual(await ended, 0)
    assert.strictEqual(lines(/^b serves/).length, 1)
  })

  it("that is killed leaves nobody behind", async () => {
    const { child, serves, lines, ended, pidsOf } = start("a=serve", "b=late")
    await serves("a")
    await until("b has begun", () => lines(/^b begins/).length > 0)
    child.kill("SIGKILL")
    await ended
    assert.deepStrictEqual(
      lines(/stopped/)
        .map((line) => line.split(" ", 2).join(" "))
        .toSorted(),
      ["a stopped", "b stopped"]
    )
    for (const pid of pidsOf(/stopped/)) await until("it is gone", () => !isAlive(pid))
  })

  it("ends everything at a second signal", async () => {
    const { child, serves, ended, pidsOf } = start("a=serve", "b=serve")
    const [a] = [await serves("a"), await serves("b")]
    // One that does not stop: it cannot even take the signal.
    process.kill(a, "SIGSTOP")
    child.kill("SIGINT")
    await until("b has stopped", () => pidsOf(/^b stopped/).length > 0)
    // One that comes too soon is an echo of the first.
    await until("it has ended", () => !child.kill("SIGINT"))
    assert.strictEqual(await ended, 130)
    await until("it is gone", () => !isAlive(a))
  })
})
