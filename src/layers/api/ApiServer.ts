import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import { MaxBodySize } from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { ComponentStore } from "../../control/evidence/ComponentStore.ts"
import type { ObservationStore } from "../../control/evidence/ObservationStore.ts"
import type { Fleet } from "../../control/fleet/Fleet.ts"
import type { Loop } from "../../control/loop/Loop.ts"
import type { LoopStore, LoopStoreError } from "../../control/loop/LoopStore.ts"
import { isLoopback } from "../actuation/opamp/Admission.ts"
import { type Endpoint, formatAddress } from "../graph/Endpoint.ts"
import { Api, apiPrefix, Checked } from "./Api.ts"
import { Invalid } from "./Errors.ts"
import { Events } from "./Events.ts"
import { Guard } from "./Guard.ts"
import { AgentHandlers } from "./handlers/AgentHandlers.ts"
import { JournalHandlers } from "./handlers/JournalHandlers.ts"
import { LookHandlers } from "./handlers/LookHandlers.ts"
import { LoopHandlers, RolloutHandlers } from "./handlers/RolloutHandlers.ts"

export class ApiServerError extends Schema.TaggedError<ApiServerError>()("ApiServerError", {
  reason: Schema.Literals(["unprotected", "address_in_use", "cannot_listen"]),
  message: Schema.String
}) {}

export interface ApiServerOptions {
  readonly endpoint: Endpoint
  readonly tokens: ReadonlyArray<string>
}

/** Documents are configurations; the parser takes as much. */
const maxBody = ByteSize.mebibytes(5)
/** For a request to arrive. */
const requestMillis = 30_000
const headersMillis = 10_000
const maxConnections = 1000
/** For answers that are being written when all ends. */
const drain = "2 seconds"

/** What only talks to the layers below and is not to be built twice. */
type Needs = ComponentStore | Fleet | Loop | LoopStore | ObservationStore

/**
 * The control API over HTTP, and what else is served beside it (`routes`: the console's files).
 *
 * **Full**: connections above a thousand, bodies above 5 MiB (413) and streams above a hundred (503) are refused. **Fails**: see `Api`.
 * **Closes**: streams end at once, requests under way get two seconds.
 */
export class ApiServer extends Context.Service<ApiServer, { readonly address: { readonly host: string; readonly port: number } }>()(
  "weir/layers/api/ApiServer"
) {
  static readonly layer = (
    options: ApiServerOptions,
    routes: Layer.Layer<never, never, HttpRouter.HttpRouter> = Layer.empty
  ): Layer.Layer<ApiServer, ApiServerError | LoopStoreError, Needs> =>
    Layer.effect(ApiServer, make(options, routes)).pipe(Layer.provide([Events.layer, NodeHttpServer.layerHttpServices]))
}

const make = Effect.fnUntraced(function* (
  { endpoint: { host = "::", port }, tokens }: ApiServerOptions,
  routes: Layer.Layer<never, never, HttpRouter.HttpRouter>
) {
  if (tokens.length === 0 && !isLoopback(host)) {
    const message = `control.api.endpoint: without tokens (control.auth.api) the API is served on a loopback address only, not on ${formatAddress(host, port)}`
    return yield* new ApiServerError({ reason: "unprotected", message })
  }
  const events = yield* Events
  const app = yield* HttpRouter.toHttpEffect(Layer.mergeAll(apiRoutes, unknownRoutes, routes))
  const server = yield* NodeHttpServer.make(
    () => {
      const listener = createServer({ requestTimeout: requestMillis, headersTimeout: headersMillis, connectionsCheckingInterval: 1000 })
      listener.maxConnections = maxConnections
      return listener
    },
    { host, port, gracefulShutdownTimeout: drain }
  ).pipe(Effect.mapError(({ cause }) => cannotListen(host, port, cause as NodeJS.ErrnoException)))
  yield* server.serve(new Guard(tokens).protect(app).pipe(Effect.provideService(MaxBodySize, maxBody)))
  // The last to be added is the first to run: streams end before the server waits for its connections.
  yield* Effect.addFinalizer(() => events.closeAll)
  return ApiServer.of({ address: { host, port: "port" in server.address ? server.address.port : port } })
})

const Handlers = Layer.mergeAll(LookHandlers, AgentHandlers, RolloutHandlers, LoopHandlers, JournalHandlers)

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const checked = HttpApiMiddleware.layerSchemaErrorTransform(Checked, (error) => {
  if (error.kind === "Body" || error.kind === "ResponseHeaders") return Effect.fail(error)
  const part = error.kind.toLowerCase()
  const problems = formatIssues(error.cause.issue).issues.map(({ path = [], message }) => ({
    path: [part, ...path.map((step) => String(typeof step === "object" ? step.key : step))].join("."),
    message
  }))
  return Effect.fail(new Invalid({ message: "the request is wrong", problems }))
})

const apiRoutes = HttpApiBuilder.layer(Api, { openapiPath: `${apiPrefix}/openapi.json` }).pipe(
  Layer.provide(Handlers),
  Layer.provide(checked)
)

/** What starts like the API and is none of it is said so, in JSON, and does not fall to the console. */
const unknownRoutes = HttpRouter.add("*", "/api/*", (request) =>
  Effect.succeed(
    HttpServerResponse.jsonUnsafe(
      { _tag: "NotFound", message: `${request.method} ${request.url} is nothing of the API; see ${apiPrefix}/openapi.json` },
      { status: 404 }
    )
  )
)

const cannotListen = (host: string, port: number, cause: NodeJS.ErrnoException | undefined): ApiServerError =>
  cause?.code === "EADDRINUSE"
    ? new ApiServerError({
        reason: "address_in_use",
        message: `control.api.endpoint: port ${port} is already in use (${formatAddress(host, port)}); choose another one`
      })
    : new ApiServerError({
        reason: "cannot_listen",
        message: `control.api.endpoint: cannot listen on ${formatAddress(host, port)}: ${cause?.message ?? "unknown"}`
      })
