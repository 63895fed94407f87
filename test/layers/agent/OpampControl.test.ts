// Rates come from a control plane: Elastic's OpAMP server offers documents, the application's sampler follows, and the server is told.
import { createRequire } from "node:module"
import { afterEach, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Agent, opampControl, startAgent } from "../../../src/agent.ts"
import { until } from "../../support/Facts.ts"
import { RunningServer } from "../../support/opamp/RunningServer.ts"

interface KeyValue {
  readonly key: string
  readonly value: { readonly value: { readonly value: unknown } }
}

/** What the server keeps of a message of the agent; the package has no types. */
interface Report {
  readonly agentDescription?: {
    readonly identifyingAttributes: ReadonlyArray<KeyValue>
    readonly nonIdentifyingAttributes: ReadonlyArray<KeyValue>
  }
  readonly remoteConfigStatus?: { readonly status: number; readonly errorMessage: string }
  readonly effectiveConfig?: {
    readonly configMap: { readonly configMap: Record<string, { readonly body: Uint8Array; readonly contentType: string }> }
  }
  readonly agentDisconnect?: object
}

interface Server {
  readonly endpoint: string
  readonly start: () => Promise<void>
  readonly close: () => Promise<void>
  readonly setAgentConfigMap: (map: {
    readonly configMap: Record<string, { readonly body: Uint8Array; readonly contentType: string }>
  }) => void
  readonly testGetRequests: () => ReadonlyArray<{ readonly a2s?: Report }>
}

const { MockOpAMPServer } = createRequire(import.meta.url)("@elastic/mockopampserver") as {
  readonly MockOpAMPServer: new (options: object) => Server
}

const applied = 1
const failed = 3

const open: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

const listening = async (): Promise<Server> => {
  const server = new MockOpAMPServer({ hostname: "127.0.0.1", port: 0, testMode: true, logLevel: "fatal" })
  await server.start()
  open.push(() => server.close())
  return server
}

const connected = (endpoint: string): Agent => {
  const agent = startAgent({
    service: { name: "checkout", namespace: "shop", version: "1.2.3" },
    resource: { tenant: "acme" },
    endpoint: "http://127.0.0.1:1",
    sampling: { probability: 0.5 },
    global: false,
    control: opampControl({ endpoint, pollingMillis: 20 })
  })
  open.push(() => agent.shutdown(200))
  return agent
}

const offer = (server: Server, name: string, body: string, contentType = "application/json"): void =>
  server.setAgentConfigMap({ configMap: { [name]: { body: Buffer.from(body), contentType } } })

const reports = (server: Server): ReadonlyArray<Report> => server.testGetRequests().flatMap(({ a2s }) => (a2s === undefined ? [] : [a2s]))

const lastStatus = (server: Server) => reports(server).findLast((report) => report.remoteConfigStatus !== undefined)?.remoteConfigStatus

const lastEffective = (server: Server): unknown => {
  const entry = reports(server).findLast((report) => report.effectiveConfig !== undefined)?.effectiveConfig?.configMap.configMap[
    "weir/agent"
  ]
  return entry === undefined ? undefined : JSON.parse(Buffer.from(entry.body).toString())
}

const record = (attributes: ReadonlyArray<KeyValue>) => Object.fromEntries(attributes.map(({ key, value }) => [key, value.value.value]))

