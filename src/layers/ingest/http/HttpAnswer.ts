import type { ServerResponse } from "node:http"
import { GrpcCode, httpStatus } from "../../../domain/GrpcCode.ts"
import { encodeResponse, encodeResponseJson, type PartialSuccess } from "../../../domain/otlp/status/ExportResponse.ts"
import { encodeStatus } from "../../../domain/otlp/status/Status.ts"
import { encodeStatusJson } from "../../../domain/otlp/status/StatusJson.ts"
import type { Refusal } from "../../../domain/Refusal.ts"
import type { Signal } from "../../../domain/Signal.ts"

export type Encoding = "protobuf" | "json"

const contentType: { readonly [E in Encoding]: string } = { protobuf: "application/x-protobuf", json: "application/json" }

const fullSuccess = {
  protobuf: { headers: { "content-type": contentType.protobuf, "content-length": "0" }, body: undefined },
  json: { headers: { "content-type": contentType.json, "content-length": "2" }, body: "{}" }
}

/** 200 with an `Export*ServiceResponse` in the encoding of the request. */
export const writeSuccess = (response: ServerResponse, encoding: Encoding, signal: Signal, partial: PartialSuccess | undefined): void => {
  if (partial === undefined) {
    const { headers, body } = fullSuccess[encoding]
    response.writeHead(200, headers)
    if (body === undefined) response.end()
    else response.end(body)
    return
  }
  const body = encoding === "json" ? encodeResponseJson(signal, partial) : encodeResponse(partial)
  response.writeHead(200, { "content-type": contentType[encoding], "content-length": body.length })
  response.end(body)
}

/**
 * An error with a `google.rpc.Status` in the encoding of the request (OTLP 1.11, "Failures"). `Retry-After` goes with 429 and 503 only, in
 * whole seconds, rounded up: never earlier than asked.
 */
export const writeError = (
  response: ServerResponse,
  encoding: Encoding,
  status: number,
  code: GrpcCode,
  message: string,
  retryAfterMillis: number | undefined
): void => {
  const fields = { code, message, retryAfterMillis }
  const body = encoding === "json" ? encodeStatusJson(fields) : encodeStatus(fields)
  if (retryAfterMillis !== undefined && (status === 429 || status === 503)) {
    response.setHeader("retry-after", Math.max(1, Math.ceil(retryAfterMillis / 1000)))
  }
  response.writeHead(status, { "content-type": contentType[encoding], "content-length": body.length })
  response.end(body)
}

/** RESOURCE_EXHAUSTED for good is a request that is too large, for us or for the backend that the answer waits for. */
const isTooLarge = ({ code, retryAfterMillis }: Refusal): boolean => code === GrpcCode.RESOURCE_EXHAUSTED && retryAfterMillis === undefined

export const writeRefusal = (response: ServerResponse, encoding: Encoding, refusal: Refusal): void => {
  const status = isTooLarge(refusal) ? 413 : httpStatus(refusal.code)
  writeError(response, encoding, status, refusal.code, refusal.message, refusal.retryAfterMillis)
}
