import { connect, type Socket } from "node:net"

/** A TCP client that keeps to no protocol. */
export class RawSocket {
  readonly socket: Socket
  private text = ""
  private ended = false
  private wake: () => void = () => {}

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    this.socket.on("error", () => {})
    this.socket.on("data", (bytes) => {
      this.text += bytes.toString("latin1")
      this.wake()
    })
    const end = () => {
      this.ended = true
      this.wake()
    }
    this.socket.on("end", end)
    this.socket.on("close", end)
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(bytes)
    return this
  }

  get received(): string {
    return this.text
  }

  private changed(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve))
  }

  /** Resolves with everything received when it matches, or when the peer has ended. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text) && !this.ended) await this.changed()
    return this.text
  }

  /** Resolves with everything received when the peer has ended. */
  async end(): Promise<string> {
    while (!this.ended) await this.changed()
    return this.text
  }

  close(): void {
    this.socket.destroy()
  }
}

export const post = (bytes: Uint8Array, headers = ""): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${bytes.length}\r\n${headers}\r\n`
    ),
    bytes
  ])
