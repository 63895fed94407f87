import type { Socket } from "node:net"
import { deadlines, type Expiring } from "../Deadlines.ts"

/** Ends connections whose client does not take its answer (`write_timeout`). Clients that do cost one comparison. */
export class SlowWriters {
  private readonly timeout: number
  private readonly watched = new WeakSet<Socket>()

  /** Milliseconds; 0 is no limit. */
  constructor(timeout: number) {
    this.timeout = timeout
  }

  /** Looks at the connection of a response that was just written, or that waits for an earlier one of the same connection. */
  watch(socket: Socket): void {
    if (this.timeout === 0 || socket.writableLength === 0 || this.watched.has(socket)) return
    this.watched.add(socket)
    deadlines.add(new SlowWriter(socket, this.watched, performance.now() + this.timeout))
  }
}

class SlowWriter implements Expiring {
  readonly deadline: number
  private readonly socket: Socket
  private readonly watched: WeakSet<Socket>

  constructor(socket: Socket, watched: WeakSet<Socket>, deadline: number) {
    this.socket = socket
    this.watched = watched
    this.deadline = deadline
  }

  expire(): void {
    this.watched.delete(this.socket)
    if (this.socket.writableLength > 0) this.socket.destroy()
  }
}
