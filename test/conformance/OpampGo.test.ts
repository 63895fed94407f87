// An agent on opamp-go's client, over both of its transports, against the OpAMP server.
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { missing, opampAgent } from "../../scripts/peers/Peers.ts"
import type { AgentSnapshot } from "../../src/control/fleet/AgentSnapshot.ts"
import { formatUid } from "../../src/opamp.ts"
import { until } from "../support/Facts.ts"
import { uidOf, yaml } from "../support/opamp/Agent.ts"
import { RunningServer } from "../support/opamp/RunningServer.ts"

const absent = missing(opampAgent)
if (absent !== undefined) console.log(`opamp-go: skipped, since ${absent}`)

const instanceUid = formatUid(uidOf(1))

class GoAgent implements AsyncDisposable {
  private readonly child: ChildProcess
  private readonly ended: Promise<unknown>
  private readonly lines: Array<{ readonly event: string; readonly detail: string }> = []

  constructor(server: RunningServer, transport: "ws" | "http", token: string) {
    const url = `${transport}://127.0.0.1:${server.port}/v1/opamp`
    this.child = spawn(opampAgent.program, [url, instanceUid, token], { stdio: ["pipe", "pipe", "inherit"] })
    this.ended = new Promise((resolve) => this.child.once("close", resolve))
    createInterface({ input: this.child.stdout! }).on("line", (line) => this.lines.push(JSON.parse(line)))
  }

  details(event: string): ReadonlyArray<string> {
    return this.lines.filter((line) => line.event === event).map(({ detail }) => detail)
  }

  say(line: string): void {
    this.child.stdin!.write(`${line}\n`)
  }

  kill(): void {
    this.child.kill("SIGKILL")
  }

  /** Its input ends, and so does it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.stdin!.end()
    await this.ended
  }
}

describe.skipIf(absent !== undefined)("opamp-go", () => {
  for (const transport of ["ws", "http"] as const) {
    describe(`over ${transport}`, () => {
      const agentOf = (server: RunningServer): AgentSnapshot | undefined => server.fleet.agents()[0]
      const online = (server: RunningServer) => until("it is online", () => agentOf(server)?.status === "online")
      const push = (server: RunningServer, text: string) =>
        Effect.runPromise(server.fleet.setDesired(agentOf(server)!.instanceUid, yaml(text)))

      it("is described, applies what it is offered, and is not offered what it has failed with", { timeout: 30_000 }, async () => {
        await using server = await RunningServer.start({ tokens: ["secret"] })
        await using agent = new GoAgent(server, transport, "secret")
        await online(server)
        const { attributes, health, connection } = agentOf(server)!
        assert.deepStrictEqual(
          [...attributes],
          [
            ["os.type", "linux"],
            ["service.name", "opamp-go"]
          ]
        )
        assert.strictEqual(health!.componentHealthMap.get("pipeline")!.status, "StatusOK")
        assert.strictEqual(connection, transport === "ws" ? "websocket" : "http")

        await Effect.runPromise(server.fleet.setOwnMetrics({ destinationEndpoint: "http://127.0.0.1:4321/v1/metrics" }))
        await until("it was told where its metrics go", () => agent.details("own_metrics")[0] === "http://127.0.0.1:4321/v1/metrics")

        const good = await push(server, "a: good")
        const has = (status: string, hash: string | undefined) =>
          until(`${hash} is ${status}`, () => {
            const { remoteConfig } = agentOf(server)!
            return remoteConfig.status === status && remoteConfig.hash === hash
          })
        await has("applied", good)
        await until("it shows what it runs", () => {
          const object = agentOf(server)!.effectiveConfig?.configMap.get("")
          return object !== undefined && Buffer.from(object.body).toString() === "a: good"
        })

        const bad = await push(server, "a: bad")
        await until("it has failed", () => agentOf(server)!.failedHashes.includes(bad!))
        await has("applied", good)
        const seen = agentOf(server)!.lastSeenUnixMillis
        await until("it speaks on", () => agentOf(server)!.lastSeenUnixMillis > seen + 2000)
        assert.deepStrictEqual(agent.details("config"), [good!, bad!])
        assert.deepStrictEqual(agent.details("error"), [])
      })

      it("takes another uid when it asks for one", { timeout: 30_000 }, async () => {
        await using server = await RunningServer.start()
        await using agent = new GoAgent(server, transport, "")
        await online(server)
        agent.say("uid")
        await until("it has been given one", () => agent.details("uid").length > 0)
        const given = agent.details("uid")[0]!
        await until(
          "it is known by it alone",
          () =>
            server.fleet
              .agents()
              .map((known) => known.instanceUid)
              .join() === given
        )
        const seen = agentOf(server)!.lastSeenUnixMillis
        await until("it speaks on", () => agentOf(server)!.lastSeenUnixMillis > seen)
        assert.deepStrictEqual(agent.details("uid"), [given])
      })

      it("comes back after the server was gone, and gives its full state", { timeout: 60_000 }, async () => {
        const first = await RunningServer.start()
        const { port } = first
        await using agent = new GoAgent(first, transport, "")
        await online(first)
        await first.stop()
        await using second = await RunningServer.start({ endpoint: { host: "127.0.0.1", port } })
        await until("it is described", () => agentOf(second)?.attributes.get("service.name") === "opamp-go")
        assert.strictEqual(agentOf(second)!.health!.healthy, true)
        assert.deepStrictEqual(agent.details("error"), [])
      })
    })
  }

  it("is offline when it stops or dies", { timeout: 30_000 }, async () => {
    await using server = await RunningServer.start()
    const status = () => server.fleet.agent(instanceUid)?.status
    {
      await using _agent = new GoAgent(server, "ws", "")
      await until("it is online", () => status() === "online")
    }
    await until("it is offline", () => status() === "offline")
    await using killed = new GoAgent(server, "ws", "")
    await until("it is online again", () => status() === "online")
    killed.kill()
    await until("it is offline again", () => status() === "offline")
  })

  it("is let in by its token only", { timeout: 30_000 }, async () => {
    await using server = await RunningServer.start({ tokens: ["secret"] })
    await using agent = new GoAgent(server, "ws", "wrong")
    await until("it was refused", () => agent.details("refused").length > 0)
    assert.deepStrictEqual(server.fleet.agents(), [])
  })
})
