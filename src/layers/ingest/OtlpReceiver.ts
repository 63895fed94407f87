import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { type Receiver, receiver } from "../graph/Component.ts"
import { ComponentError } from "../graph/ComponentError.ts"
import { Listeners } from "../graph/Listeners.ts"
import { Admission } from "./Admission.ts"
import { GrpcEngine } from "./grpc/GrpcEngine.ts"
import { GrpcService } from "./grpc/GrpcService.ts"
import { HttpEngine } from "./http/HttpEngine.ts"
import { HttpService } from "./http/HttpService.ts"
import { OtlpConfig } from "./OtlpConfig.ts"
import { Reception } from "./Reception.ts"
import { TlsSource } from "./TlsSource.ts"

/** Receives OTLP over HTTP (protobuf and JSON) and gRPC. A protocol is off unless its key is there. */
export const otlpReceiver: Receiver = receiver<OtlpConfig>({
  type: "otlp",
  description: "Receives OTLP over gRPC and HTTP, as protobuf and as JSON.",
  signals: ["traces", "metrics", "logs"],
  config: OtlpConfig,
  listens: ({ protocols }) =>
    (["grpc", "http"] as const).flatMap((protocol) => {
      const settings = protocols[protocol]
      return settings === undefined ? [] : [{ path: ["protocols", protocol, "endpoint"], endpoint: settings.endpoint }]
    }),
  make: Effect.fnUntraced(function* (config, { id, books, inlets }) {
    const { grpc, http } = config.protocols
    if (grpc === undefined && http === undefined) {
      return yield* new ComponentError({ component: id, path: ["protocols"], message: "give at least one of grpc and http" })
    }
    const listeners = yield* Listeners
    const reception = new Reception({
      inlets,
      books,
      admission: new Admission(config.max_in_flight_bytes),
      intake: { tenantKey: config.tenant_attribute, validate: config.validate },
      untilDelivery: config.after === "delivery",
      answerTimeout: config.answer_timeout
    })
    const activations: Array<() => void> = []
    // Both stop accepting at once: one that still answers an open request must not keep the other one open.
    const both = yield* Scope.fork(yield* Effect.scope, "parallel")
    const bind = (protocol: "grpc" | "http", endpoint: string) =>
      Scope.provide(listeners.bind({ component: id, path: ["protocols", protocol, "endpoint"], protocol, endpoint }), both)

    if (grpc !== undefined) {
      const tls = grpc.tls === undefined ? undefined : yield* TlsSource.make(grpc.tls, id, ["protocols", "grpc", "tls"])
      const binding = yield* bind("grpc", grpc.endpoint)
      const engine = new GrpcEngine(grpc, new GrpcService(grpc, reception, id), tls)
      activations.push(() => binding.activate(engine))
    }
    if (http !== undefined) {
      const tls = http.tls === undefined ? undefined : yield* TlsSource.make(http.tls, id, ["protocols", "http", "tls"])
      const binding = yield* bind("http", http.endpoint)
      const engine = new HttpEngine(http, new HttpService(http, reception, id), tls)
      activations.push(() => binding.activate(engine))
    }
    return {
      activate: () => {
        for (const activate of activations) activate()
      }
    }
  })
})
