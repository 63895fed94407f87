import { constants, type ClientHttp2Stream, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2"
import * as Effect from "effect/Effect"
import { GrpcCode } from "../../domain/GrpcCode.ts"
import { ExportError } from "../../streams/ExportError.ts"
import type { GrpcConnection } from "./GrpcConnection.ts"
import type { GrpcAnswer } from "./GrpcVerdict.ts"

/** Answers are a few bytes; what comes after this much is not read. */
const maxAnswerBytes = 64 * 1024

/** How long a peer that did not answer a call may take to answer a ping before its connection counts as dead. */
const aliveMillis = 5000

/** The same, while memory that the connection may still read from waits for it. */
const flushMillis = 2000

/**
 * One unary call: sends chunks as one message, written in one vectored write and never joined, and reads the answer.
 *
 * Ends, in success, failure and interruption, only after Node has let go of the chunks: when the stream has finished writing, or else
 * when a later ping was answered or the connection is closed. Fails: everything below gRPC (no connection, resets, GOAWAY) is
 * retryable, since it says nothing about the request.
 */
export const call = (
  connection: () => GrpcConnection,
  headers: OutgoingHttpHeaders,
  prefix: Uint8Array,
  chunks: ReadonlyArray<Uint8Array>
): Effect.Effect<GrpcAnswer, ExportError> =>
  Effect.callback((resume) => {
    const unary = new UnaryCall(connection(), headers, (call) => resume(call.outcome))
    unary.send(prefix, chunks)
    return unary.cancel
  })

/** One stream; over when it has closed and its memory is free. */
class UnaryCall {
  private readonly connection: GrpcConnection
  private readonly stream: ClientHttp2Stream
  private readonly onEnd: (call: UnaryCall) => void
  private head: IncomingHttpHeaders | undefined = undefined
  private trailers: IncomingHttpHeaders | undefined = undefined
  private readonly body: Array<Uint8Array> = []
  private bodyBytes = 0
  private cause: Error | undefined = undefined
  private isOver = false
  private onOver: () => void = () => {}

  constructor(connection: GrpcConnection, headers: OutgoingHttpHeaders, onEnd: (call: UnaryCall) => void) {
    this.connection = connection
    this.onEnd = onEnd
    const stream = (this.stream = connection.request(headers))
    stream.on("response", (head) => {
      this.head = head
    })
    stream.on("trailers", (trailers) => {
      this.trailers = trailers
    })
    stream.on("data", (chunk: Uint8Array) => {
      if (this.bodyBytes < maxAnswerBytes) this.body.push(chunk)
      this.bodyBytes += chunk.length
      if (this.bodyBytes > maxAnswerBytes) stream.close(constants.NGHTTP2_CANCEL)
    })
    stream.on("end", () => {
      // The answer is whole; if the backend does not want the rest of the request, it gets none.
      if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL)
    })
    stream.on("error", (error: Error) => {
      this.cause = error
    })
    stream.on("close", () => this.closed())
  }

  send(prefix: Uint8Array, chunks: ReadonlyArray<Uint8Array>): void {
    const { stream } = this
    stream.cork()
    stream.write(prefix)
    for (const chunk of chunks) stream.write(chunk)
    stream.end()
    stream.uncork()
  }

  readonly cancel: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.isOver) return resume(Effect.void)
    this.onOver = () => resume(Effect.void)
    // No answer in time: perhaps the connection is dead, which nothing else would show.
    if (this.stream.writableFinished) this.connection.probe(aliveMillis, () => {})
    this.stream.close(constants.NGHTTP2_CANCEL)
  })

  /** Frames of a stream that was cut short may still lie in the connection's own buffers. */
  private closed(): void {
    if (this.stream.writableFinished) return this.over()
    this.connection.probe(flushMillis, () => this.over())
  }

  private over(): void {
    this.isOver = true
    this.onEnd(this)
    this.onOver()
  }

  get outcome(): Effect.Effect<GrpcAnswer, ExportError> {
    const { head, trailers } = this
    const grpcStatus = header(trailers, "grpc-status") ?? header(head, "grpc-status")
    if (head !== undefined && (grpcStatus !== undefined || this.cause === undefined)) {
      const source = trailers ?? head
      return Effect.succeed({
        httpStatus: Number(head[":status"]),
        grpcStatus,
        grpcMessage: header(source, "grpc-message"),
        statusDetails: header(source, "grpc-status-details-bin"),
        body: Buffer.concat(this.body)
      })
    }
    const message = this.cause === undefined ? `the stream was closed (code ${this.stream.rstCode})` : this.cause.message
    return Effect.fail(new ExportError({ retryable: true, code: GrpcCode.UNAVAILABLE, message: `no answer: ${message}` }))
  }
}

const header = (headers: IncomingHttpHeaders | undefined, name: string): string | undefined => {
  const value = headers?.[name]
  return Array.isArray(value) ? value[0] : value
}
