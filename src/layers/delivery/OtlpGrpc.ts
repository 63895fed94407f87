import type { OutgoingHttpHeaders } from "node:http2"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Signal } from "../../domain/Signal.ts"
import { ExporterSettings } from "../../domain/config/ExporterSettings.ts"
import { Count, Duration, field, optional, section } from "../../domain/config/Fields.ts"
import { ExportError } from "../../streams/ExportError.ts"
import { exporter, type Exported, type ExporterContext, type Push } from "../graph/Component.ts"
import { ComponentError } from "../graph/ComponentError.ts"
import { unsupported } from "../../domain/config/Unsupported.ts"
import * as ClientHeaders from "./ClientHeaders.ts"
import { compressed, compressionParams, compressor } from "./Compression.ts"
import { call } from "./GrpcCall.ts"
import { GrpcChannel } from "./GrpcChannel.ts"
import { parseTarget } from "./GrpcTarget.ts"
import { type GrpcAnswer, interpret } from "./GrpcVerdict.ts"
import * as TlsClient from "./TlsClient.ts"

const KeepaliveConfig = Schema.Struct({
  time: field(Duration, "10s", "Ping after this long."),
  timeout: field(Duration, "20s", "Close the connection if a ping is not answered within this."),
  permit_without_stream: field(Schema.Boolean, false, "Ping also while no request is under way.")
})

const noEffect = "Accepted for the collector's sake; without effect."

const OtlpGrpcConfig = Schema.Struct({
  ...ExporterSettings.fields,
  endpoint: Schema.String.check(
    Schema.makeFilter((text) => typeof parseTarget(text, true) !== "string" || 'host:port, such as "localhost:4317"')
  ).annotate({
    description: "`host:port`, `http://host:port`, `https://host:port` or `dns:///host:port` of the backend."
  }),
  authority: optional(Schema.String, "`:authority` of the requests, instead of the endpoint."),
  compression: field(Schema.Literals(["gzip", "zstd", "none", ""]), "gzip", "Compression of requests."),
  compression_params: compressionParams,
  headers: ClientHeaders.ClientHeaders,
  tls: section(TlsClient.TlsClient, "TLS. With `insecure: true`, and with an `http://` endpoint, plain text."),
  keepalive: optional(KeepaliveConfig, "Pings that find dead connections; off without this section."),
  balancer_name: optional(Schema.String, noEffect),
  read_buffer_size: optional(Count, noEffect),
  write_buffer_size: optional(Count, noEffect),
  wait_for_ready: optional(Schema.Boolean, noEffect),
  auth: unsupported("there are no authenticator extensions; use `headers`")
})

type Config = typeof OtlpGrpcConfig.Type

const services: { readonly [S in Signal]: string } = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
}

const make = (config: Config, { id, signal }: ExporterContext): Effect.Effect<Push, ComponentError, Scope.Scope> =>
  Effect.gen(function* () {
    const target = parseTarget(config.endpoint, config.tls.insecure)
    if (typeof target === "string") return yield* new ComponentError({ component: id, path: ["endpoint"], message: target })
    const tls = target.isPlain ? {} : yield* TlsClient.load(id, config.tls)
    if (!target.isPlain) yield* TlsClient.keepFresh(id, config.tls, tls)
    const compressing = compressor(config.compression, config.compression_params.level)
    const metadata = yield* ClientHeaders.check(id, config.headers)
    const headers: OutgoingHttpHeaders = {
      ":method": "POST",
      ":path": services[signal],
      ...(config.authority === undefined ? {} : { ":authority": config.authority }),
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": ClientHeaders.userAgent,
      ...(config.timeout === 0 ? {} : { "grpc-timeout": grpcTimeout(config.timeout) }),
      ...(compressing === undefined ? {} : { "grpc-encoding": compressing.encoding }),
      ...metadata
    }
    const channel = yield* Effect.acquireRelease(
      Effect.sync(() => new GrpcChannel(target, tls, config.keepalive)),
      (opened) => opened.close
    )
    const connection = () => channel.connection
    return ({ chunks, sizeBytes }) =>
      Effect.flatMap(
        compressing === undefined
          ? call(connection, headers, prefixOf(0, sizeBytes), chunks)
          : compressed(compressing, chunks, sizeBytes, (packed) => call(connection, headers, prefixOf(1, packed.sizeBytes), packed.chunks)),
        settle
      )
  })

const settle = (answer: GrpcAnswer): Effect.Effect<Exported, ExportError> => {
  const outcome = interpret(answer)
  return outcome instanceof ExportError ? Effect.fail(outcome) : Effect.succeed(outcome)
}

/** Length-prefixed message of gRPC: a flag for compression and four bytes of length. */
const prefixOf = (flag: 0 | 1, sizeBytes: number): Uint8Array => {
  const prefix = Buffer.allocUnsafe(5)
  prefix[0] = flag
  prefix.writeUInt32BE(sizeBytes, 1)
  return prefix
}

/** At most eight digits and a unit. */
const grpcTimeout = (millis: number): string =>
  millis < 1e8 ? `${Math.max(1, Math.round(millis))}m` : `${Math.min(99_999_999, Math.round(millis / 1000))}S`

/**
 * Sends OTLP over gRPC (OTLP 1.11, section "OTLP/gRPC") on `node:http2`: one unary call a request, on one connection.
 *
 * Fails: CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS, RESOURCE_EXHAUSTED with RetryInfo and everything
 * below gRPC may pass; everything else is permanent. Closes: the connection, after the senders have ended.
 */
export const otlpGrpc = exporter({
  type: "otlp",
  aliases: ["otlp_grpc"],
  description: "Sends OTLP over gRPC.",
  signals: ["traces", "metrics", "logs"],
  config: OtlpGrpcConfig,
  settings: (config) => config,
  make
})
