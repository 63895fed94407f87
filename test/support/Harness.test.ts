// The tools of the other suites, tried without Weir: senders straight to a scripted backend.
import { assert, describe, it } from "@effect/vitest"
import { signals } from "../../src/domain/Signal.ts"
import { Backend, ok, unavailable } from "./Backend.ts"
import { countItems, Ledger } from "./Ledger.ts"
import { grpcTransport, httpTransport, RawSender } from "./RawSender.ts"
import { Seeded } from "./Seeded.ts"
import { until } from "./Facts.ts"

describe.each(["http", "grpc"] as const)("senders and a scripted backend over %s", (protocol) => {
  it("agree on every item, whatever the backend does and however often it dies", async () => {
    const ledger = new Ledger()
    const random = new Seeded(7)
    // The backend dies in the middle of an answer, while the same connection carries other requests.
    let untilDeath = Infinity
    let death: Promise<void> | undefined
    const backend: Backend = await Backend.start({
      protocol,
      countItems,
      onDelivery: (delivery) => {
        ledger.record(delivery)
        if (--untilDeath <= 0) death ??= backend.kill()
      }
    })
    const shared = grpcTransport(() => backend.port)
    const senders = signals
      .flatMap((signal) => [signal, signal, signal])
      .map(
        (signal, i) =>
          new RawSender({
            name: `${signal}-${i}`,
            transport: protocol === "http" ? httpTransport(() => backend.port) : shared,
            ledger,
            signal,
            next: () => ({ items: random.between(1, 20), tenant: "default" })
          })
      )
    for (let round = 0; round < 100; round++) {
      backend.behaviour = random.pick([ok, { _tag: "slow", millis: 2 }, { _tag: "partial", rejected: 3 }])
      untilDeath = random.between(1, 12)
      await until("the backend has died", () => death !== undefined)
      await death
      untilDeath = Infinity
      death = undefined
      await backend.revive()
    }
    backend.behaviour = unavailable
    const seen = backend.requests
    await until("requests are turned away", () => backend.requests > seen)
    backend.behaviour = ok
    await Promise.all(senders.map((sender) => sender.stop()))
    await backend.kill()

    assert.isAbove(ledger.accepted.size, 100)
    assert.isAbove(ledger.rejected, 0)
    assert.deepEqual(ledger.missing(), [])
    assert.deepEqual(ledger.repeated(), [])
    assert.deepEqual(
      [...ledger.arrivals.keys()].filter((id) => !ledger.accepted.has(id)),
      [],
      "an acknowledgement that was not heard"
    )
    assert.strictEqual(ledger.delivered + ledger.rejected, ledger.arrivals.size)
  })
})
