import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import { type WebSocket, WebSocketServer } from "ws"
import { Admission, type Refused, retryAfter } from "./Admission.ts"
import { AgentPolls, maxLargest } from "./AgentPolls.ts"
import { AgentSocket, CloseCode } from "./AgentSocket.ts"
import type { Conversation } from "./Conversation.ts"
import type { OpampServerOptions } from "./OpampServerOptions.ts"
import { UpgradeRate } from "./UpgradeRate.ts"

/** How often connections are looked after; node:http's own default of 30 s would let slow ones live thrice as long as they may. */
const checkMillis = 1000
/** Longer than the interval of polls, so that they keep their connection. */
const keepAliveMillis = 75_000
/** Beyond the sockets: polls, and those that are being refused. */
const maxPolling = 4000

/**
 * HTTP and WebSockets on one port.
 *
 * Who has to be sent away is sent away before the upgrade, with 429 or 503 and a time to wait: a socket that is closed comes back at once.
 */
export class OpampListener {
  private readonly options: OpampServerOptions
  private readonly conversation: Conversation
  private readonly admission: Admission
  private readonly rate: UpgradeRate
  private readonly polls: AgentPolls
  private readonly server: Server
  private readonly upgrader: WebSocketServer
  private readonly sockets = new Set<AgentSocket>()
  private checks: NodeJS.Timeout | undefined = undefined
  private lastId = 0
  private isStopping = false
  private checkedMillis = 0
  /** Called when the last socket has ended after the server has. */
  private emptied: () => void = () => {}

  constructor(options: OpampServerOptions, conversation: Conversation) {
    this.options = options
    this.conversation = conversation
    this.admission = new Admission(options.tokens)
    this.rate = new UpgradeRate(options.upgrades)
    this.polls = new AgentPolls(conversation, options)
    const upgrades = {
      noServer: true,
      clientTracking: false,
      maxPayload: options.maxMessageBytes + headerBytes,
      // Of ws since 8.19, not of its types.
      closeTimeout: options.closeMillis,
      perMessageDeflate: {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        concurrencyLimit: 4,
        zlibDeflateOptions: { level: 1 }
      }
    }
    this.upgrader = new WebSocketServer(upgrades)
    this.server = createServer({
      connectionsCheckingInterval: Math.min(checkMillis, options.patienceMillis),
      headersTimeout: options.patienceMillis,
      requestTimeout: options.patienceMillis,
      keepAliveTimeout: keepAliveMillis,
      // What asks for another protocol on the way (h2c) is an ordinary request.
      shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket"
    })
    this.server.maxConnections = options.maxSockets + maxPolling
    this.server.on("request", (request, response) => {
      const refused = this.isStopping ? stopping : this.admission.refusal(request)
      if (refused === undefined) this.polls.handle(request, response)
      else this.polls.refuse(request, response, refused)
    })
    this.server.on("upgrade", (request, socket, head) => this.upgrade(request, socket, head))
  }

  /** Calls back when it listens, or with what went wrong. */
  listen(done: (error?: NodeJS.ErrnoException) => void): void {
    this.server.once("error", done)
    this.server.listen(this.options.endpoint.port, this.options.endpoint.host, () => {
      this.server.off("error", done)
      const interval = Math.min(checkMillis, this.options.pingMillis)
      this.checkedMillis = performance.now()
      this.checks = setInterval(() => this.check(performance.now(), interval), interval).unref()
      done()
    })
  }

  get address(): { readonly host: string; readonly port: number } {
    const { address, port } = this.server.address() as AddressInfo
    return { host: address, port }
  }

  get socketCount(): number {
    return this.sockets.size
  }

  /** Takes nothing more, says so to everyone (Close 1001), and calls back when everything is closed; `closeMillis` is the most it takes. */
  stop(done: () => void): void {
    this.isStopping = true
    for (const socket of this.sockets) socket.close(CloseCode.goingAway, "the server stops")
    const deadline = setTimeout(() => {
      for (const socket of this.sockets) socket.terminate()
      this.server.closeAllConnections()
    }, this.options.closeMillis)
    this.server.close(() => {
      clearTimeout(deadline)
      clearInterval(this.checks)
      this.emptied = done
      if (this.sockets.size === 0) done()
    })
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy())
    const address = request.socket.remoteAddress ?? ""
    const refused = this.isStopping ? stopping : (this.admission.refusal(request) ?? this.crowd(address))
    if (refused !== undefined) return refuse(socket, refused)
    this.upgrader.handleUpgrade(request, socket, head, (websocket) => this.open(websocket, request.socket, address))
  }

  private crowd(address: string): Refused | undefined {
    if (this.sockets.size >= this.options.maxSockets) {
      this.conversation.log.say("an agent was sent away", `all ${this.options.maxSockets} sockets are taken`)
      return { status: 503, message: "all sockets are taken", headers: retryAfter }
    }
    if (!this.rate.tryTake(address, performance.now())) {
      this.conversation.log.say("an agent was sent away", `${address} connects too often`)
      return { status: 429, message: "too many connections from this address", headers: retryAfter }
    }
    return undefined
  }

  private open(websocket: WebSocket, stream: Socket, address: string): void {
    const agent = new AgentSocket(++this.lastId, websocket, stream, address, this.conversation, this.options)
    this.sockets.add(agent)
    websocket.on("close", () => {
      this.sockets.delete(agent)
      if (this.sockets.size === 0) this.emptied()
      const nowMillis = performance.now()
      this.rate.ended(address, nowMillis - agent.openedMillis, nowMillis)
    })
    if (this.isStopping) agent.close(CloseCode.goingAway, "the server stops")
  }

  private check(nowMillis: number, interval: number): void {
    // When this process was held up, what the peers have sent meanwhile is still to be read.
    const isLate = nowMillis - this.checkedMillis > 2 * interval
    this.checkedMillis = nowMillis
    if (isLate) return
    let unfinished = 0
    let largest: AgentSocket | undefined
    for (const socket of this.sockets) {
      socket.check(nowMillis)
      if (socket.unfinishedBytes < smallMessageBytes) continue
      unfinished += socket.unfinishedBytes
      if (largest === undefined || socket.unfinishedBytes > largest.unfinishedBytes) largest = socket
    }
    if (largest === undefined || unfinished <= maxLargest * this.options.maxMessageBytes) return
    this.conversation.log.say("a socket was closed", `too much of unfinished messages is held; most of it from ${largest.peer}`)
    largest.terminate()
  }
}

/** Unfinished messages below this do not count; neither do the pongs of an agent that has nothing to say. */
const smallMessageBytes = 1 << 20

/** A frame's header may be that long beside the message. */
const headerBytes = 10

const stopping: Refused = { status: 503, message: "the server stops", headers: retryAfter }

const refuse = (socket: Duplex, { status, message, headers }: Refused): void => {
  const lines = Object.entries({
    ...headers,
    connection: "close",
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(Buffer.byteLength(message))
  })
  socket.once("finish", () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${message}`
  )
}
