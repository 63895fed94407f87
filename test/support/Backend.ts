/**
 * A scripted OTLP backend on real sockets, over HTTP or gRPC: answers as it is told, can die and come back on the same port, and hands
 * on what it has acknowledged, decoded by code that is not Weir's.
 *
 * A request counts as acknowledged when its answer says success; `kill` lets answers under way reach the client first. So what a client
 * has seen acknowledged and what the backend counts are the same, to the item.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import {
  createServer as createHttp2Server,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream
} from "node:http2"
import { once } from "node:events"
import type { AddressInfo, Socket } from "node:net"
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib"
import type { Signal } from "../../src/domain/Signal.ts"
import { encodeResponse } from "./Otlp.ts"

export type Behaviour =
  | { readonly _tag: "ok" }
  | { readonly _tag: "slow"; readonly millis: number }
  /** Never answers. */
  | { readonly _tag: "hang" }
  | { readonly _tag: "status"; readonly http: number; readonly grpc: number; readonly retryAfterSeconds?: number }
  /** Takes the request, but rejects `rejected` items (all, where there are fewer). */
  | { readonly _tag: "partial"; readonly rejected: number }

export const ok: Behaviour = { _tag: "ok" }
export const hang: Behaviour = { _tag: "hang" }
export const unavailable: Behaviour = { _tag: "status", http: 503, grpc: 14 }
export const permanent: Behaviour = { _tag: "status", http: 400, grpc: 3 }

export interface Delivery {
  readonly signal: Signal
  readonly bytes: Uint8Array
  readonly headers: IncomingHttpHeaders
  /** Items of the request that were rejected in a partial success; which ones OTLP does not say. */
  readonly rejected: number
}

export interface BackendOptions {
  readonly protocol: "http" | "grpc"
  readonly port?: number
  readonly behaviour?: Behaviour
  /** The items of a request, for partial success; called only then. */
  readonly countItems?: (signal: Signal, bytes: Uint8Array) => number
  /** Told of every acknowledged request, before the answer is sent. */
  readonly onDelivery: (delivery: Delivery) => void
}

const httpSignals: { readonly [path: string]: Signal } = { "/v1/traces": "traces", "/v1/metrics": "metrics", "/v1/logs": "logs" }
const grpcSignal = (path: string): Signal => (path.includes(".trace.") ? "traces" : path.includes(".metrics.") ? "metrics" : "logs")

const inflate = (body: Uint8Array, encoding: string | undefined): Uint8Array => {
  switch (encoding) {
    case "gzip":
      return gunzipSync(body)
    case "zstd":
      return zstdDecompressSync(body)
    case "deflate":
      return inflateSync(body)
    default:
      return body
  }
}

/** How to answer one request; called at most once. */
interface Reply {
  /** The client still waits. */
  readonly isAwaited: () => boolean
  readonly success: (message: Uint8Array) => void
  readonly failure: (status: Extract<Behaviour, { _tag: "status" }>) => void
  /** Resolves when the answer has been written out, or can no longer be. */
  readonly written: Promise<unknown>
}

/** A closed stream may still be on its way out of the session; once a ping has come back, the client has all that was written before. */
const flushed = (session: ServerHttp2Session): Promise<void> =>
  new Promise((resolve) => {
    session.on("close", resolve)
    if (session.destroyed || !session.ping(() => resolve())) resolve()
  })

export class Backend {
  behaviour: Behaviour
  /** Every request that came in whole, answered or not. */
  requests = 0
  /** Those that were answered with success. */
  acknowledged = 0
  port = 0
  private readonly options: BackendOptions
  private server: Server | Http2Server | undefined
  private readonly sockets = new Set<Socket>()
  private readonly sessions = new Set<ServerHttp2Session>()
  private readonly answering = new Set<Promise<unknown>>()
  private generation = 0

  private constructor(options: BackendOptions) {
    this.options = options
    this.behaviour = options.behaviour ?? ok
    this.port = options.port ?? 0
  }

  static async start(options: BackendOptions): Promise<Backend> {
    const backend = new Backend(options)
    await backend.revive()
    return backend
  }

  get endpoint(): string {
    return this.options.protocol === "http" ? `http://127.0.0.1:${this.port}` : `127.0.0.1:${this.port}`
  }

