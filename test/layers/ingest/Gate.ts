import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Books } from "../../../src/domain/Books.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import { Listeners } from "../../../src/layers/graph/Listeners.ts"
import { OtlpConfig } from "../../../src/layers/ingest/OtlpConfig.ts"
import { otlpReceiver } from "../../../src/layers/ingest/OtlpReceiver.ts"
import { Downstream } from "./Downstream.ts"
import { Registry } from "../../../src/layers/telemetry/Registry.ts"

type Encoded = typeof OtlpConfig.Encoded

export interface Gate {
  readonly downstream: Downstream
  readonly books: Books
  readonly http: { readonly host: string; readonly port: number }
  readonly grpc: { readonly host: string; readonly port: number }
}

const onLoopback = <P extends { readonly endpoint?: string }>(protocol: P | undefined): P | undefined =>
  protocol === undefined ? undefined : { endpoint: "localhost:0", ...protocol }

/** A receiver on free ports with a hand-made end behind it, for as long as the scope is open. */
export const openGate = (
  config: Encoded = { protocols: { http: {}, grpc: {} } },
  options: { readonly signals?: ReadonlyArray<Signal>; readonly downstream?: Downstream } = {}
): Effect.Effect<Gate, never, Listeners | Scope.Scope> =>
  Effect.gen(function* () {
    const downstream = options.downstream ?? new Downstream()
    const books = new Books()
    const { grpc, http } = config.protocols ?? {}
    const protocols = { ...(grpc && { grpc: onLoopback(grpc) }), ...(http && { http: onLoopback(http) }) }
    const decoded = yield* Schema.decodeUnknownEffect(OtlpConfig)({ ...config, protocols })
    const inlets = Object.fromEntries((options.signals ?? ["traces", "metrics", "logs"]).map((signal) => [signal, downstream]))
    const receiving = yield* otlpReceiver.make(decoded as never, { id: "otlp", books, telemetry: new Registry(), inlets })
    receiving.activate()
    const listeners = yield* Listeners
    const addressOf = (protocol: string) => {
      const bound = listeners.addresses().filter((entry) => entry.protocol === protocol)
      const [host, port] = (bound.at(-1)?.address ?? "none:0").split(":")
      return { host: host!, port: Number(port) }
    }
    return { downstream, books, http: addressOf("http"), grpc: addressOf("grpc") }
  }).pipe(Effect.orDie)

/** Runs a test against a receiver. */
export const withGate = <A>(
  config: Encoded | undefined,
  body: (gate: Gate) => Effect.Effect<A, never, Scope.Scope> | Promise<A>,
  options?: Parameters<typeof openGate>[1]
): Effect.Effect<A> =>
  Effect.scoped(
    Effect.flatMap(openGate(config, options), (gate) => {
      const result = body(gate)
      return Effect.isEffect(result) ? result : Effect.promise(() => result)
    })
  ).pipe(Effect.provide(Listeners.layerWith({ drain: 500 })))
