import type { Socket } from "node:net"
import { deadlines, type Expiring } from "../Deadlines.ts"

/** How long a client may go on sending what nobody reads, before its connection is cut under it; it has its answer by then. */
const lingerMillis = 1000

const answers: { readonly [code: string]: readonly [status: string, text: string] } = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "the headers are larger than 16 KiB"],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["413 Payload Too Large", "the chunk extensions are larger than 16 KiB"],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "the request did not arrive in time"]
}

/** Connections that have their last answer. */
const answered = new WeakSet<Socket>()

/**
 * Answers what never became a request, and ends the connection. What the client is still sending goes on to be taken for a moment: a
 * connection that is closed over unread bytes is reset, and a reset overtakes the answer.
 */
export const answerFault = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (answered.has(socket)) return
  // An answer that is under way cannot be followed by one that belongs to another request.
  if (error.code === "ECONNRESET" || !socket.writable || isAnswering(socket)) return void socket.destroy()
  answered.add(socket)
  const [status, text] = answers[error.code ?? ""] ?? ["400 Bad Request", "this is no HTTP/1.1 request"]
  const body = `${text}\n`
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
  socket.on("error", () => {})
  socket.end(head + body)
  deadlines.add(new Lingering(socket, performance.now() + lingerMillis))
}

/** node:http keeps the response that a connection is writing here. */
const isAnswering = (socket: Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null }): boolean =>
  socket._httpMessage?.headersSent === true

class Lingering implements Expiring {
  readonly deadline: number
  private readonly socket: Socket

  constructor(socket: Socket, deadline: number) {
    this.socket = socket
    this.deadline = deadline
    socket.once("close", () => deadlines.delete(this))
    socket.once("end", () => socket.destroySoon())
  }

  expire(): void {
    this.socket.destroy()
  }
}
