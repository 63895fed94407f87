import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from "node:http2"
import { connect as connectPlain, isIP, type Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions } from "node:tls"
import type { GrpcTarget } from "./GrpcTarget.ts"

/** Pings on a quiet connection, in milliseconds. */
export interface Keepalive {
  readonly time: number
  readonly timeout: number
  /** Also while no call is under way. */
  readonly permit_without_stream: boolean
}

/** Memory that one connection may take; Node's default of 10 MB closes streams as soon as a few full requests are under way. */
const maxSessionMegabytes = 128

/**
 * One HTTP/2 connection. It takes calls until it is lost or the backend sends GOAWAY, and closes when the last one has ended.
 *
 * It is over when its socket has closed: Node's session says so earlier, while the system may still read from what was written, or
 * much later, when the peer keeps its side open.
 */
export class GrpcConnection {
  private readonly session: ClientHttp2Session
  private readonly socket: Socket
  private calls = 0

  constructor(target: GrpcTarget, tls: ConnectionOptions, keepalive: Keepalive | undefined) {
    const socket = (this.socket = open(target, tls))
    const session = (this.session = connect(`${target.isPlain ? "http" : "https"}://${target.authority}`, {
      createConnection: () => socket,
      maxSessionMemory: maxSessionMegabytes
    }))
    // Calls report what happens to their connection; without a listener an error outside of them would end the process.
    session.on("error", () => socket.destroy())
    session.on("goaway", () => {
      session.close()
      this.closeIfDone()
    })
    if (keepalive !== undefined) this.keepAlive(keepalive)
  }

  get takesCalls(): boolean {
    return !this.session.closed && !this.session.destroyed
  }

  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.session.request(headers)
    this.calls++
    stream.on("close", () => {
      this.calls--
      this.closeIfDone()
    })
    return stream
  }

  /** The peer may leave its side open for as long as it likes, so ours does not wait for it. */
  private closeIfDone(): void {
    if (this.calls === 0 && !this.takesCalls) this.socket.destroySoon()
  }

  private keepAlive({ time, timeout, permit_without_stream }: Keepalive): void {
    let isPinging = false
    const timer = setInterval(() => {
      if (isPinging || (!permit_without_stream && this.calls === 0)) return
      isPinging = true
      this.probe(timeout, () => {
        isPinging = false
      })
    }, time).unref()
    this.socket.on("close", () => clearInterval(timer))
  }

  /**
   * Calls back when everything that was written to the connection has left it: the peer has answered a ping that went out later, or the
   * socket is closed. A peer that does not answer in time loses the connection.
   */
  probe(withinMillis: number, done: () => void): void {
    const { session, socket } = this
    if (socket.closed) return done()
    const timer = setTimeout(() => this.destroy(), withinMillis)
    const end = (): void => {
      clearTimeout(timer)
      socket.off("close", end)
      done()
    }
    const ping = (): void => {
      // A ping of a session that is being destroyed calls back at once; the close of the socket comes when its memory is free.
      if (!session.destroyed) session.ping((error) => error === null && end())
    }
    socket.on("close", end)
    if (session.connecting) session.once("connect", ping)
    else ping()
  }

  onClose(callback: () => void): void {
    if (this.socket.closed) callback()
    else this.socket.on("close", callback)
  }

  destroy(): void {
    this.session.destroy()
    this.socket.destroy()
  }
}

const open = ({ isPlain, host, port }: GrpcTarget, tls: ConnectionOptions): Socket => {
  const socket = isPlain
    ? connectPlain({ host, port })
    : connectTls({ host, port, ALPNProtocols: ["h2"], ...(isIP(host) === 0 ? { servername: host } : {}), ...tls })
  return socket.setNoDelay(true)
}
