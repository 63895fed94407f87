import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2"
import type { Component } from "../../../domain/Books.ts"
import { GrpcCode } from "../../../domain/GrpcCode.ts"
import type { Signal } from "../../../domain/Signal.ts"
import type { Compression } from "../Inflate.ts"
import type { GrpcProtocol } from "../OtlpConfig.ts"
import type { Reception } from "../Reception.ts"
import { writeError, writeHttpError } from "./GrpcAnswer.ts"
import { GrpcExchange } from "./GrpcExchange.ts"

const paths = new Map<string, Signal>([
  ["/opentelemetry.proto.collector.trace.v1.TraceService/Export", "traces"],
  ["/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "metrics"],
  ["/opentelemetry.proto.collector.logs.v1.LogsService/Export", "logs"]
])

const compressions: { readonly [name: string]: Compression } = { gzip: "gzip", zstd: "zstd", deflate: "deflate" }

/** OTLP/gRPC: decides by the headers alone what becomes of a call. A refusal is a status; the connection stays. */
export class GrpcService {
  readonly reception: Reception
  readonly component: Component
  readonly maxBytes: number
  readonly includeMetadata: boolean
  /** Milliseconds for a message to arrive; `Infinity` is no limit. */
  readonly readTimeout: number
  /** The next generation's service, once it has taken over. */
  private successor: GrpcService | undefined = undefined

  constructor(config: GrpcProtocol, reception: Reception, id: string) {
    this.reception = reception
    this.component = { kind: "receiver", id, transport: "grpc" }
    this.maxBytes = config.max_recv_msg_size_mib << 20
    this.includeMetadata = config.include_metadata
    this.readTimeout = config.read_timeout === 0 ? Infinity : config.read_timeout
  }

  /** Calls whose messages are still arriving go on to `next`. */
  handOver(next: GrpcService): void {
    this.successor = next
  }

  /** The service of the running generation. */
  get latest(): GrpcService {
    return this.successor?.latest ?? this
  }

  handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on("error", ignore)
    if (headers[":method"] !== "POST") return writeHttpError(stream, 405)
    if (!isGrpc(headers["content-type"])) return writeHttpError(stream, 415)
    const { reception, component } = this
    const signal = paths.get(headers[":path"]!)
    if (signal === undefined)
      return writeError(stream, GrpcCode.UNIMPLEMENTED, `unknown method ${headers[":path"]!.slice(0, 200)}`, undefined)
    if (!reception.takes(signal)) return writeError(stream, GrpcCode.UNIMPLEMENTED, `no pipeline receives ${signal}`, undefined)
    const encoding = headers["grpc-encoding"] as string | undefined
    const compression = encoding === undefined ? undefined : compressions[encoding]
    if (compression === undefined && encoding !== undefined && encoding !== "identity") {
      return writeError(stream, GrpcCode.UNIMPLEMENTED, `grpc-encoding ${encoding.slice(0, 100)} is not taken`, undefined)
    }
    const refusal = reception.refusal(signal, component, 0)
    if (refusal !== undefined) return writeError(stream, refusal.code, refusal.message, refusal.retryAfterMillis)
    new GrpcExchange(this, stream, signal, compression, headers).start()
  }
}

const ignore = () => {}

/** `application/grpc`, `application/grpc+proto`, with parameters. */
const isGrpc = (contentType: string | undefined): boolean =>
  contentType === "application/grpc" || (contentType !== undefined && /^application\/grpc(?:\+proto)?(?:;|$)/.test(contentType))
