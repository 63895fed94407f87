import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Audit } from "../../../support/Audit.ts"
import { Backend } from "../../../support/Backend.ts"
import { freePort, until } from "../../../support/Facts.ts"
import { Ledger } from "../../../support/Ledger.ts"
import { startElasticServer } from "../../../support/opamp/ElasticServer.ts"
import { OfferingServer } from "../../../support/opamp/OfferingServer.ts"
import { httpTransport, RawSender } from "../../../support/RawSender.ts"
import { RunningGateway } from "../../../support/RunningGateway.ts"

const folder = mkdtempSync(join(tmpdir(), "weir-agent-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const own = (server: string, exporter: number, name: string) => `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {transform/own: {error_mode: propagate, trace_statements: ['set(span.attributes["by"], "own")']}}
exporters:
  otlp_http/out: {endpoint: "http://127.0.0.1:${exporter}", retry_on_failure: {initial_interval: 100ms}, sending_queue: {queue_size: 100000}}
extensions:
  opamp:
    server: {${server}}
    capabilities: {accepts_remote_config: true}
    storage: {directory: ${JSON.stringify(join(folder, name))}}
service:
  extensions: [opamp]
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], processors: [transform/own], exporters: [otlp_http/out]}}
`
const ws = (url: string) => `ws: {endpoint: "${url}"}`

const backendOf = (ledger: Ledger) => Backend.start({ protocol: "http", onDelivery: ledger.record })

const senderTo = (gateway: RunningGateway, ledger: Ledger, pauseMillis: number) => {
  const { address } = gateway.service.addresses()[0]!
  const transport = httpTransport(() => Number(address.split(":")[1]))
  return new RawSender({ name: "s", transport, ledger, signal: "traces", next: () => ({ items: 3, tenant: "t" }), pauseMillis })
}

const set = (value: string) => `processors: {transform/own: {trace_statements: ['set(span.attributes["by"], "${value}")']}}`
const broken = `processors: {transform/own: {trace_statements: ['set(span.name, Substring(span.name, 0, 1000))']}}`

describe.concurrent("a gateway as an agent", () => {
  it("runs what Elastic's server offers, over HTTP, and says what became of it", async () => {
    const mock = await startElasticServer()
    const configure = (text: string) => mock.setAgentConfigMap({ configMap: { "": { body: Buffer.from(text), contentType: "text/yaml" } } })
    const requests = () => mock.testGetRequests().flatMap(({ a2s }) => (a2s === undefined ? [] : [a2s]))
    const last = () => requests().findLast(({ remoteConfigStatus }) => remoteConfigStatus !== undefined)?.remoteConfigStatus
    configure(set("mock"))
    const gateway = await RunningGateway.begin(own(`http: {endpoint: "${mock.endpoint}", polling_interval: 100ms}`, 1, "elastic"))
    try {
      await until("it is applied", () => last()?.status === 1)
      const effective = requests().findLast(({ effectiveConfig }) => effectiveConfig !== undefined)!.effectiveConfig!
      assert.include(Buffer.from(effective.configMap!.configMap[""]!.body).toString(), '"mock"')
      configure("processors: {transform/own: {trace_statements: ['nonsense(']}}")
      await until("it has failed", () => last()?.status === 3)
      assert.match(last()!.errorMessage, /^remote configuration:1:\d+: error: /)
      const count = requests().filter(({ remoteConfigStatus }) => remoteConfigStatus !== undefined).length
      const polls = requests().length
      await until("it polls on", () => requests().length > polls + 5)
      assert.strictEqual(requests().filter(({ remoteConfigStatus }) => remoteConfigStatus !== undefined).length, count)
      const health = requests().findLast((message) => message.health !== undefined)!.health!
      assert.isTrue(health.healthy)
      assert.isTrue(health.componentHealthMap["pipeline:traces"]!.componentHealthMap["processor:transform/own"]!.healthy)
    } finally {
      await gateway.stop()
    }
    assert.isDefined(requests().at(-1)!.agentDisconnect)
    await mock.close()
  })

  it("applies what works under load, and goes back from an exporter that reaches nobody and a processor that fails", async () => {
    await using server = await OfferingServer.start()
    const ledger = new Ledger()
    const backend = await backendOf(ledger)
    const gateway = await RunningGateway.begin(own(ws(server.url), backend.port, "trial"))
    const sender = senderTo(gateway, ledger, 10)
    try {
      await server.connected()
      assert.strictEqual((await server.outcome(server.offer(set("afar")))).status, "APPLIED")
      assert.include(server.effective, '"afar"')
      const dead = await server.outcome(server.offer(`exporters: {otlp_http/out: {endpoint: "http://127.0.0.1:1"}}`))
      assert.deepStrictEqual(
        [dead.status, dead.message],
        ["FAILED", 'exporter "otlp_http/out" failed every batch of the first ten seconds']
      )
      assert.include(server.effective, '"afar"')
      const failing = await server.outcome(server.offer(broken))
      assert.deepStrictEqual(
        [failing.status, failing.message],
        ["FAILED", 'processor "transform/own" failed every batch of the first ten seconds']
      )
      await sender.stop()
    } finally {
      await sender.stop()
      await gateway.stop()
      await backend.kill()
    }
    assert.deepStrictEqual([ledger.missing(), ledger.repeated()], [[], []])
    assert.strictEqual(gateway.service.balance().dropped, 0)
  }, 120_000)

  it("does not hold against a change what it has not changed", async () => {
    await using server = await OfferingServer.start()
    const ledger = new Ledger()
    const gateway = await RunningGateway.begin(own(ws(server.url), await freePort(), "unchanged"))
    const sender = senderTo(gateway, ledger, 50)
    try {
      await server.connected()
      await until("the exporter fails", () => gateway.service.balance().held > 0)
      assert.strictEqual((await server.outcome(server.offer(set("afar")))).status, "APPLIED")
    } finally {
      await sender.stop()
      await gateway.stop()
    }
  }, 60_000)

  it("loses nothing over fifty offers under load, good and bad", async () => {
    await using server = await OfferingServer.start()
    const ledger = new Ledger()
    const backend = await backendOf(ledger)
    const gateway = await RunningGateway.begin(own(ws(server.url), backend.port, "storm"))
    const sender = senderTo(gateway, ledger, 0)
    const end = new Audit(gateway.service.books).watch()
    try {
      await server.connected()
      for (let i = 0; i < 50; i++) {
        const texts = [
          set(`v${i}`),
          `exporters: {otlp_http/out: {timeout: ${i + 1}s}}`,
          `exporters: {otlp_http/out: {timeuot: ${i}s}}`,
          `receivers: {otlp: {protocols: {http: {max_request_body_size: ${1 << 20} }}}}\n${set(`r${i}`)}`,
          `# ${i}\n{`
        ]
        const hash = server.offer(texts[i % texts.length]!)
        await until("the agent has begun with it", () => server.of(hash).length > 0)
        const before = ledger.accepted.size
        await until("more has been sent", () => ledger.accepted.size > before)
      }
      assert.strictEqual((await server.outcome(server.offer(set("last")))).status, "APPLIED")
    } finally {
      await sender.stop()
      await gateway.stop()
      await backend.kill()
    }
    end()
    assert.deepStrictEqual([ledger.missing(), ledger.repeated(), ledger.unaccepted()], [[], [], []])
    assert.strictEqual(gateway.service.balance().dropped, 0)
    assert.strictEqual(server.reports.filter(({ status }) => status === "FAILED").length, 20)
  }, 120_000)

  it("starts without what it has received where that cannot be had any more, and says so", async () => {
    await using server = await OfferingServer.start()
    const taken = await freePort()
    const text = own(ws(server.url), 1, "taken")
    const first = await RunningGateway.begin(text)
    await server.connected()
    const hash = server.offer(`receivers: {otlp/more: {protocols: {http: {endpoint: "127.0.0.1:${taken}"}}}}
service: {pipelines: {traces: {receivers: [otlp, otlp/more]}}}`)
    assert.strictEqual((await server.outcome(hash)).status, "APPLIED")
    await first.stop()
    const other = createServer().listen(taken, "127.0.0.1")
    await once(other, "listening")
    const second = await RunningGateway.begin(text)
    try {
      await until("it is reported", () => server.reports.at(-1)!.status === "FAILED")
      assert.include(server.reports.at(-1)!.message, "cannot be had")
      assert.strictEqual(second.service.addresses().length, 1)
    } finally {
      await second.stop()
      other.close()
    }
  }, 60_000)
})
