import type { IncomingMessage, ServerResponse } from "node:http"
import * as zlib from "node:zlib"
import { discard } from "../../ingest/http/discard.ts"
import { SlowWriters } from "../../ingest/http/SlowWriters.ts"
import { prefersGzip } from "./AcceptEncoding.ts"
import { type Refused, retryAfter } from "./Admission.ts"
import type { Conversation } from "./Conversation.ts"
import type { OpampServerOptions } from "./OpampServerOptions.ts"

export const mediaType = "application/x-protobuf"

/** So many messages of the largest size may be on their way at once; beyond that agents are told to come back. */
export const maxLargest = 4

/** Most messages are smaller. */
const firstBytes = 4096

/** Up to here a reply is compressed in place: it costs less than a thread does. */
const syncGzipBytes = 64 << 10

/**
 * Plain HTTP: a POST with a message, answered with its reply.
 *
 * **Full**: bodies on their way are bounded in sum (503 and Retry-After); one that is too large is 413, inflated too. **Fails**: what is
 * wrong with the request is an HTTP status, what is wrong with the message a BadRequest. **Closes**: with the server.
 */
export class AgentPolls {
  private readonly conversation: Conversation
  private readonly maxMessageBytes: number
  private readonly slowReaders: SlowWriters
  private arriving = 0

  constructor(conversation: Conversation, { maxMessageBytes, patienceMillis }: OpampServerOptions) {
    this.conversation = conversation
    this.maxMessageBytes = maxMessageBytes
    this.slowReaders = new SlowWriters(patienceMillis)
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const refused = this.refusal(request)
    if (refused !== undefined) return this.refuse(request, response, refused)
    let body = Buffer.allocUnsafe(firstBytes)
    let size = 0
    request.on("data", (chunk: Buffer) => {
      const start = size
      size += chunk.length
      this.arriving += chunk.length
      if (size > this.maxMessageBytes) return this.refuse(request, response, this.tooLarge(size))
      if (this.arriving > maxLargest * this.maxMessageBytes) return this.refuse(request, response, crowded)
      // One buffer that grows: a body may come in millions of chunks of one byte.
      if (size > body.length) body = Buffer.concat([body], Math.max(2 * body.length, size))
      chunk.copy(body, start)
    })
    request.on("error", () => {})
    request.on("end", () => {
      if (!response.writableEnded) this.inflate(request, response, body.subarray(0, size))
    })
    // After the answer, or when the client is gone.
    response.on("close", () => {
      this.arriving -= size
    })
  }

  refuse(request: IncomingMessage, response: ServerResponse, { status, message, headers }: Refused): void {
    response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8", "content-length": Buffer.byteLength(message) })
    response.end(message)
    if (!request.complete) discard(request)
  }

  private refusal({ method, headers }: IncomingMessage): Refused | undefined {
    if (method === "GET") return { status: 426, message: "expected an upgrade to websocket, or POST", headers: { upgrade: "websocket" } }
    if (method !== "POST") return { status: 405, message: `${method} is not allowed here`, headers: { allow: "GET, POST" } }
    if (headers["content-type"]?.split(";", 1)[0]!.trim().toLowerCase() !== mediaType) {
      return { status: 415, message: `expected content-type ${mediaType}` }
    }
    const encoding = encodingOf(headers["content-encoding"])
    if (encoding !== "gzip" && encoding !== "identity") {
      return { status: 415, message: "expected content-encoding gzip or none", headers: { "accept-encoding": "gzip" } }
    }
    const announced = Number(headers["content-length"] ?? 0)
    if (announced > this.maxMessageBytes) return this.tooLarge(announced)
    if (this.arriving + announced > maxLargest * this.maxMessageBytes) return crowded
    return undefined
  }

  private inflate(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    if (encodingOf(request.headers["content-encoding"]) === "identity") return this.answer(request, response, body)
    zlib.gunzip(body, { maxOutputLength: this.maxMessageBytes }, (error, inflated) => {
      if (error === null) return this.answer(request, response, inflated)
      const isTooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE"
      const bad = { status: 400, message: `the body is not gzip: ${error.message}` }
      this.refuse(request, response, isTooLarge ? this.tooLarge(undefined) : bad)
    })
  }

  private answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const { headers, socket } = request
    const uid = headers["opamp-instance-uid"]
    const claimed = typeof uid === "string" ? uid : undefined
    const bytes = this.conversation.write(this.conversation.hear(undefined, body, socket.remoteAddress ?? "a client that is gone", claimed))
    const send = (content: Uint8Array, encoding: { readonly "content-encoding"?: string }) => {
      response.writeHead(200, { ...encoding, "content-type": mediaType, "content-length": content.length }).end(content)
      this.slowReaders.watch(socket)
    }
    if (!prefersGzip(headers["accept-encoding"])) return send(bytes, {})
    const gzip = { "content-encoding": "gzip" }
    if (bytes.length <= syncGzipBytes) return send(zlib.gzipSync(bytes, { level: 1 }), gzip)
    zlib.gzip(bytes, { level: 1 }, (error, content) => (error === null ? send(content, gzip) : send(bytes, {})))
  }

  private tooLarge(size: number | undefined): Refused {
    const what = size === undefined ? "the inflated message is" : `a message of ${size} bytes is`
    this.conversation.log.say("a message was discarded", `${what} larger than ${this.maxMessageBytes} bytes`)
    return { status: 413, message: `${what} too large; at most ${this.maxMessageBytes} bytes are taken` }
  }
}

const crowded: Refused = { status: 503, message: "too many messages are on their way", headers: retryAfter }

const encodingOf = (header: string | undefined): string => {
  const encoding = header?.trim().toLowerCase() ?? "identity"
  return encoding === "x-gzip" ? "gzip" : encoding === "" ? "identity" : encoding
}
