// Changes under load: the official SDK's exporters and raw senders send while the configuration changes, validly and invalidly, again and
// again. Nothing is lost, doubled or refused, and what is invalid changes nothing but the log.
import { assert, describe, it } from "@effect/vitest"
import { createServer } from "node:net"
import { once } from "node:events"
import { Audit } from "../support/Audit.ts"
import { Backend, ok } from "../support/Backend.ts"
import { freePort, until } from "../support/Facts.ts"
import { GatewayProcess } from "../support/GatewayProcess.ts"
import { Ledger } from "../support/Ledger.ts"
import { grpcTransport, httpTransport, RawSender } from "../support/RawSender.ts"
import { RunningGateway } from "../support/RunningGateway.ts"
import { Seeded } from "../support/Seeded.ts"
import { change, configurationOf, invalid, type Shape } from "./Changes.ts"
import { SdkLoad } from "./Load.ts"
import { scale, seed, timeoutMillis } from "./Scale.ts"

const shapeOf = async (backend: Backend): Promise<Shape> => ({
  ports: { http: await freePort(), grpc: await freePort(), moving: await freePort() },
  statement: 0,
  batchSize: 100,
  backend,
  consumers: 2,
  compression: "none",
  hasCopy: false,
  hasFilter: false
})

/** A port that somebody else has. */
const occupied = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  return { port: (server.address() as { readonly port: number }).port, free: () => server.close() }
}

const startLoad = (shape: () => Shape, ledger: Ledger) => {
  const { http, grpc } = shape().ports
  const random = new Seeded(seed + 1)
  const next = () => ({ items: random.between(1, 50), tenant: random.pick(["red", "green"]) })
  const common = { ledger, next, pauseMillis: 2 }
  return {
    sdk: [
      new SdkLoad("sdk-grpc", "traces", "gRPC", { http, grpc }, ledger),
      new SdkLoad("sdk-http", "traces", "HTTP protobuf", { http, grpc }, ledger),
      new SdkLoad("sdk-json", "logs", "HTTP JSON", { http, grpc }, ledger)
    ],
    raw: [
      new RawSender({ ...common, name: "raw-http", signal: "traces", transport: httpTransport(() => http) }),
      new RawSender({ ...common, name: "raw-grpc", signal: "logs", transport: grpcTransport(() => grpc) }),
      new RawSender({ ...common, name: "raw-metrics", signal: "metrics", transport: grpcTransport(() => grpc) })
    ],
    moving: new RawSender({
      ...common,
      name: "raw-moving",
      signal: "traces",
      transport: httpTransport(() => shape().ports.moving),
      resend: true
    })
  }
}

const stopLoad = async ({ sdk, raw, moving }: ReturnType<typeof startLoad>): Promise<void> => {
  await Promise.all([...sdk, ...raw, moving].map((sender) => sender.stop()))
  for (const sender of sdk) assert.deepEqual(sender.failures, [], "failures of the SDK's exporter")
  for (const sender of [...raw, moving]) assert.deepEqual(sender.refusals, [], "refusals")
  for (const sender of raw) assert.deepEqual(sender.breaks, [], "broken connections")
}

/** Every accepted item arrived exactly once; only what had to be sent again to a moved port may be there twice. */
const assertWhole = (ledger: Ledger): void => {
  assert.isAbove(ledger.accepted.size, 1000)
  assert.deepEqual(ledger.missing(), [], `lost, seed ${seed}`)
  assert.deepEqual(
    ledger.repeated().filter((id) => !id.startsWith("raw-moving")),
    [],
    `doubled, seed ${seed}`
  )
}

