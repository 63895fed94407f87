// The tools of the other suites, tried without Weir: senders straight to a scripted backend.
import { assert, describe, it } from "@effect/vitest"
import { Backend, ok, unavailable } from "./Backend.ts"
import { countItems, Ledger } from "./Ledger.ts"
import { grpcTransport, httpTransport, RawSender } from "./RawSender.ts"
import { Seeded } from "./Seeded.ts"
import { until } from "./Facts.ts"

describe.each(["http", "grpc"] as const)("senders and a scripted backend over %s", (protocol) => {
  it("agree on every item, whatever the backend does and however often it dies", async () => {
    const ledger = new Ledger()
    const backend = await Backend.start({ protocol, countItems, onDelivery: ledger.record })
    const random = new Seeded(7)
    const transport = protocol === "http" ? httpTransport : grpcTransport
    const senders = (["traces", "metrics", "logs"] as const).map(
      (signal) =>
        new RawSender({
          name: signal,
          transport: transport(() => backend.port),
          ledger,
          signal,
          next: () => ({ items: random.between(1, 20), tenant: "default" })
        })
    )
    for (let round = 0; round < 10; round++) {
      const seen = backend.requests
      backend.behaviour = random.pick([ok, unavailable, { _tag: "slow", millis: 20 }, { _tag: "partial", rejected: 3 }])
      await until("requests come in", () => backend.requests >= seen + 10)
      await backend.kill()
      await backend.revive()
    }
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
