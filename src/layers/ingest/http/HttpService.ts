import type { IncomingMessage, ServerResponse } from "node:http"
import type { Component } from "../../../domain/Books.ts"
import { GrpcCode } from "../../../domain/GrpcCode.ts"
import type { Signal } from "../../../domain/Signal.ts"
import type { Compression } from "../Inflate.ts"
import type { HttpProtocol } from "../OtlpConfig.ts"
import { faultRefusal, type Reception } from "../Reception.ts"
import { CorsPolicy } from "./CorsPolicy.ts"
import { discard } from "./discard.ts"
import { type Encoding, writeError, writeRefusal } from "./HttpAnswer.ts"
import { type Connections, HttpExchange } from "./HttpExchange.ts"
import { SlowWriters } from "./SlowWriters.ts"

const defaultMaxBytes = 20 << 20

const compressions: { readonly [name: string]: Compression } = { gzip: "gzip", zstd: "zstd", deflate: "deflate", zlib: "deflate" }

/**
 * OTLP/HTTP: decides by the headers alone what becomes of a request. What can be refused is refused before its body is read; the
 * connection stays open, since clients that are sent away come back, and reconnecting is the dearer way.
 */
export class HttpService {
  readonly reception: Reception
  readonly component: Component
  readonly maxBytes: number
  readonly includeMetadata: boolean
  readonly slowWriters: SlowWriters
  private readonly paths: ReadonlyMap<string, Signal>
  private readonly algorithms: ReadonlySet<string>
  private readonly responseHeaders: ReadonlyArray<readonly [string, string]>
  private readonly cors: CorsPolicy | undefined
  private readonly keepAlive: boolean
  /** The next generation's service, once it has taken over. */
  private successor: HttpService | undefined = undefined

  constructor(config: HttpProtocol, reception: Reception, id: string) {
    this.reception = reception
    this.component = { kind: "receiver", id, transport: "http" }
    this.maxBytes = config.max_request_body_size === 0 ? defaultMaxBytes : config.max_request_body_size
    this.includeMetadata = config.include_metadata
    this.slowWriters = new SlowWriters(config.write_timeout)
    this.paths = new Map([
      [config.traces_url_path, "traces"],
      [config.metrics_url_path, "metrics"],
      [config.logs_url_path, "logs"]
    ])
    this.algorithms = new Set(config.compression_algorithms)
    this.responseHeaders = Object.entries(config.response_headers)
    this.cors = config.cors === undefined ? undefined : new CorsPolicy(config.cors)
    this.keepAlive = config.keep_alives_enabled
  }

  /** Requests whose bodies are still arriving go on to `next`. */
  handOver(next: HttpService): void {
    this.successor = next
  }

  /** The service of the running generation. */
  get latest(): HttpService {
    return this.successor?.latest ?? this
  }

  /** `expects`: the client waits for `100 Continue` before it sends the body. */
  handle(request: IncomingMessage, response: ServerResponse, expects: boolean, connections: Connections): void {
    if (!this.keepAlive) response.shouldKeepAlive = false
    for (const [name, value] of this.responseHeaders) response.setHeader(name, value)
    if (this.cors !== undefined) {
      if (request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined) {
        return this.cors.preflight(request, response)
      }
      this.cors.permit(request, response)
    }

    const { headers } = request
    const mediaType = mediaTypeOf(headers["content-type"])
    const encoding: Encoding = mediaType === "application/x-protobuf" ? "protobuf" : "json"
    const signal = this.paths.get(pathOf(request.url!))
    const refuse = (status: number, code: GrpcCode, message: string) => {
      if (expects) response.shouldKeepAlive = false
      writeError(response, encoding, status, code, message, undefined)
      this.let(request)
      this.slowWriters.watch(request.socket)
    }

    if (signal === undefined) return refuse(404, GrpcCode.UNIMPLEMENTED, `nothing is served at ${request.url!.slice(0, 200)}`)
    if (request.method !== "POST") {
      response.setHeader("allow", "POST")
      return refuse(405, GrpcCode.UNIMPLEMENTED, `${request.method} is not allowed here; expected POST`)
    }
    if (headers["transfer-encoding"] !== undefined && headers["content-length"] !== undefined) {
      response.shouldKeepAlive = false
      return refuse(400, GrpcCode.INVALID_ARGUMENT, "content-length beside transfer-encoding")
    }
    if (mediaType !== "application/x-protobuf" && mediaType !== "application/json") {
      const shown = mediaType === "" ? "no content-type" : `content-type ${mediaType.slice(0, 100)}`
      return refuse(415, GrpcCode.INVALID_ARGUMENT, `${shown}; expected application/x-protobuf or application/json`)
    }
    const { reception, component } = this
    if (!reception.takes(signal)) return refuse(404, GrpcCode.UNIMPLEMENTED, `no pipeline receives ${signal}`)
    const algorithm = (headers["content-encoding"] ?? "").toLowerCase()
    const compression = algorithm === "" || algorithm === "identity" ? undefined : compressions[algorithm]
    if (compression === undefined && algorithm !== "" && algorithm !== "identity") {
      return refuse(400, GrpcCode.INVALID_ARGUMENT, `content-encoding ${algorithm.slice(0, 100)} is not taken`)
    }
    if (compression !== undefined && !this.algorithms.has(algorithm)) {
      return refuse(400, GrpcCode.INVALID_ARGUMENT, `content-encoding ${algorithm} is switched off (compression_algorithms)`)
    }

    const announced = headers["content-length"] === undefined ? undefined : Number(headers["content-length"])
    const refusal =
      announced !== undefined && announced > this.maxBytes
        ? faultRefusal("too_large", this.maxBytes)
        : reception.refusal(signal, component, announced ?? 0)
    if (refusal !== undefined) {
      if (refusal.reason === "too_large") reception.count(signal, component, "too_large")
      if (expects) response.shouldKeepAlive = false
      writeRefusal(response, encoding, refusal)
      this.let(request)
      return this.slowWriters.watch(request.socket)
    }
    if (expects) response.writeContinue()
    new HttpExchange(this, request, response, signal, encoding, compression, announced, connections).read()
  }

  private let(request: IncomingMessage): void {
    if (!request.complete) discard(request)
  }
}

const pathOf = (target: string): string => {
  // The absolute form, which servers have to accept too (RFC 9112, 3.2.2).
  const url = target.startsWith("http://") || target.startsWith("https://") ? target.slice(target.indexOf("/", 8)) : target
  const query = url.indexOf("?")
  return query < 0 ? url : url.slice(0, query)
}

/** `application/json` of `application/json; charset=utf-8`. */
const mediaTypeOf = (contentType: string | undefined): string => {
  if (contentType === undefined) return ""
  if (contentType === "application/x-protobuf" || contentType === "application/json") return contentType
  const parameters = contentType.indexOf(";")
  return (parameters < 0 ? contentType : contentType.slice(0, parameters)).trim().toLowerCase()
}
