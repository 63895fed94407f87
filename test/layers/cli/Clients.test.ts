import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { RunningControl } from "../api/RunningControl.ts"
import { freePort, until } from "../../support/Facts.ts"
import { ConfiguredAgent } from "../../support/opamp/ConfiguredAgent.ts"

const entry = fileURLToPath(new URL("../../../bin/weir.js", import.meta.url))
const token = "a-token-of-sixteen-or-more"

let control: RunningControl
let agents: ReadonlyArray<ConfiguredAgent>
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "weir-clients-"))
  control = await RunningControl.start({ tokens: [token] })
  agents = await Promise.all(
    [1, 2, 3, 4].map((n) =>
      ConfiguredAgent.connect(control.opampPort, n, { tier: n === 4 ? "edge" : "core" }, (documents) =>
        [...documents.values()].some((text) => text.includes("impossible")) ? "no such\u001b[31m thing\nin line 1" : undefined
      )
    )
  )
  await until("all agents are online", async () => {
    const answer = await control.get("/overview", { headers: { authorization: `Bearer ${token}` } })
    return ((await answer.json()) as { agents: { online: number } }).agents.online === 4
  })
})

afterAll(async () => {
  for (const agent of agents) agent.close()
  await control.stop()
  rmSync(folder, { recursive: true, force: true })
})

const start = (args: ReadonlyArray<string>, given: string | undefined = token): ChildProcess =>
  spawn(process.execPath, [entry, ...args], {
    cwd: folder,
    env: { ...process.env, WEIR_API_TOKEN: given },
    stdio: ["ignore", "pipe", "pipe"]
  })

/** Runs a command against the control plane of these tests to its end. */
const weir = async (...args: ReadonlyArray<string>) => runTo(`http://127.0.0.1:${control.apiPort}`, args)

const runTo = async (api: string, args: ReadonlyArray<string>, given?: string) => {
  const child = start([...args, "--api", api], given)
  let [out, error] = ["", ""]
  child.stdout!.on("data", (chunk: Buffer) => (out += chunk.toString()))
  child.stderr!.on("data", (chunk: Buffer) => (error += chunk.toString()))
  const [code] = await once(child, "close")
  return { code: code as number, out, error }
}

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return name
}

describe("weir fleet", () => {
  it("lists agents for people and for programs, and shows one", async () => {
    const [text, listed, one, nobody] = await Promise.all([
      weir("fleet", "list"),
      weir("fleet", "list", "--json"),
      weir("fleet", "show", agents[0]!.uid),
      weir("fleet", "show", "nobody")
    ])
    assert.match(text.out, /^INSTANCE UID .*STATUS/)
    for (const { uid } of agents) assert.include(text.out, `${uid}  online`)
    const rows = JSON.parse(listed.out) as ReadonlyArray<{ instance_uid: string; status: string }>
    assert.deepStrictEqual(
      rows.map(({ instance_uid, status }) => [instance_uid, status]),
      agents.map(({ uid }) => [uid, "online"])
    )
    assert.include(one.out, "tier=core")
    assert.include(one.out, "exporter:otlp/backend: sick: refused")
    assert.deepStrictEqual([nobody.code, nobody.out, nobody.error], [1, "", "weir: no agent is known as nobody\n"])
  })

  it("pushes at once and waits for every report; a failure and a refusal are exit code 1, what is no YAML is 65", async () => {
    const good = write("good.yaml", "processors: {batch: {timeout: 1s}}\n")
    const pushed = await weir("fleet", "push", good, "--agents", "tier=core", "--now")
    assert.deepStrictEqual([pushed.code, pushed.error], [0, ""])
    assert.deepStrictEqual(
      pushed.out.trim().split("\n").toSorted(),
      agents.slice(0, 3).map(({ uid }) => `${uid}  APPLIED`)
    )
    const bad = await weir("fleet", "push", write("bad.yaml", "processors: {impossible: {}}\n"), "--agents", agents[3]!.uid, "--now")
    assert.deepStrictEqual([bad.code, bad.error], [1, "weir: 1 of 1 agents do not run it\n"])
    assert.include(bad.out, `${agents[3]!.uid}  FAILED  no such\\u001b[31m thing\n    in line 1`)
    const back = await weir("fleet", "push", write("empty.yaml", ""), "--agents", agents[3]!.uid, "--now")
    assert.deepStrictEqual([back.code, back.out], [0, `${agents[3]!.uid}  APPLIED\n`])
    const refused = await weir("fleet", "push", good, "--agents", "tier=none", "--now")
    assert.deepStrictEqual([refused.code, refused.error], [1, "weir: no agent matches\n"])
    const broken = await weir("fleet", "push", write("broken.yaml", "a: ["), "--agents", "all", "--now")
    assert.strictEqual(broken.code, 65)
    assert.include(broken.error, "document:1:")
    assert.strictEqual((await weir("fleet", "push", "absent.yaml", "--agents", "all")).code, 65)
  })
})

