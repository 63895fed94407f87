import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http"
import { request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import * as Effect from "effect/Effect"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { ExportError } from "../../streams/ExportError.ts"

/** Answers are short: `partial_success` or a `Status`. */
const defaultMaxAnswerBytes = 64 * 1024

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/**
 * Posts chunks as one body, written in one vectored write and never joined, and reads the answer (its first `maxAnswerBytes`).
 *
 * Ends, in success, failure and interruption, only after Node has let go of the chunks: when the request has finished writing and its
 * connection is free, or when the connection is closed. An answer that comes before the body is written ends the connection, and
 * counts. Fails: everything on the network is retryable. A kept connection that the server has closed meanwhile is replaced at once.
 */
export const post = (
  url: URL,
  agent: Agent,
  headers: OutgoingHttpHeaders,
  chunks: ReadonlyArray<Uint8Array>,
  maxAnswerBytes = defaultMaxAnswerBytes
): Effect.Effect<HttpAnswer, ExportError> => {
  const once = attempt(url, agent, headers, chunks, maxAnswerBytes)
  return Effect.catch(once, (failure) => (failure.isStale ? Effect.mapError(once, ({ error }) => error) : Effect.fail(failure.error)))
}

interface Failure {
  readonly error: ExportError
  /** The connection was an old one, and nothing came back on it. */
  readonly isStale: boolean
}

const attempt = (
  url: URL,
  agent: Agent,
  headers: OutgoingHttpHeaders,
  chunks: ReadonlyArray<Uint8Array>,
  maxAnswerBytes: number
): Effect.Effect<HttpAnswer, Failure> =>
  Effect.callback((resume) => {
    const request = url.protocol === "https:" ? requestHttps : requestHttp
    const exchange = new Exchange(request(url, { method: "POST", agent, headers }), maxAnswerBytes, (exchange) => resume(exchange.outcome))
    exchange.send(chunks)
    return exchange.cancel
  })

/** One request and its answer; over when the request has closed. */
class Exchange {
  private readonly request: ClientRequest
  private readonly maxAnswerBytes: number
  private readonly onClose: (exchange: Exchange) => void
  private response: IncomingMessage | undefined = undefined
  private readonly body: Array<Uint8Array> = []
  private bodyBytes = 0
  private isAnswered = false
  private isClosed = false
  private cause: NodeJS.ErrnoException | undefined = undefined

  constructor(request: ClientRequest, maxAnswerBytes: number, onClose: (exchange: Exchange) => void) {
    this.request = request
    this.maxAnswerBytes = maxAnswerBytes
    this.onClose = onClose
    request.on("response", (response) => this.onResponse(response))
    request.on("error", (error) => {
      this.cause = error
    })
    request.on("close", () => {
      this.isClosed = true
      // The agent gets its connection back right after this event; a request made within it would open another one.
      process.nextTick(() => this.onClose(this))
    })
  }

  send(chunks: ReadonlyArray<Uint8Array>): void {
    const { request } = this
    request.cork()
    for (const chunk of chunks) request.write(chunk)
    request.end()
    request.uncork()
  }

  readonly cancel: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.isClosed) return resume(Effect.void)
    this.request.on("close", () => resume(Effect.void))
    this.request.destroy()
  })

  private onResponse(response: IncomingMessage): void {
    this.response = response
    response.on("error", (error) => {
      this.cause = error
    })
    response.on("data", (chunk: Uint8Array) => {
      if (this.isAnswered) return
      this.body.push(chunk.subarray(0, this.maxAnswerBytes - this.bodyBytes))
      this.bodyBytes += chunk.length
      if (this.bodyBytes >= this.maxAnswerBytes) this.answered()
    })
    response.on("end", () => this.answered())
  }

  /** The rest of an answer that is too long, or of a body that nobody wants any more, is not worth the connection. */
  private answered(): void {
    this.isAnswered = true
    if (!this.request.writableFinished || !this.response!.complete) this.request.destroy()
  }

  get outcome(): Effect.Effect<HttpAnswer, Failure> {
    const { response } = this
    if (response !== undefined && this.isAnswered) {
      return Effect.succeed({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(this.body) })
    }
    const cause = this.cause === undefined ? "the connection was closed" : this.cause.message
    const stage = response === undefined ? "no answer" : `answer ${response.statusCode} cut short`
    return Effect.fail({
      error: new ExportError({ retryable: true, code: GrpcCode.UNAVAILABLE, message: `${stage}: ${cause}` }),
      isStale: this.request.reusedSocket && response === undefined && (this.cause?.code === "ECONNRESET" || this.cause?.code === "EPIPE")
    })
  }
}
