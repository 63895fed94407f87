import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Ack } from "../../src/domain/Ack.ts"
import { otlpReceiver } from "../../src/layers/ingest/OtlpReceiver.ts"
import { type Inlet, type Receiver, receiver, type ReceiverSpec } from "../../src/layers/graph/Component.ts"
import type { BoundAddress } from "../../src/layers/graph/Listeners.ts"
import { type ContractClient, receiverContract, type ReceiverContractOptions, type Told } from "../../src/testing.ts"
import { OfficialClient } from "../layers/ingest/GrpcClient.ts"
import { post } from "../layers/ingest/HttpClient.ts"

const portOf = ([bound]: ReadonlyArray<BoundAddress>): number => Number(bound!.address.split(":")[1])

const retryable = [429, 502, 503, 504]

const overHttp: ReceiverContractOptions = {
  config: { protocols: { http: { endpoint: "127.0.0.1:0" } }, answer_timeout: "1s" },
  client: (addresses) =>
    Effect.succeed(({ signal, otlp }) =>
      Effect.promise(() => post(portOf(addresses), signal, otlp)).pipe(
        Effect.map(({ status, headers }): Told => {
          if (status === 200) return { _tag: "accepted" }
          if (!retryable.includes(status)) return { _tag: "rejected" }
          const seconds = headers["retry-after"]
          return { _tag: "refused", retryAfterMillis: seconds === undefined ? undefined : Number(seconds) * 1000 }
        }),
        Effect.catchDefect(() => Effect.succeed<Told>({ _tag: "lost" }))
      )
    )
}

/** The official client says UNAVAILABLE of a connection that ended, too; then without a hint. */
const overGrpc: ReceiverContractOptions = {
  config: { protocols: { grpc: { endpoint: "127.0.0.1:0" } }, answer_timeout: "1s" },
  client: (addresses) =>
    Effect.acquireRelease(
      Effect.sync(() => new OfficialClient(portOf(addresses))),
      (client) => Effect.sync(() => client.close())
    ).pipe(
      Effect.map(
        (client): ContractClient =>
          ({ signal, otlp }) =>
            Effect.map(
              Effect.promise(() => client.export(signal, otlp)),
              ({ code, retryAfterMillis }): Told => {
                if (code === 0) return { _tag: "accepted" }
                if (retryAfterMillis !== undefined) return { _tag: "refused", retryAfterMillis }
                return { _tag: code === 14 ? "lost" : "rejected" }
              }
            )
      )
    )
}

describe.concurrent("receivers keep their contract", () => {
  for (const [transport, options] of Object.entries({ HTTP: overHttp, gRPC: overGrpc })) {
    describe(transport, () => {
      for (const { name, run } of receiverContract(otlpReceiver, options)) it.live(name, () => run)
    })
  }
})

/** The receiver with something between it and the graph that it does not do right. */
const tampered = (tamper: (inlet: Inlet) => Inlet): Receiver => {
  const spec = otlpReceiver as unknown as ReceiverSpec<unknown>
  return receiver<unknown>({
    ...spec,
    signals: ["traces"],
    config: spec.config as Schema.Codec<unknown>,
    make: (config, context) => spec.make(config, { ...context, inlets: { traces: tamper(context.inlets.traces!) } })
  })
}

/** The breaches of the first case of a graph that behaves so. */
const breaches = (behaviour: string, tamper: (inlet: Inlet) => Inlet) => {
  const { run } = receiverContract(tampered(tamper), overHttp).find(({ name }) => name.includes(`graph ${behaviour}`))!
  return Effect.map(Effect.flip(run), (violation) => violation.breaches.join("\n"))
}

describe.concurrent("the kit notices", () => {
  it.live("a request that is handed in twice", () =>
    Effect.gen(function* () {
      const found = yield* breaches("succeeds", (inlet) => ({
        refusal: () => undefined,
        submit: (batches, ack, component) => {
          const silent = Object.assign(Object.create(ack) as Ack, { taken: () => {}, refused: () => {}, settled: () => {} })
          for (const batch of batches) batch.lease.retain()
          inlet.submit(batches, silent, component)
          inlet.submit(batches, ack, component)
        }
      }))
      assert.include(found, "handed in 2 times")
    })
  )

  it.live("success that is told before the graph has said so", () =>
    Effect.gen(function* () {
      const found = yield* breaches("fails transiently", (inlet) => ({
        refusal: () => undefined,
        submit: (batches, ack, component) => {
          const early = Object.assign(Object.create(ack) as Ack, { taken: () => {}, refused: () => {}, settled: () => {} })
          ack.taken()
          inlet.submit(batches, early, component)
        }
      }))
      assert.include(found, "was told that it is accepted, but the graph has not taken it")
    })
  )

  it.live("memory that is never let go", () =>
    Effect.gen(function* () {
      const found = yield* breaches("succeeds", (inlet) => ({
        refusal: (announced) => inlet.refusal(announced),
        submit: (batches, ack, component) => {
          batches[0]!.lease.retain()
          inlet.submit(batches, ack, component)
        }
      }))
      assert.include(found, "was never freed")
    })
  )
})