describe("opampControl", () => {
  it("tells who the application is, applies what it is sent, and says so", async () => {
    const server = await listening()
    offer(server, "weir/agent", '{"sampling":{"probability":0.1},"limits":{"queueItems":100}}')
    const agent = connected(server.endpoint)
    await until("the document is applied", () => lastStatus(server)?.status === applied)
    assert.strictEqual(agent.settings().sampling.probability, 0.1)
    assert.strictEqual(agent.settings().limits.queueItems, 100)
    assert.deepStrictEqual(lastEffective(server), agent.settings())

    const { identifyingAttributes, nonIdentifyingAttributes } = reports(server)[0]!.agentDescription!
    const identifying = record(identifyingAttributes)
    assert.sameMembers(Object.keys(identifying), ["service.name", "service.instance.id", "service.namespace", "service.version"])
    assert.deepInclude(identifying, { "service.name": "checkout", "service.namespace": "shop", "service.version": "1.2.3" })
    assert.deepInclude(record(nonIdentifyingAttributes), { tenant: "acme" })

    offer(server, "weir/agent", '{"sampling":{"probability":0.01}}')
    await until("the next one is", () => agent.settings().sampling.probability === 0.01)
    assert.strictEqual(agent.settings().limits.queueItems, 8192)
    await agent.shutdown(1000)
    assert.isDefined(reports(server).at(-1)!.agentDisconnect)
  })

  it.each([
    ["is wrong", '{"sampling":{"probability":7}}', "application/json", /^sampling\.probability: /],
    ["is not JSON", "sampling: 1", "application/json", /is not JSON/],
    ["has another content type", "{}", "text/yaml", /text\/yaml.*application\/json was expected/]
  ])("reports FAILED with the reason for a document that %s, and keeps what it has", async (_, body, contentType, message) => {
    const server = await listening()
    offer(server, "weir/agent", body, contentType)
    const agent = connected(server.endpoint)
    await until("the failure is told", () => lastStatus(server)?.status === failed)
    assert.match(lastStatus(server)!.errorMessage, message)
    assert.strictEqual(agent.settings().sampling.probability, 0.5)
  })

  it("goes back to its own options when the configuration has nothing for it any more", async () => {
    const server = await listening()
    offer(server, "weir/agent", '{"sampling":{"probability":0.1}}')
    const agent = connected(server.endpoint)
    await until("the document is applied", () => agent.settings().sampling.probability === 0.1)
    offer(server, "", "receivers: {}", "text/yaml")
    await until("the own options are back", () => agent.settings().sampling.probability === 0.5)
    await until("the server knows", () => (lastEffective(server) as { sampling: { probability: number } }).sampling.probability === 0.5)
    assert.strictEqual(lastStatus(server)?.status, applied)
  })

  it("is in the fleet of Weir's control plane over a WebSocket, which changes its rates at once", async () => {
    await using server = await RunningServer.start()
    const agent = connected(`ws://127.0.0.1:${server.port}/v1/opamp`)
    await until("it is online", () => server.fleet.agents()[0]?.status === "online")
    const [{ instanceUid, attributes }] = server.fleet.agents() as [ReturnType<typeof server.fleet.agents>[0]]
    assert.strictEqual(instanceUid, agent.resource.attributes["service.instance.id"])
    assert.strictEqual(attributes.get("service.name"), "checkout")
    assert.strictEqual(attributes.get("tenant"), "acme")
    const desire = (json: string) => {
      const configMap = new Map([["weir/agent", { body: new TextEncoder().encode(json), contentType: "application/json" }]])
      return Effect.runPromise(server.fleet.setDesired(instanceUid, { configMap }))
    }
    const status = () => server.fleet.agent(instanceUid)!.remoteConfig
    const good = await desire('{"sampling":{"probability":0.1}}')
    await until("it has applied the document", () => status().status === "applied" && status().hash === good)
    assert.strictEqual(agent.settings().sampling.probability, 0.1)
    const bad = await desire('{"sampling":{"probability":7}}')
    await until("it has refused the next", () => status().status === "failed" && status().hash === bad)
    assert.strictEqual(agent.settings().sampling.probability, 0.1)
    await agent.shutdown(1000)
    await until("it is gone", () => server.fleet.agent(instanceUid)!.status === "offline")
  })

  it("runs on when there is no control plane", async () => {
    const agent = connected("ws://127.0.0.1:1/v1/opamp")
    assert.strictEqual(agent.settings().sampling.probability, 0.5)
    await agent.shutdown(1000)
  })

  it("refuses an endpoint that is none", () => {
    assert.throws(
      () => opampControl({ endpoint: "localhost:4320" }),
      /control endpoint "localhost:4320" is not a ws, wss, http or https URL/
    )
  })
})
