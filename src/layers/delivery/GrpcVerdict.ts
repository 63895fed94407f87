import { GrpcCode } from "../../domain/GrpcCode.ts"
import { decodeResponse } from "../../domain/otlp/status/ExportResponse.ts"
import { decodeStatus, maxMessageBytes } from "../../domain/otlp/status/Status.ts"
import { ExportError } from "../../streams/ExportError.ts"
import type { Exported } from "../graph/Component.ts"

/** What a unary call brought back; trailers-only answers have their trailers among the headers. */
export interface GrpcAnswer {
  readonly httpStatus: number
  readonly grpcStatus: string | undefined
  readonly grpcMessage: string | undefined
  readonly statusDetails: string | undefined
  readonly body: Uint8Array
}

/** What the answer of a backend says became of the request (OTLP 1.11, "OTLP/gRPC Response"; gRPC over HTTP/2). */
export const interpret = (answer: GrpcAnswer): Exported | ExportError => {
  if (answer.grpcStatus === undefined) return withoutStatus(answer.httpStatus)
  const code = codeOf(answer.grpcStatus)
  if (code === GrpcCode.OK) return exported(answer.body)
  const status = answer.statusDetails === undefined ? undefined : decodeStatus(Buffer.from(answer.statusDetails, "base64"))
  const retryable = isRetryable(code, status?.retryAfterMillis !== undefined)
  const detail = answer.grpcMessage === undefined ? (status?.message ?? "") : percentDecode(answer.grpcMessage)
  return new ExportError({
    retryable,
    code,
    message: detail === "" ? `gRPC ${nameOf(code)}` : `gRPC ${nameOf(code)}: ${detail}`,
    retryAfterMillis: retryable ? status?.retryAfterMillis : undefined
  })
}

const isRetryable = (code: GrpcCode, hasHint: boolean): boolean => {
  switch (code) {
    case GrpcCode.CANCELLED:
    case GrpcCode.DEADLINE_EXCEEDED:
    case GrpcCode.ABORTED:
    case GrpcCode.OUT_OF_RANGE:
    case GrpcCode.UNAVAILABLE:
    case GrpcCode.DATA_LOSS:
      return true
    case GrpcCode.RESOURCE_EXHAUSTED:
      return hasHint
    default:
      return false
  }
}

/** No gRPC server answered, but perhaps a proxy (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md). */
const withoutStatus = (httpStatus: number): ExportError => {
  const [code, retryable] = ((): readonly [GrpcCode, boolean] => {
    switch (httpStatus) {
      case 400:
        return [GrpcCode.INTERNAL, false]
      case 401:
        return [GrpcCode.UNAUTHENTICATED, false]
      case 403:
        return [GrpcCode.PERMISSION_DENIED, false]
      case 404:
        return [GrpcCode.UNIMPLEMENTED, false]
      case 429:
      case 502:
      case 503:
      case 504:
        return [GrpcCode.UNAVAILABLE, true]
      case 200:
        // The call ended before its trailers.
        return [GrpcCode.UNAVAILABLE, true]
      default:
        return [GrpcCode.UNKNOWN, false]
    }
  })()
  return new ExportError({ retryable, code, message: `no gRPC status in an answer with HTTP ${httpStatus}` })
}

const names = Object.keys(GrpcCode)
const nameOf = (code: GrpcCode): string => names[code]!

const codeOf = (text: string): GrpcCode => {
  const code = /^\d{1,2}$/.test(text) ? Number(text) : -1
  return code >= 0 && code < names.length ? (code as GrpcCode) : GrpcCode.UNKNOWN
}

const exported = (body: Uint8Array): Exported => {
  const isWhole = body.length > 5 && body[0] === 0
  const partial = isWhole ? decodeResponse(body.subarray(5)) : undefined
  if (partial === undefined || (partial.rejected === 0 && partial.message === "")) return { rejected: 0 }
  return { rejected: partial.rejected, message: partial.message }
}

const percentDecode = (text: string): string => {
  const bounded = text.slice(0, maxMessageBytes)
  try {
    return decodeURIComponent(bounded)
  } catch {
    return bounded
  }
}
