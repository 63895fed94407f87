import { GrpcCode } from "../../domain/GrpcCode.ts"
import { decodeResponse, decodeResponseJson, type PartialSuccess } from "../../domain/otlp/status/ExportResponse.ts"
import { decodeStatus, type Status } from "../../domain/otlp/status/Status.ts"
import { decodeStatusJson } from "../../domain/otlp/status/StatusJson.ts"
import type { Signal } from "../../domain/Signal.ts"
import { ExportError } from "../../streams/ExportError.ts"
import type { Exported } from "../graph/Component.ts"
import type { HttpAnswer } from "./HttpPost.ts"
import { parseRetryAfter } from "./RetryAfter.ts"

/** What the status of an answer means to a client of OTLP/HTTP 1.11: 429, 502, 503 and 504 are to be retried, nothing else. */
const meaningOf = (status: number): { readonly code: GrpcCode; readonly retryable: boolean } => {
  switch (status) {
    case 429:
      return { code: GrpcCode.RESOURCE_EXHAUSTED, retryable: true }
    case 502:
    case 503:
    case 504:
      return { code: GrpcCode.UNAVAILABLE, retryable: true }
    case 413:
      return { code: GrpcCode.RESOURCE_EXHAUSTED, retryable: false }
    case 401:
    case 407:
      return { code: GrpcCode.UNAUTHENTICATED, retryable: false }
    case 402:
    case 403:
      return { code: GrpcCode.PERMISSION_DENIED, retryable: false }
    // The address or the format is wrong, whatever is in the request.
    case 404:
    case 405:
    case 406:
    case 410:
    case 415:
      return { code: GrpcCode.UNIMPLEMENTED, retryable: false }
  }
  if (status >= 500) return { code: GrpcCode.INTERNAL, retryable: false }
  return { code: status >= 400 ? GrpcCode.INVALID_ARGUMENT : GrpcCode.UNIMPLEMENTED, retryable: false }
}

/** What the answer of a backend says became of the request. */
export const interpret = (signal: Signal, answer: HttpAnswer, nowMillis: number): Exported | ExportError => {
  const isJson = answer.headers["content-type"]?.startsWith("application/json") === true
  if (answer.status >= 200 && answer.status < 300) return exported(readResponse(signal, isJson, answer.body))
  const { code, retryable } = meaningOf(answer.status)
  const status = isJson ? decodeStatusJson(answer.body) : readStatus(answer)
  const detail = answer.status >= 300 && answer.status < 400 ? "redirects are not followed" : status?.message
  return new ExportError({
    retryable,
    code,
    message: detail === undefined || detail === "" ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${detail}`,
    retryAfterMillis: retryable ? (parseRetryAfter(answer.headers["retry-after"], nowMillis) ?? status?.retryAfterMillis) : undefined
  })
}

/** A success that cannot be read is a success: the status has said so. */
const exported = (partial: PartialSuccess | undefined): Exported => {
  if (partial === undefined || (partial.rejected === 0 && partial.message === "")) return { rejected: 0 }
  return { rejected: partial.rejected, message: partial.message }
}

const readResponse = (signal: Signal, isJson: boolean, body: Uint8Array): PartialSuccess | undefined => {
  if (body.length === 0) return undefined
  return isJson ? decodeResponseJson(signal, body) : decodeResponse(body)
}

/** Proxies answer in words or HTML; the beginning is enough to recognise them. */
const maxTextLength = 200

const readStatus = ({ headers, body }: HttpAnswer): Status | undefined => {
  if (headers["content-type"]?.startsWith("text/")) {
    return {
      code: GrpcCode.UNKNOWN,
      message: Buffer.from(body.subarray(0, 4 * maxTextLength))
        .toString()
        .trim()
        .slice(0, maxTextLength)
    }
  }
  return decodeStatus(body)
}