describe("changes under load", () => {
  it("lose, double and refuse nothing, and invalid ones change nothing", { timeout: timeoutMillis }, async () => {
    const random = new Seeded(seed)
    const ledger = new Ledger()
    const copies = new Ledger()
    const backends = [
      await Backend.start({ protocol: "http", onDelivery: ledger.record }),
      await Backend.start({ protocol: "http", onDelivery: ledger.record })
    ]
    const copy = await Backend.start({ protocol: "http", onDelivery: copies.record })
    const busy = await occupied()
    let shape = await shapeOf(backends[0]!)
    const gateway = await RunningGateway.start(configurationOf(shape, copy))
    const audit = new Audit(gateway.service.books)
    const load = startLoad(() => shape, ledger)
    let rejected = 0
    try {
      for (let round = 0; round < scale(200, 2000); round++) {
        audit.look()
        for (const backend of [...backends, copy]) {
          backend.behaviour = random.next() < 0.5 ? ok : { _tag: "slow", millis: random.between(5, 100) }
        }
        if (random.next() < 0.3) {
          const before = gateway.service.current()
          const { configuration, reason } = invalid(random, configurationOf(shape, copy), busy.port)
          const outcome = await gateway.swap(configuration).then(
            () => "taken",
            (error: unknown) => String(error instanceof Error ? `${error.message} ${JSON.stringify(error)}` : error)
          )
          assert.notStrictEqual(outcome, "taken", JSON.stringify(configuration))
          assert.match(outcome, reason)
          assert.strictEqual(gateway.service.current(), before, "an invalid change became current")
          rejected++
        } else {
          const next = change(random, shape, backends, await freePort())
          await gateway.swap(configurationOf(next, copy))
          shape = next
        }
        const delivered = ledger.accepted.size
        await until("the load goes on", () => ledger.accepted.size > delivered)
      }
      await stopLoad(load)
      await until("nothing is held any more", () => audit.held().length === 0)
      audit.look()
      assert.strictEqual(gateway.service.balance().dropped, 0)
      assert.strictEqual(gateway.service.balance().returned, 0)
    } finally {
      await Promise.all([...load.sdk, ...load.raw, load.moving].map((sender) => sender.stop()))
      await gateway.stop()
      await Promise.all([...backends, copy].map((backend) => backend.kill()))
      busy.free()
    }
    assert.isAbove(rejected, 20)
    assert.isAbove(copies.arrivals.size, 0)
    assertWhole(ledger)
  })

  it("by SIGHUP: a valid file is taken up, an invalid one is reported and changes nothing", { timeout: timeoutMillis }, async () => {
    const random = new Seeded(seed)
    const ledger = new Ledger()
    const backends = [
      await Backend.start({ protocol: "http", onDelivery: ledger.record }),
      await Backend.start({ protocol: "http", onDelivery: ledger.record })
    ]
    const copy = await Backend.start({ protocol: "http", onDelivery: () => {} })
    const busy = await occupied()
    let shape = await shapeOf(backends[0]!)
    const gateway = GatewayProcess.weir({ configuration: configurationOf(shape, copy) })
    await gateway.listening(Object.values(shape.ports))
    const load = startLoad(() => shape, ledger)
    const count = (text: string) => gateway.output.split(text).length - 1
    try {
      for (let round = 0; round < scale(20, 200); round++) {
        if (round % 3 === 2) {
          const refused = count("reload (SIGHUP) refused")
          const { configuration, reason } = invalid(random, configurationOf(shape, copy), busy.port)
          const said = gateway.output.length
          gateway.configure(configuration)
          gateway.signal("SIGHUP")
          await until("the reload is refused", () => count("reload (SIGHUP) refused") > refused)
          await until("the reason is in the log", () => reason.test(gateway.output.slice(said)))
        } else {
          const reloaded = count("reloaded (SIGHUP)")
          const next = change(random, shape, backends, await freePort())
          gateway.configure(configurationOf(next, copy))
          gateway.signal("SIGHUP")
          await until("the file is taken up", () => count("reloaded (SIGHUP)") > reloaded)
          shape = next
        }
        const delivered = ledger.accepted.size
        await until("the load goes on", () => ledger.accepted.size > delivered)
      }
      await stopLoad(load)
      assert.strictEqual((await gateway.stop()).code, 0, gateway.output)
    } finally {
      await Promise.all([...load.sdk, ...load.raw, load.moving].map((sender) => sender.stop()))
      await gateway.kill()
      await Promise.all([...backends, copy].map((backend) => backend.kill()))
      busy.free()
    }
    assertWhole(ledger)
  })
})
