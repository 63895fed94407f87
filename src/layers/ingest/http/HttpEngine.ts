import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http"
import { createServer as createSecureServer, type Server as SecureServer } from "node:https"
import type { Socket } from "node:net"
import type { Engine } from "../../graph/Engine.ts"
import type { HttpProtocol } from "../OtlpConfig.ts"
import type { TlsSource } from "../TlsSource.ts"
import { answerFault } from "./HttpFault.ts"
import type { HttpService } from "./HttpService.ts"

/** How often node:http looks for requests that take too long: they end at most this much late. */
const checkInterval = 1000

/**
 * HTTP/1.1 on the connections that a listener hands over, plain or TLS.
 *
 * Silent and dribbling peers: `read_header_timeout` and `read_timeout` answer 408 and end the connection, `idle_timeout` ends it between
 * requests. What is no HTTP is answered 400, headers that are too large 431.
 */
export class HttpEngine implements Engine {
  private service: HttpService
  private config: HttpProtocol
  private readonly tls: TlsSource | undefined
  private readonly server: Server | SecureServer
  /** Takes no further connections: whoever is answered now is told to open another one. */
  isRetired = false

  constructor(config: HttpProtocol, service: HttpService, tls: TlsSource | undefined) {
    this.config = config
    this.service = service
    this.tls = tls
    const options: ServerOptions = { connectionsCheckingInterval: checkInterval }
    this.server = tls === undefined ? createServer(options) : createSecureServer({ ...options, ...tls.credentials })
    this.server.on("request", (request: IncomingMessage, response: ServerResponse) => this.handle(request, response, false))
    this.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => this.handle(request, response, true))
    this.server.on("clientError", answerFault)
    this.configure()
  }

  private configure(): void {
    const { read_timeout, read_header_timeout, idle_timeout } = this.config
    this.server.requestTimeout = read_timeout
    this.server.headersTimeout = read_header_timeout === 0 ? read_timeout : read_header_timeout
    this.server.keepAliveTimeout = idle_timeout === 0 ? read_timeout : idle_timeout
  }

  private handle(request: IncomingMessage, response: ServerResponse, expects: boolean): void {
    if (this.isRetired) response.shouldKeepAlive = false
    this.service.handle(request, response, expects, this)
  }

  start(): void {
    // The server does not listen itself; this is what makes node:http watch over the connections that it is given.
    this.server.emit("listening")
    this.tls?.start((credentials) => (this.server as SecureServer).setSecureContext(credentials))
  }

  serve(socket: Socket): void {
    this.server.emit("connection", socket)
  }

  become(next: Engine): boolean {
    if (!(next instanceof HttpEngine)) return false
    this.service.handOver(next.service)
    this.service = next.service
    this.config = next.config
    this.configure()
    return next.tls?.fingerprint === this.tls?.fingerprint
  }

  retire(): void {
    this.isRetired = true
    this.tls?.stop()
    this.server.closeIdleConnections()
  }
}
