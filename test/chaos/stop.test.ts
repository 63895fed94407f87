// The end: a drain under load loses nothing, a hanging backend holds nobody up for long, a second signal ends at once, and what cannot
// start says why in one line.
import { assert, describe, it } from "@effect/vitest"
import { createServer } from "node:http"
import { once } from "node:events"
import { Backend, hang } from "../support/Backend.ts"
import { until } from "../support/Facts.ts"
import { GatewayProcess } from "../support/GatewayProcess.ts"
import { Ledger } from "../support/Ledger.ts"
import { passThrough } from "../support/PassThrough.ts"
import { grpcTransport, httpTransport, RawSender } from "../support/RawSender.ts"

const balance = (output: string): { readonly [name: string]: number } => {
  const line = /balance: (.*)/.exec(output)?.[1]
  if (line === undefined) throw new Error(`no balance in the output:\n${output}`)
  return Object.fromEntries([...line.matchAll(/([a-z]+) (\d+)/g)].map(([, name, items]) => [name!, Number(items)]))
}

const next = () => ({ items: 20, tenant: "default" })

describe("a stop", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("by %s under load delivers all that was accepted", async (signal) => {
    const ledger = new Ledger()
    const backend = await Backend.start({ protocol: "http", onDelivery: ledger.record, behaviour: { _tag: "slow", millis: 20 } })
    const path = await passThrough("http", backend.endpoint)
    const weir = await GatewayProcess.weir(path).listening([path.ports.http, path.ports.grpc])
    const senders = [httpTransport(() => path.ports.http), grpcTransport(() => path.ports.grpc), httpTransport(() => path.ports.http)].map(
      (transport, i) => new RawSender({ name: `s${i}`, transport, ledger, signal: "traces", next })
    )
    await until("requests are accepted", () => ledger.accepted.size > 5000)
    weir.signal(signal)
    const exit = await weir.exited
    await Promise.all(senders.map((sender) => sender.stop()))
    await backend.kill()

    assert.deepEqual(exit, { code: 0, signal: null }, weir.output)
    assert.deepEqual(ledger.missing(), [])
    assert.deepEqual(ledger.repeated(), [])
    const { accepted, delivered, dropped, held } = balance(weir.output)
    assert.deepEqual({ delivered, dropped, held }, { delivered: ledger.delivered, dropped: 0, held: 0 })
    assert.strictEqual(accepted, ledger.delivered)
  })

  const hanging = async () => {
    const ledger = new Ledger()
    const backend = await Backend.start({ protocol: "http", onDelivery: ledger.record, behaviour: hang })
    const path = await passThrough("http", backend.endpoint)
    const weir = await GatewayProcess.weir(path).listening([path.ports.http])
    const sender = new RawSender({ name: "s", transport: httpTransport(() => path.ports.http), ledger, signal: "logs", next })
    await until("requests are accepted", () => ledger.accepted.size > 1000 && backend.requests > 0)
    await sender.stop()
    return { ledger, backend, weir }
  }

  it("with a hanging backend ends within 15 s and says what was lost", async () => {
    const { ledger, backend, weir } = await hanging()
    const since = performance.now()
    weir.signal("SIGINT")
    const exit = await weir.exited
    assert.isBelow(performance.now() - since, 15_000)
    await backend.kill()
    assert.deepEqual(exit, { code: 0, signal: null }, weir.output)
    const { accepted, delivered, dropped, held } = balance(weir.output)
    assert.deepEqual({ accepted, delivered, dropped, held }, { accepted: ledger.accepted.size, delivered: 0, dropped: accepted, held: 0 })
  })

  it("ends at once with a second signal", async () => {
    const { backend, weir } = await hanging()
    weir.signal("SIGINT")
    await until("the drain has begun", () => weir.output.includes("draining"))
    // One that follows the first too closely is its echo, so it is sent until it counts.
    await until("the process has ended", () => {
      weir.signal("SIGINT")
      return !weir.isRunning
    })
    const exit = await weir.exited
    await backend.kill()
    assert.strictEqual(exit.code, 130)
    assert.notInclude(weir.output, "balance")
  })
})

describe("a start that cannot be", () => {
  it.each(["http", "grpc"] as const)(
    "for a port in use (%s) is one line that names port and setting, and exit code 78",
    async (protocol) => {
      const busy = createServer().listen(0, "127.0.0.1")
      await once(busy, "listening")
      const { port } = busy.address() as { readonly port: number }
      const weir = GatewayProcess.weir({
        configuration: {
          receivers: { otlp: { protocols: { [protocol]: { endpoint: `127.0.0.1:${port}` } } } },
          exporters: { debug: {} },
          service: {
            telemetry: { metrics: { level: "none" } },
            pipelines: { traces: { receivers: ["otlp"], exporters: ["debug"] } }
          }
        }
      })
      const exit = await weir.exited
      busy.close()
      assert.deepEqual(exit, { code: 78, signal: null }, weir.output)
      assert.match(weir.output, new RegExp(`${port}`))
      assert.match(weir.output, new RegExp(`otlp.*protocols.*${protocol}.*endpoint|${protocol}`, "s"))
    }
  )
})
