import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions
} from "node:http2"
import type { Socket } from "node:net"
import type { Engine } from "../../graph/Engine.ts"
import type { GrpcProtocol } from "../OtlpConfig.ts"
import type { TlsSource } from "../TlsSource.ts"
import { GrpcSession } from "./GrpcSession.ts"
import type { GrpcService } from "./GrpcService.ts"

/** The protocol's 64 KiB windows halve the throughput of messages that are larger; bytes that have arrived are copied out at once. */
const streamWindow = 1 << 20
const sessionWindow = 16 << 20
/** Mebibytes; Node's 10 end calls as soon as a few large messages are under way. */
const sessionMemory = 64
const headerListBytes = 16 << 10
const noLimit = 0xffff_ffff

/** HTTP/2 on the connections that a listener hands over, plain (prior knowledge) or TLS (ALPN `h2`). */
export class GrpcEngine implements Engine {
  private service: GrpcService
  private config: GrpcProtocol
  private readonly tls: TlsSource | undefined
  private readonly server: Http2Server | Http2SecureServer
  private readonly sessions = new Map<ServerHttp2Session, GrpcSession>()
  private retired = false

  constructor(config: GrpcProtocol, service: GrpcService, tls: TlsSource | undefined) {
    this.config = config
    this.service = service
    this.tls = tls
    const options: ServerOptions = { settings: settingsOf(config), maxSessionMemory: sessionMemory }
    this.server = tls === undefined ? createServer(options) : createSecureServer({ ...options, ...tls.credentials })
    this.server.on("session", (session) => this.onSession(session))
    this.server.on("sessionError", ignore)
    this.server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const { session } = stream
      if (session !== undefined) this.sessions.get(session as ServerHttp2Session)?.opened(stream)
      this.service.handle(stream, headers)
    })
  }

  private onSession(session: ServerHttp2Session): void {
    session.setLocalWindowSize(sessionWindow)
    const watch = new GrpcSession(session, () => this.config)
    this.sessions.set(session, watch)
    session.on("close", () => this.sessions.delete(session))
    if (this.retired) watch.close()
  }

  start(): void {
    this.tls?.start((credentials) => (this.server as Http2SecureServer).setSecureContext(credentials))
  }

  serve(socket: Socket): void {
    // Unlike node:http, node:http2 expects that the end of one side is the end of both.
    socket.allowHalfOpen = false
    this.server.emit("connection", socket)
  }

  become(next: Engine): boolean {
    if (!(next instanceof GrpcEngine)) return false
    this.service.handOver(next.service)
    this.service = next.service
    if (next.config.max_concurrent_streams !== this.config.max_concurrent_streams) this.server.updateSettings(settingsOf(next.config))
    this.config = next.config
    return next.tls?.fingerprint === this.tls?.fingerprint
  }

  retire(): void {
    this.retired = true
    this.tls?.stop()
    for (const session of this.sessions.values()) session.close()
  }
}

const settingsOf = (config: GrpcProtocol) => ({
  initialWindowSize: streamWindow,
  maxHeaderListSize: headerListBytes,
  maxConcurrentStreams: config.max_concurrent_streams === 0 ? noLimit : config.max_concurrent_streams
})

const ignore = () => {}