describe("weir rollout, journal, findings", () => {
  it("takes a push without --now from its proposal to its end, and tells the story", async () => {
    const file = write("later.yaml", "processors: {batch: {timeout: 2s}}\n")
    assert.strictEqual((await weir("fleet", "push", write("none.yaml", ""), "--agents", "all", "--now")).code, 0)
    const pushed = await weir("fleet", "push", file, "--agents", "all")
    assert.strictEqual(pushed.code, 0, pushed.error)
    const id = /rollout approve (\w+)/.exec(pushed.out)![1]!
    const followed = start(["journal", "--follow", "--json", "--rollout", id, "--api", `http://127.0.0.1:${control.apiPort}`])
    let lines = ""
    followed.stdout!.on("data", (chunk: Buffer) => (lines += chunk.toString()))
    await until("the proposal is told", () => lines.includes('"kind":"proposal"'))
    const approved = await weir("rollout", "approve", id)
    assert.match(approved.out, new RegExp(`^${id}  (applying|observing)\n$`))
    assert.deepStrictEqual((await weir("rollout", "pause", id)).code, 0)
    const again = await weir("rollout", "pause", id)
    assert.deepStrictEqual([again.code, again.error], [1, "weir: it is paused already\n"])
    assert.include((await weir("rollout", "list")).out, ", paused")
    assert.strictEqual((await weir("rollout", "resume", id)).code, 0)
    assert.include((await weir("rollout", "abort", id, "--reason", "enough")).out, "aborted")
    await until("the end is told", () => lines.includes("enough"))
    followed.kill("SIGKILL")
    const shown = await weir("rollout", "show", id)
    assert.match(shown.out, /stage +aborted: by .*enough/)
    const story = await weir("journal", "--rollout", id)
    assert.match(story.out, /proposal .*\n(.*\n)*.*action .* is aborted/)
    const replayed = await weir("journal", "replay", id)
    // On a slow machine the rollout has been looked at meanwhile.
    assert.match(replayed.out, /^assignment {3}the same\n(look .* the same: .*\n)*verdict {6}none\n$/)
    assert.strictEqual(replayed.code, 0)
    assert.strictEqual((await weir("rollout", "rollback", "none")).code, 1)
    assert.strictEqual((await weir("findings")).out, "nothing was found lately\n")
  })
})

describe("weir top", () => {
  it("prints how things stand once where there is no terminal", async () => {
    const { code, out } = await weir("top")
    assert.strictEqual(code, 0)
    assert.match(out, /^(CALM|WATCHING|DEGRADED|NEEDS YOU|ACTING) {2}/)
    assert.include(out, "agents 4 online")
    assert.notInclude(out, "\u001b")
  })
})

const givesBack = "\u001b[?25h\u001b[?1049l"
const hasTerminal = spawnSync("script", ["--version"]).status === 0
if (!hasTerminal) console.log("weir top is not tested on a terminal: there is no script(1) here")

describe.skipIf(!hasTerminal)("weir top on a terminal", () => {
  /** Its output so far, its process and the keyboard. */
  const onTerminal = async () => {
    const command = `stty cols 100 rows 20; echo pid $$; exec ${process.execPath} ${entry} top --api http://127.0.0.1:${control.apiPort}`
    const child = spawn("script", ["-qfec", command, "/dev/null"], {
      cwd: folder,
      env: { ...process.env, WEIR_API_TOKEN: token, TERM: "xterm", SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "inherit"]
    })
    const seen = { text: "" }
    child.stdout.on("data", (chunk: Buffer) => (seen.text += chunk.toString()))
    const ended = once(child, "close")
    await until("it is drawn", () => seen.text.includes("q quit"))
    assert.include(seen.text, "agents 4 online")
    return { seen, ended, type: (keys: string) => child.stdin.write(keys), pid: Number(/pid (\d+)/.exec(seen.text)![1]) }
  }

  it("ends with q and with Ctrl-C, and gives the terminal back", async () => {
    for (const key of ["q", "\u0003"]) {
      const { seen, ended, type } = await onTerminal()
      type(key)
      const [code] = await ended
      assert.strictEqual(code, 0)
      assert.isTrue(seen.text.endsWith(givesBack), JSON.stringify(seen.text.slice(-60)))
    }
  })

  it("gives it back when it is killed, too", async () => {
    const { seen, ended, pid } = await onTerminal()
    process.kill(pid, "SIGTERM")
    await ended
    assert.include(seen.text, givesBack)
  })
})

describe("a control plane that does not answer", () => {
  it("is one clear line: unreachable is 69, a missing token 1", async () => {
    const port = await freePort()
    const gone = await runTo(`http://127.0.0.1:${port}`, ["fleet", "list"])
    assert.deepStrictEqual(
      [gone.code, gone.error],
      [
        69,
        `weir: no control plane can be reached at http://127.0.0.1:${port}: ECONNREFUSED; \`weir control\` runs one, --api names another address\n`
      ]
    )
    const url = `http://127.0.0.1:${control.apiPort}`
    const locked = await runTo(url, ["findings"], "")
    assert.deepStrictEqual([locked.code, locked.error], [1, `weir: ${url} wants a token: set WEIR_API_TOKEN, or give --token\n`])
  })
})
