import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2"
import { GrpcCode } from "../../../domain/GrpcCode.ts"
import { encodeResponse, type PartialSuccess } from "../../../domain/otlp/status/ExportResponse.ts"
import { encodeStatus } from "../../../domain/otlp/status/Status.ts"

/** What a compressed message may be compressed with. */
export const acceptedEncodings = "identity,gzip,zstd,deflate"

const opening: OutgoingHttpHeaders = { ":status": 200, "content-type": "application/grpc", "grpc-accept-encoding": acceptedEncodings }
const ok: OutgoingHttpHeaders = { "grpc-status": "0" }
const withTrailers = { waitForTrailers: true }
/** An empty message: not compressed, no bytes. */
const emptyMessage = Buffer.alloc(5)

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(ok)
}

/** Headers, one message, trailers. */
export const writeSuccess = (stream: ServerHttp2Stream, partial: PartialSuccess | undefined): void => {
  stream.respond(opening, withTrailers)
  stream.once("wantTrailers", sendOk)
  stream.end(partial === undefined ? emptyMessage : framed(encodeResponse(partial)))
}

const framed = (message: Uint8Array): Buffer => {
  const frame = Buffer.alloc(5 + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, 5)
  return frame
}

/**
 * An error: status and hint in the only header block (Trailers-Only), then the stream is reset without an error, so that the rest of the
 * message need not be sent (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
 */
export const writeError = (stream: ServerHttp2Stream, code: GrpcCode, message: string, retryAfterMillis: number | undefined): void => {
  const headers: OutgoingHttpHeaders = { ...opening, "grpc-status": String(code), "grpc-message": percentEncoded(message) }
  if (retryAfterMillis !== undefined) {
    headers["grpc-status-details-bin"] = Buffer.from(encodeStatus({ code, message, retryAfterMillis }))
      .toString("base64")
      .replace(/=+$/, "")
  }
  stream.respond(headers, { endStream: true })
  stopReceiving(stream)
}

/** Not gRPC at all. */
export const writeHttpError = (stream: ServerHttp2Stream, status: number): void => {
  stream.respond({ ":status": status }, { endStream: true })
  stopReceiving(stream)
}

/** In the next turn: a reset overtakes headers that have not been written yet. */
const stopReceiving = (stream: ServerHttp2Stream): void => {
  if (!stream.readableEnded) setImmediate(close, stream)
}

const close = (stream: ServerHttp2Stream): void => {
  if (!stream.destroyed) stream.close()
}

const longestMessage = 1024

/** Printable ASCII without `%` stays; the bytes of everything else are written as `%XX`. */
const percentEncoded = (message: string): string =>
  message
    .slice(0, longestMessage)
    .toWellFormed()
    .replace(/[^\x20-\x24\x26-\x7e]+/g, (text) =>
      Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("")
    )
