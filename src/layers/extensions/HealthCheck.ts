import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createSecureServer } from "node:https"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { field, ListenAddress, optional, section } from "../../domain/config/Fields.ts"
import { extension } from "../graph/Component.ts"
import { ComponentError } from "../graph/ComponentError.ts"
import { parseEndpoint } from "../graph/Endpoint.ts"
import { loadCredentials, ServerTls } from "../ingest/ServerTls.ts"

const ResponseBody = Schema.Struct({
  healthy: field(Schema.String, "", "What is answered while the gateway is ready; empty for a short JSON status."),
  unhealthy: field(Schema.String, "", "What is answered while it is not; empty for a short JSON status.")
})

const Config = Schema.Struct({
  endpoint: field(ListenAddress, "localhost:13133", "host:port to listen on."),
  path: field(Schema.String.check(Schema.isStartingWith("/")), "/", "Path that answers; others answer 404."),
  response_body: section(ResponseBody, "Bodies of the answers."),
  tls: optional(ServerTls, "Encrypt; without it connections are plain. Files are read once."),
  cors: optional(Schema.Unknown, "Accepted, without effect: probes are not browsers."),
  check_collector_pipeline: optional(Schema.Unknown, "Accepted, without effect, as in the collector.")
})

/** Silent and dribbling clients are cut off after this long; a probe needs a fraction of it. */
const patienceMillis = 5000

const answer = (response: ServerResponse, status: number, body: string, type: string): void => {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body)
}

/**
 * Tells an orchestrator whether the gateway takes data: 200 from the first configuration that runs until a stop begins, else 503.
 *
 * It listens by itself, beside the pipelines: a full pipeline answers, and a stopping gateway answers 503 until the very end.
 */
export const healthCheck = extension<typeof Config.Type>({
  type: "health_check",
  description: "Answers HTTP probes: 200 while the gateway takes data, 503 otherwise.",
  config: Config,
  listens: ({ endpoint }) => [{ path: ["endpoint"], endpoint }],
  make: ({ endpoint, path, response_body, tls }, { id, isReady }) =>
    Effect.gen(function* () {
      const fail = (message: string) => new ComponentError({ component: id, path: ["endpoint"], message })
      const address = parseEndpoint(endpoint)
      if (address === undefined) return yield* fail(`"${endpoint}" is no address: expected host:port`)
      const since = new Date()
      const respond = (request: IncomingMessage, response: ServerResponse) => {
        request.resume()
        if (request.url?.split("?", 1)[0] !== path) return answer(response, 404, "", "text/plain")
        const ready = isReady()
        const body = ready ? response_body.healthy : response_body.unhealthy
        if (body !== "") return answer(response, ready ? 200 : 503, body, "text/plain; charset=utf-8")
        const status = ready
          ? { status: "Server available", upSince: since.toISOString(), uptime: `${Math.round((Date.now() - since.getTime()) / 1000)}s` }
          : { status: "Server not available" }
        answer(response, ready ? 200 : 503, JSON.stringify(status), "application/json")
      }
      const options = { requestTimeout: patienceMillis, headersTimeout: patienceMillis }
      const server =
        tls === undefined
          ? createServer(options, respond)
          : createSecureServer({ ...options, ...(yield* loadCredentials(tls, id, ["tls"])) }, respond)
      server.maxConnections = 100
      yield* Effect.acquireRelease(
        Effect.callback<void, ComponentError>((resume) => {
          server.once("error", (error: NodeJS.ErrnoException) => {
            const inUse = error.code === "EADDRINUSE"
            resume(
              Effect.fail(
                fail(inUse ? `port ${address.port} is already in use (${endpoint})` : `cannot listen on ${endpoint}: ${error.message}`)
              )
            )
          })
          server.listen(address.port, address.host, () => resume(Effect.void))
        }),
        () =>
          Effect.callback<void>((resume) => {
            server.close(() => resume(Effect.void))
            server.closeAllConnections()
          })
      )
    })
})
