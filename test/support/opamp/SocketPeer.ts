import { once } from "node:events"
import { WebSocket, type ClientOptions } from "ws"
import { decodeReference, encodeReference, type Plain } from "./Reference.ts"

/** A client on a WebSocket that speaks bytes of the independent codec. */
export class SocketPeer {
  readonly socket: WebSocket
  private readonly received: Array<{ readonly data: Buffer; readonly isBinary: boolean }> = []
  private wake: () => void = () => {}
  /** The code of the Close that ended it. */
  readonly closed: Promise<number>

  private constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.once("close", resolve))
    socket.on("error", () => {})
    socket.on("message", (data: Buffer, isBinary) => {
      this.received.push({ data, isBinary })
      this.wake()
    })
  }

  static async connect(port: number, options: ClientOptions = {}): Promise<SocketPeer> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/opamp`, options)
    const peer = new SocketPeer(socket)
    await once(socket, "open")
    return peer
  }

  /** A client, or the status of the refusal. */
  static async attempt(port: number): Promise<SocketPeer | number> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/opamp`)
    const peer = new SocketPeer(socket)
    return Promise.race([
      once(socket, "open").then(() => peer),
      once(socket, "unexpected-response").then(([request, response]) => {
        request.destroy()
        return response.statusCode as number
      })
    ])
  }

  /** The status and headers of an upgrade that is refused. */
  static async refused(port: number, options: ClientOptions & { readonly path?: string } = {}) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${options.path ?? "/v1/opamp"}`, options)
    socket.on("error", () => {})
    const [, response] = await once(socket, "unexpected-response")
    socket.terminate()
    return { status: response.statusCode as number, headers: response.headers as { readonly [name: string]: string } }
  }

  say(plain: Plain): void {
    this.sendRaw(Buffer.concat([Uint8Array.of(0), encodeReference("AgentToServer", plain)]))
  }

  sendRaw(data: Uint8Array | string): void {
    this.socket.send(data)
  }

  async nextRaw(): Promise<{ readonly data: Buffer; readonly isBinary: boolean }> {
    while (this.received.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error("the server closed the socket")
      await Promise.race([new Promise<void>((resolve) => (this.wake = resolve)), this.closed])
    }
    return this.received.shift()!
  }

  get waiting(): number {
    return this.received.length
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  async next(): Promise<any> {
    const { data } = await this.nextRaw()
    return decodeReference("ServerToAgent", data.subarray(1))
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  ask(plain: Plain): Promise<any> {
    this.say(plain)
    return this.next()
  }
}
