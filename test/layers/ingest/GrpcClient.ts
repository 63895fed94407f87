import { Client, credentials, type ChannelCredentials, Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js"
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2"
import { decodeStatus } from "../../../src/domain/otlp/status/Status.ts"
import type { Signal } from "../../../src/domain/Signal.ts"

export const methods: { readonly [S in Signal]: string } = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
}

export interface GrpcReply {
  readonly code: number
  readonly details: string
  readonly retryAfterMillis: number | undefined
  readonly message: Buffer | undefined
}

const same = (bytes: Buffer): Buffer => bytes

/** What grpc-js understands of the trailers. */
const reply = (code: number, details: string, metadata: Metadata, message: Buffer | undefined): GrpcReply => {
  const [binary] = metadata.get("grpc-status-details-bin")
  return { code, details, message, retryAfterMillis: binary === undefined ? undefined : decodeStatus(binary as Buffer)?.retryAfterMillis }
}

/** The official client with one connection. */
export class OfficialClient {
  private readonly client: Client

  constructor(port: number, options: Record<string, number> = {}, secure: ChannelCredentials = credentials.createInsecure()) {
    this.client = new Client(`localhost:${port}`, secure, { "grpc.use_local_subchannel_pool": 1, ...options })
  }

  export(signal: Signal, body: Uint8Array, options: { deadline?: Date } = {}, started?: (cancel: () => void) => void): Promise<GrpcReply> {
    return new Promise((resolve) => {
      let answer: Buffer | undefined
      const call = this.client.makeUnaryRequest(methods[signal], same, same, Buffer.from(body), new Metadata(), options, (error, value) => {
        answer = value
        if (error !== null) resolve(failure(error))
      })
      call.on("status", (status: StatusObject) => {
        if (status.code === 0) resolve(reply(0, status.details, status.metadata, answer))
      })
      started?.(() => call.cancel())
    })
  }

  close(): void {
    this.client.close()
  }
}

const failure = (error: ServiceError): GrpcReply => reply(error.code, error.details, error.metadata, undefined)

export const frame = (body: Uint8Array, flag = 0): Buffer => {
  const prefix = Buffer.alloc(5)
  prefix[0] = flag
  prefix.writeUInt32BE(body.length, 1)
  return Buffer.concat([prefix, body])
}

export interface RawReply {
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly body: Buffer
  readonly httpStatus: number
  readonly status: string | undefined
}

/** HTTP/2 by hand, for what no client would send. */
export class RawHttp2 {
  readonly session: ClientHttp2Session

  constructor(port: number) {
    this.session = connect(`http://127.0.0.1:${port}`)
    this.session.on("error", () => {})
  }

  open(headers: Record<string, string> = {}, signal: Signal = "traces"): ClientHttp2Stream {
    const stream = this.session.request({
      ":method": "POST",
      ":path": methods[signal],
      "content-type": "application/grpc",
      te: "trailers",
      ...headers
    })
    stream.on("error", () => {})
    return stream
  }

  static answer(stream: ClientHttp2Stream): Promise<RawReply> {
    return new Promise((resolve) => {
      let headers: IncomingHttpHeaders = {}
      let trailers: IncomingHttpHeaders = {}
      const chunks: Array<Buffer> = []
      stream.on("response", (received) => (headers = received))
      stream.on("trailers", (received) => (trailers = received))
      stream.on("data", (chunk: Buffer) => chunks.push(chunk))
      stream.on("close", () => {
        const status = (trailers["grpc-status"] ?? headers["grpc-status"]) as string | undefined
        resolve({ headers, trailers, body: Buffer.concat(chunks), httpStatus: Number(headers[":status"]), status })
      })
    })
  }

  send(body: Uint8Array, headers: Record<string, string> = {}, signal: Signal = "traces"): Promise<RawReply> {
    const stream = this.open(headers, signal)
    const answer = RawHttp2.answer(stream)
    stream.end(body)
    return answer
  }

  close(): void {
    this.session.destroy()
  }
}
