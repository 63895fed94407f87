import type { Socket } from "node:net"
import type { WebSocket } from "ws"
import type { AgentConnection } from "../../../control/fleet/AgentConnection.ts"
import { hexOf } from "../../../control/fleet/ConfigHash.ts"
import { frame, unframe } from "../../../domain/opamp/Frame.ts"
import { ServerErrorResponseTypes } from "../../../domain/opamp/ServerToAgent.ts"
import type { Conversation, Reply } from "./Conversation.ts"
import type { OpampServerOptions } from "./OpampServerOptions.ts"

/** RFC 6455, 7.4.1. */
export const CloseCode = { goingAway: 1001, unsupportedData: 1003, policyViolation: 1008 } as const

/** So many unreadable messages in a row end a socket; each is answered before. */
const maxFaults = 16

/** Below this compressing a reply costs more than it saves. */
const compressFromBytes = 1024

/**
 * One WebSocket, on which one agent or many speak.
 *
 * Reads: binary messages; text ends it (1003), what is larger than allowed too (1009, by `ws`). **Full**: of what the peer does not read
 * `maxUnreadBytes` are buffered, then the latest reply of each agent is kept, merged. **Fails**: what cannot be read is answered
 * BadRequest, and ends the socket when it does not stop. **Closes**: its agents are lost, unless they speak elsewhere by then.
 */
export class AgentSocket implements AgentConnection {
  readonly kind = "websocket"
  readonly id: number
  readonly peer: string
  readonly openedMillis: number
  private readonly socket: WebSocket
  private readonly stream: Socket
  private readonly conversation: Conversation
  private readonly options: OpampServerOptions
  /** By uid; an error by none, since an error names who sent it, whoever that claims to be. */
  private readonly unread = new Map<string, Reply>()
  private hasReported = false
  private faults = 0
  private heardMillis: number
  private pingedMillis: number
  /** How much had been read when the last message was complete. */
  private finishedBytes: number

  constructor(id: number, socket: WebSocket, stream: Socket, peer: string, conversation: Conversation, options: OpampServerOptions) {
    this.id = id
    this.socket = socket
    this.stream = stream
    this.peer = peer
    this.conversation = conversation
    this.options = options
    this.openedMillis = this.heardMillis = this.pingedMillis = performance.now()
    this.finishedBytes = stream.bytesRead
    socket.on("message", (data: Buffer, isBinary) => this.hear(data, isBinary))
    socket.on("pong", () => this.alive())
    socket.on("ping", () => this.alive())
    socket.on("error", (error) => conversation.log.say("a socket failed", `${error.message} (${peer})`))
    socket.on("close", () => {
      this.unread.clear()
      conversation.lost(this)
    })
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  /** What has arrived since the last message, and may be held for the next one. */
  get unfinishedBytes(): number {
    return this.stream.bytesRead - this.finishedBytes
  }

  push(reply: Reply): void {
    if (!this.isOpen) return
    const key = reply.errorResponse === undefined ? hexOf(reply.instanceUid ?? nobody) : ""
    const waiting = this.unread.get(key)
    if (waiting === undefined && this.socket.bufferedAmount <= this.options.maxUnreadBytes) this.send(reply)
    else this.unread.set(key, waiting === undefined ? reply : merged(waiting, reply))
  }

  /** Looks whether the peer is there: it has to report first, and to answer pings later. */
  check(nowMillis: number): void {
    const { patienceMillis, pingMillis } = this.options
    if (!this.isOpen) return
    if (!this.hasReported && nowMillis - this.openedMillis > patienceMillis) {
      this.conversation.log.say("a socket was closed", `no report within ${patienceMillis} ms (${this.peer})`)
      this.close(CloseCode.policyViolation, "expected a report")
    } else if (this.pingedMillis > this.heardMillis) {
      if (nowMillis - this.pingedMillis <= pingMillis) return
      this.conversation.log.say("a socket was closed", `no answer to a ping within ${pingMillis} ms (${this.peer})`)
      this.socket.terminate()
    } else if (nowMillis - this.heardMillis >= pingMillis) {
      this.pingedMillis = nowMillis
      this.socket.ping()
    }
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason)
  }

  terminate(): void {
    this.socket.terminate()
  }

  private hear(data: Buffer, isBinary: boolean): void {
    if (!this.isOpen) return
    this.alive()
    this.finishedBytes = this.stream.bytesRead
    if (!isBinary) return this.close(CloseCode.unsupportedData, "expected binary messages")
    const reply = this.conversation.hear(this, unframe(data), this.peer)
    this.push(reply)
    if (reply.errorResponse?.type !== ServerErrorResponseTypes.BadRequest) {
      this.hasReported = true
      this.faults = 0
    } else if (++this.faults >= maxFaults) this.close(CloseCode.policyViolation, "too many bad messages")
  }

  private send(reply: Reply): void {
    const bytes = this.conversation.write(reply)
    this.socket.send(frame(bytes), { compress: bytes.length >= compressFromBytes }, this.sent)
  }

  private readonly sent = (): void => {
    for (const [key, reply] of this.unread) {
      if (!this.isOpen || this.socket.bufferedAmount > this.options.maxUnreadBytes) return
      this.unread.delete(key)
      this.send(reply)
    }
  }

  private alive(): void {
    this.heardMillis = performance.now()
  }
}

const nobody = new Uint8Array(0)

/** Both in one: of each kind the later. */
const merged = (earlier: Reply, later: Reply): Reply =>
  later.errorResponse !== undefined ? later : { ...earlier, ...later, flags: (earlier.flags ?? 0) | (later.flags ?? 0) }
