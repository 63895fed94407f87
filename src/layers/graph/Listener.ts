import { createServer, type AddressInfo, type Server, type Socket } from "node:net"
import type { Engine } from "./Engine.ts"
import { formatAddress, type Endpoint } from "./Endpoint.ts"

/** Connections that may arrive between the bind and the first engine. */
const maxWaiting = 128

/**
 * One bound address. It hands each connection to the engine of the moment.
 *
 * Reads: connections. Full: the system's backlog (511), then clients see refused connections. Fails: only while binding. Closes: stops
 * accepting at once, lets open requests end, destroys what is left at the deadline.
 */
export class Listener {
  private readonly server: Server
  private engine: Engine | undefined = undefined
  private readonly connections = new Map<Engine, Set<Socket>>()
  private readonly waiting = new Set<Socket>()
  private readonly drainMillis: number
  private whenClosed: (() => void) | undefined = undefined
  private closing = false

  constructor(drainMillis: number) {
    this.drainMillis = drainMillis
    // Half-open as node:http wants it: a client may end its side and still read the answer.
    this.server = createServer({ allowHalfOpen: true, noDelay: true })
    this.server.on("connection", (socket) => this.accept(socket))
  }

  /** Binds; `done` gets the system's error, if any. */
  listen({ host, port }: Endpoint, done: (error: NodeJS.ErrnoException | undefined) => void): void {
    const failed = (error: NodeJS.ErrnoException) => done(error)
    this.server.once("error", failed)
    this.server.listen({ host: host === "localhost" ? "127.0.0.1" : host, port }, () => {
      this.server.off("error", failed)
      // Errors of accept (EMFILE) concern one connection, not the listener.
      this.server.on("error", () => {})
      done(undefined)
    })
  }

  get address(): string {
    const { address, port } = this.server.address() as AddressInfo
    return formatAddress(address, port)
  }

  /** Serves with `next` from now on. */
  use(next: Engine): void {
    const previous = this.engine
    if (previous?.become(next)) return
    next.start()
    this.engine = next
    if (previous !== undefined) this.retire(previous)
    for (const socket of this.waiting) this.accept(socket)
    this.waiting.clear()
  }

  private accept(socket: Socket): void {
    const { engine } = this
    if (engine === undefined) {
      if (this.waiting.size < maxWaiting && !this.closing) this.waiting.add(socket.on("error", ignore))
      else socket.destroy()
      return
    }
    let sockets = this.connections.get(engine)
    if (sockets === undefined) this.connections.set(engine, (sockets = new Set()))
    sockets.add(socket)
    socket.once("close", () => {
      sockets.delete(socket)
      if (sockets.size === 0) this.connections.delete(engine)
    })
    engine.serve(socket)
  }

  private retire(engine: Engine): void {
    engine.retire()
    setTimeout(() => this.destroy(engine), this.drainMillis).unref()
  }

  private destroy(engine: Engine): void {
    for (const socket of this.connections.get(engine) ?? []) socket.destroy()
  }

  /** Stops accepting now; `done` when the last connection has closed, by itself or by `destroyAll`. */
  close(done: () => void): void {
    this.whenClosed = done
    if (this.closing) return
    this.closing = true
    for (const socket of this.waiting) socket.destroy()
    this.waiting.clear()
    this.server.close(() => this.whenClosed?.())
    if (this.engine !== undefined) this.retire(this.engine)
  }

  destroyAll(): void {
    for (const engine of this.connections.keys()) this.destroy(engine)
  }
}

const ignore = () => {}
