import { Agent as HttpAgent, type OutgoingHttpHeaders } from "node:http"
import { Agent as HttpsAgent } from "node:https"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Signal } from "../../domain/Signal.ts"
import { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import { Count, Duration, field, optional, section } from "../../domain/config/Fields.ts"
import { ExportError } from "../../streams/ExportError.ts"
import { exporter, type Exported, type ExporterContext, type ExportRequest, type Push } from "../graph/Component.ts"
import { ComponentError } from "../graph/ComponentError.ts"
import { unsupported } from "../../domain/config/Unsupported.ts"
import * as ClientHeaders from "./ClientHeaders.ts"
import { compressed, compressionParams, compressor } from "./Compression.ts"
import { type HttpAnswer, post } from "./HttpPost.ts"
import { interpret } from "./HttpVerdict.ts"
import { jsonText } from "./JsonText.ts"
import * as TlsClient from "./TlsClient.ts"

const noEffect = "Accepted for the collector's sake; without effect."
const http1 = "Accepted, without effect: HTTP/1.1 is spoken."

const urlExpected = 'a URL such as "http://localhost:4318"'
const Url = Schema.String.check(Schema.makeFilter((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? "") || urlExpected))

const OtlpHttpConfig = Schema.Struct({
  ...ExporterSettings.fields,
  endpoint: optional(Url, "URL of the backend; `/v1/traces`, `/v1/metrics` and `/v1/logs` are appended."),
  traces_endpoint: optional(Url, "Whole URL for traces, instead of `endpoint`."),
  metrics_endpoint: optional(Url, "Whole URL for metrics, instead of `endpoint`."),
  logs_endpoint: optional(Url, "Whole URL for logs, instead of `endpoint`."),
  encoding: field(Schema.Literals(["proto", "json"]), "proto", "Protobuf, or OTLP/JSON."),
  compression: field(Schema.Literals(["gzip", "zstd", "deflate", "none", ""]), "gzip", "Compression of requests."),
  compression_params: compressionParams,
  headers: ClientHeaders.ClientHeaders,
  tls: section(TlsClient.TlsClient, "TLS, for `https://` endpoints."),
  max_idle_conns: field(Count, 100, "Connections to keep open between requests."),
  max_conns_per_host: field(Count, 0, "Connections at once, at most; 0 is no limit."),
  idle_conn_timeout: field(Duration, "90s", "Close a connection that has been idle for this long; 0s keeps it."),
  disable_keep_alives: field(Schema.Boolean, false, "Make a new connection for every request."),
  max_response_body_size: field(Count, 65_536, "Bytes of an answer that are read, at most; 0 is the default."),
  timeout: field(Duration, "30s", "Time limit of one attempt."),
  max_idle_conns_per_host: optional(Count, noEffect),
  read_buffer_size: optional(Count, noEffect),
  write_buffer_size: optional(Count, noEffect),
  profiles_endpoint: optional(Schema.String, "Accepted, without effect: profiles are not carried."),
  force_attempt_http2: optional(Schema.Boolean, http1),
  http2_read_idle_timeout: optional(Duration, http1),
  http2_ping_timeout: optional(Duration, http1),
  auth: unsupported("there are no authenticator extensions; use `headers`"),
  proxy_url: unsupported("requests go to the endpoint itself"),
  cookies: unsupported("cookies of the backend are not kept")
})

type Config = typeof OtlpHttpConfig.Type

const endpointKey = { traces: "traces_endpoint", metrics: "metrics_endpoint", logs: "logs_endpoint" } as const

const urlFor = (config: Config, { id, signal }: ExporterContext): Effect.Effect<URL, ComponentError> => {
  const key = config[endpointKey[signal]] === undefined ? "endpoint" : endpointKey[signal]
  const value = config[key]
  const fail = (message: string) => Effect.fail(new ComponentError({ component: id, path: [key], message }))
  if (value === undefined) return fail(`endpoint is missing: expected a URL such as "http://localhost:4318", or ${endpointKey[signal]}`)
  const url = URL.parse(key === "endpoint" ? `${value.replace(/\/+$/, "")}/v1/${signal}` : value)
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return fail(`"${value}" is no URL: expected one such as "http://localhost:4318"`)
  }
  return Effect.succeed(url)
}