  get isAlive(): boolean {
    return this.server !== undefined
  }

  /** Listens again, on the port that it had. */
  async revive(): Promise<void> {
    const server =
      this.options.protocol === "http"
        ? createHttpServer((request, response) => this.onHttp(request, response))
        : createHttp2Server({ maxSessionMemory: 100 }).on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
            this.onGrpc(stream, headers)
          )
    server.on("connection", (socket: Socket) => {
      this.sockets.add(socket)
      socket.on("error", () => socket.destroy())
      socket.on("close", () => this.sockets.delete(socket))
    })
    server.on("session", (session: ServerHttp2Session) => {
      this.sessions.add(session)
      session.on("close", () => this.sessions.delete(session))
    })
    server.on("sessionError", () => {})
    server.listen(this.port, "127.0.0.1")
    await once(server, "listening")
    this.port = (server.address() as AddressInfo).port
    this.server = server
  }

  /**
   * Refuses connections and cuts those that stand; answers under way reach the client first, requests without one get none.
   *
   * The server closes last: an HTTP/2 server would close its sessions with it, and those without a call at once, while their last answers
   * are on the way. A client that writes to such a connection finds it broken and never reads them.
   */
  async kill(): Promise<void> {
    const server = this.server
    if (server === undefined) return
    this.server = undefined
    this.generation++
    await Promise.all(this.answering)
    await Promise.all([...this.sessions].map(flushed))
    const closed = once(server, "close")
    server.close()
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  private onHttp(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Array<Buffer> = []
    request.on("error", () => {})
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const bytes = inflate(Buffer.concat(chunks), request.headers["content-encoding"])
      const headers = { "content-type": "application/x-protobuf" }
      this.onRequest(httpSignals[request.url ?? ""] ?? "traces", bytes, request.headers, {
        isAwaited: () => !response.destroyed,
        success: (message) => response.writeHead(200, { ...headers, "content-length": message.length }).end(message),
        failure: ({ http, retryAfterSeconds }) => {
          if (retryAfterSeconds !== undefined) response.setHeader("retry-after", retryAfterSeconds)
          response.writeHead(http, { ...headers, "content-length": 0 }).end()
        },
        written: new Promise((resolve) => response.on("close", resolve))
      })
    })
  }

  private onGrpc(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const chunks: Array<Buffer> = []
    stream.on("error", () => {})
    stream.on("data", (chunk: Buffer) => chunks.push(chunk))
    stream.on("end", () => {
      const body = Buffer.concat(chunks)
      const bytes = inflate(body.subarray(5), body[0] === 1 ? String(headers["grpc-encoding"]) : undefined)
      const head = { ":status": 200, "content-type": "application/grpc" }
      this.onRequest(grpcSignal(String(headers[":path"])), bytes, headers, {
        isAwaited: () => !stream.destroyed && !stream.closed,
        success: (message) => {
          const prefix = Buffer.alloc(5)
          prefix.writeUInt32BE(message.length, 1)
          stream.respond(head, { waitForTrailers: true })
          stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }))
          stream.end(Buffer.concat([prefix, message]))
        },
        failure: ({ grpc }) => stream.respond({ ...head, "grpc-status": String(grpc), "grpc-message": "as told" }, { endStream: true }),
        written: new Promise((resolve) => stream.on("close", resolve))
      })
    })
  }

  private onRequest(signal: Signal, bytes: Uint8Array, headers: IncomingHttpHeaders, reply: Reply): void {
    this.requests++
    if (!this.isAlive) return
    const { behaviour, generation } = this
    const answer = (rejected: number): void => {
      if (generation !== this.generation || !reply.isAwaited()) return
      this.acknowledged++
      this.answering.add(reply.written)
      void reply.written.then(() => this.answering.delete(reply.written))
      this.options.onDelivery({ signal, bytes, headers, rejected })
      reply.success(encodeResponse(signal, rejected))
    }
    switch (behaviour._tag) {
      case "ok":
        return answer(0)
      case "slow":
        setTimeout(() => answer(0), behaviour.millis)
        return
      case "hang":
        return
      case "status":
        return reply.isAwaited() ? reply.failure(behaviour) : undefined
      case "partial":
        return answer(Math.min(behaviour.rejected, this.options.countItems!(signal, bytes)))
    }
  }
}
