import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Books } from "../../domain/Books.ts"
import { ComponentError } from "../graph/ComponentError.ts"
import { formatAddress } from "../graph/Endpoint.ts"
import type { Level } from "./Metrics.ts"
import { contentType, render } from "./Prometheus.ts"
import { type Registry, TelemetryRegistry } from "./Registry.ts"

export interface EndpointOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly level: Level
  readonly books: Books
}

/** Silent and dribbling clients are cut off after this long; a scrape needs a fraction of it. */
const patienceMillis = 5000

const setting = ["telemetry", "metrics", "readers", 0, "pull", "exporter", "prometheus", "port"]

/**
 * `/metrics`: the gateway's own metrics for Prometheus. Reads the books and the registry when it is asked, and costs nothing between.
 * It listens by itself, beside the pipelines. Fails at the start only: a port in use names the port and the setting.
 */
export class MetricsEndpoint extends Context.Service<MetricsEndpoint, { readonly host: string; readonly port: number }>()(
  "weir/layers/telemetry/MetricsEndpoint"
) {
  static readonly layer = (options: EndpointOptions): Layer.Layer<MetricsEndpoint, ComponentError, TelemetryRegistry> =>
    Layer.effect(
      MetricsEndpoint,
      Effect.flatMap(TelemetryRegistry, (registry) => serveMetrics(options, registry))
    )
}

/** Serves until the scope closes; gives the address that was bound. */
export const serveMetrics = (
  options: EndpointOptions,
  registry: Registry
): Effect.Effect<{ readonly host: string; readonly port: number }, ComponentError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(listen(options, serverOf(options, registry)), (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
    ),
    (server) => ({ host: options.host, port: (server.address() as AddressInfo).port })
  )

const serverOf = ({ books, level }: EndpointOptions, registry: Registry): Server => {
  const server = createServer({ requestTimeout: patienceMillis, headersTimeout: patienceMillis }, (request, response) => {
    request.resume()
    if (request.url?.split("?", 1)[0] !== "/metrics") return void response.writeHead(404).end()
    if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405, { allow: "GET, HEAD" }).end()
    const body = render({ books, registry, level })
    response.writeHead(200, { "content-type": contentType, "content-length": Buffer.byteLength(body) })
    response.end(request.method === "HEAD" ? undefined : body)
  })
  server.maxConnections = 100
  return server
}

const listen = ({ host, port }: EndpointOptions, server: Server): Effect.Effect<Server, ComponentError> =>
  Effect.callback((resume) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.fail(new ComponentError({ component: "service", path: setting, message: reason(error, host, port) })))
    )
    server.listen({ host: host === "localhost" ? "127.0.0.1" : host, port }, () => {
      server.removeAllListeners("error")
      // What fails from here on concerns one connection, which its client sees.
      server.on("error", () => undefined)
      resume(Effect.succeed(server))
    })
  })

const reason = (error: NodeJS.ErrnoException, host: string, port: number): string => {
  const address = formatAddress(host, port)
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} is already in use (${address}): stop the program that uses it or set another port in service.telemetry.metrics`
    case "EACCES":
      return `not allowed to listen on port ${port} (${address}): set a port above 1023 in service.telemetry.metrics or grant the permission`
    default:
      return `cannot listen on ${address}: ${error.message}`
  }
}