const agentFor = (config: Config, { id }: ExporterContext, url: URL): Effect.Effect<HttpAgent, ComponentError, Scope.Scope> => {
  const options = {
    keepAlive: !config.disable_keep_alives,
    maxFreeSockets: config.max_idle_conns,
    maxSockets: config.max_conns_per_host === 0 ? Infinity : config.max_conns_per_host,
    ...(config.idle_conn_timeout === 0 ? {} : { timeout: config.idle_conn_timeout })
  }
  const destroy = (agent: HttpAgent) => Effect.sync(() => agent.destroy())
  if (url.protocol === "http:") {
    return Effect.acquireRelease(
      Effect.sync(() => new HttpAgent(options)),
      destroy
    )
  }
  return Effect.acquireRelease(
    Effect.map(TlsClient.load(id, config.tls), (tls) => new HttpsAgent({ ...options, ...tls })),
    destroy
  ).pipe(Effect.tap((agent) => TlsClient.keepFresh(id, config.tls, agent.options)))
}

const make = (config: Config, context: ExporterContext): Effect.Effect<Push, ComponentError, Scope.Scope> =>
  Effect.gen(function* () {
    const { signal } = context
    const url = yield* urlFor(config, context)
    const agent = yield* agentFor(config, context, url)
    const headers: OutgoingHttpHeaders = {
      "user-agent": ClientHeaders.userAgent,
      ...(yield* ClientHeaders.check(context.id, config.headers)),
      "content-type": config.encoding === "json" ? "application/json" : "application/x-protobuf"
    }
    const compressing = compressor(config.compression, config.compression_params.level)
    const maxAnswerBytes = config.max_response_body_size || undefined
    const encode = config.encoding === "json" ? asJson : asProtobuf
    const send = ({ chunks, sizeBytes }: Body, framing: OutgoingHttpHeaders): Effect.Effect<HttpAnswer, ExportError> =>
      post(url, agent, { ...headers, ...framing, "content-length": sizeBytes }, chunks, maxAnswerBytes)
    const deliver = (body: Body): Effect.Effect<HttpAnswer, ExportError> =>
      compressing === undefined
        ? send(body, {})
        : compressed(compressing, body.chunks, body.sizeBytes, (packed) => send(packed, { "content-encoding": compressing.encoding }))
    return (request) =>
      encode(request).pipe(
        Effect.flatMap(deliver),
        Effect.flatMap((answer) => settle(signal, answer))
      )
  })

interface Body {
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly sizeBytes: number
}

const asProtobuf = (request: ExportRequest): Effect.Effect<Body> => Effect.succeed(request)

const asJson = (request: ExportRequest): Effect.Effect<Body, ExportError> =>
  Effect.map(jsonText(request), (chunks) => ({ chunks, sizeBytes: chunks.reduce((size, chunk) => size + chunk.length, 0) }))

const settle = (signal: Signal, answer: HttpAnswer): Effect.Effect<Exported, ExportError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const outcome = interpret(signal, answer, now)
    return outcome instanceof ExportError ? Effect.fail(outcome) : Effect.succeed(outcome)
  })

/**
 * Sends OTLP over HTTP/1.1 (OTLP 1.11, section "OTLP/HTTP"): one POST a request on kept connections, protobuf or JSON.
 *
 * Fails: 429, 502, 503, 504 and network errors may pass, and `Retry-After` is obeyed; everything else is permanent. Redirects are not
 * followed. Closes: the connections, after the senders have ended.
 */
export const otlpHttp = exporter({
  type: "otlp_http",
  aliases: ["otlphttp"],
  description: "Sends OTLP over HTTP, as protobuf or JSON.",
  signals: ["traces", "metrics", "logs"],
  config: OtlpHttpConfig,
  settings: (config) => config,
  make
})
