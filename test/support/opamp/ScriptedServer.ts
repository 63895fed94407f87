import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { gunzipSync } from "node:zlib"
import { type WebSocket, WebSocketServer } from "ws"
import { until } from "../Facts.ts"
import { decodeReference, encodeReference, type Plain } from "./Reference.ts"

/** What a server on raw sockets saw of an agent, read by the independent codec. */
export interface Seen {
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly message: any
  readonly raw: Buffer
  readonly headers: IncomingMessage["headers"]
  readonly at: number
}

/** Bytes of a server's message, without the frame's header. */
export const toAgent = (plain: Plain): Buffer => Buffer.from(encodeReference("ServerToAgent", plain))
export const framed = (bytes: Uint8Array): Buffer => Buffer.concat([Uint8Array.of(0), bytes])

abstract class Scripted implements AsyncDisposable {
  readonly seen: Array<Seen> = []
  protected readonly http: Server

  constructor() {
    this.http = createServer()
  }

  protected async listen(port = 0): Promise<this> {
    this.http.listen(port, "127.0.0.1")
    await once(this.http, "listening")
    return this
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port
  }

  protected note(raw: Buffer, message: Buffer, headers: IncomingMessage["headers"]): Seen {
    const seen: Seen = { raw, message: decodeReference("AgentToServer", message), headers, at: performance.now() }
    this.seen.push(seen)
    return seen
  }

  async nth(n: number): Promise<Seen> {
    await until(`message ${n} has come`, () => this.seen.length > n)
    return this.seen[n]!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.http.close()
    this.http.closeAllConnections()
    await once(this.http, "close")
  }
}

/** Accepts WebSockets and does what the script says with each message. */
export class SocketServer extends Scripted {
  readonly sockets: Array<WebSocket> = []
  readonly closes: Array<{ readonly code: number; readonly at: number }> = []
  /** Requests to upgrade, also refused ones. */
  readonly upgrades: Array<{ readonly headers: IncomingMessage["headers"]; readonly at: number }> = []
  onMessage: (socket: WebSocket, seen: Seen, n: number) => void = () => {}
  onOpen: (socket: WebSocket) => void = () => {}
  /** Lines of an answer that refuses the upgrade; `undefined` accepts it. */
  refuse: () => string | undefined = () => undefined
  private readonly server = new WebSocketServer({ noServer: true, perMessageDeflate: true })

  static async start(port = 0): Promise<SocketServer> {
    const server = await new SocketServer().listen(port)
    server.http.on("upgrade", (request, socket, head) => {
      // An agent that has been refused, or sent elsewhere, may cut the connection before it has read all.
      socket.on("error", () => {})
      server.upgrades.push({ headers: request.headers, at: performance.now() })
      const refusal = server.refuse()
      if (refusal !== undefined) return void socket.end(`HTTP/1.1 ${refusal}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
      server.server.handleUpgrade(request, socket, head, (ws) => {
        server.sockets.push(ws)
        ws.on("error", () => {})
        ws.on("close", (code) => server.closes.push({ code, at: performance.now() }))
        ws.on("message", (raw: Buffer) => server.onMessage(ws, server.note(raw, raw.subarray(1), request.headers), server.seen.length - 1))
        server.onOpen(ws)
      })
    })
    return server
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/v1/opamp`
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.terminate()
    await super[Symbol.asyncDispose]()
  }
}

/** Answers posts by its script; notes how many were open at once. */
export class PostServer extends Scripted {
  onPost: (response: ServerResponse, seen: Seen, n: number) => void = (response, { message }) =>
    void response.end(toAgent({ instanceUid: message.instanceUid }))
  open = 0
  mostOpen = 0

  static async start(): Promise<PostServer> {
    const server = await new PostServer().listen()
    server.http.on("request", async (request: IncomingMessage, response: ServerResponse) => {
      server.open++
      server.mostOpen = Math.max(server.mostOpen, server.open)
      response.on("close", () => server.open--)
      const raw = Buffer.concat(await request.toArray())
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw
      server.onPost(response, server.note(raw, body, request.headers), server.seen.length - 1)
    })
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1/opamp`
  }
}
