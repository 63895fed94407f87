import { FieldReader, FieldWriter } from "./MessageFields.ts"

/**
 * `google.rpc.Status`: the body of every OTLP/HTTP error answer, and `grpc-status-details-bin` in gRPC trailers.
 *
 * `retryAfterMillis` travels as a `google.rpc.RetryInfo` among the details
 * (https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto); `undefined`: there is no such hint, and then
 * an OTLP client repeats nothing that answers RESOURCE_EXHAUSTED.
 */
export interface Status {
  /** A gRPC code; a stranger may send any number. */
  readonly code: number
  readonly message: string
  readonly retryAfterMillis?: number | undefined
}

/** Longer messages of a backend are cut: they end in logs and in answers to our own senders. */
export const maxMessageBytes = 4096

export const retryInfoType = "type.googleapis.com/google.rpc.RetryInfo"

/** Longest `google.protobuf.Duration`: 10,000 years. */
const maxSeconds = 315_576_000_000

export const encodeStatus = ({ code, message, retryAfterMillis }: Status): Uint8Array => {
  const status = new FieldWriter().integer(1, code).text(2, message)
  if (retryAfterMillis !== undefined) {
    const { seconds, nanos } = toDuration(retryAfterMillis)
    const delay = new FieldWriter().integer(1, seconds).integer(2, nanos).finish()
    const retryInfo = new FieldWriter().message(1, delay).finish()
    status.message(3, new FieldWriter().text(1, retryInfoType).message(2, retryInfo).finish())
  }
  return status.finish()
}

/** What a peer said went wrong; `undefined` if the bytes are no `google.rpc.Status`. Unknown details are ignored. */
export const decodeStatus = (bytes: Uint8Array): Status | undefined => {
  let code = 0
  let message = ""
  let retryAfterMillis: number | undefined
  const status = new FieldReader(bytes)
  while (status.next()) {
    if (status.isVarint(1)) code = status.low | 0
    else if (status.isMessage(2)) message = status.text(maxMessageBytes)
    else if (status.isMessage(3)) retryAfterMillis = decodeRetryInfo(status.message()) ?? retryAfterMillis
  }
  return status.malformed ? undefined : { code, message, retryAfterMillis }
}

const decodeRetryInfo = (any: FieldReader): number | undefined => {
  let isRetryInfo = false
  let value: FieldReader | undefined
  while (any.next()) {
    if (any.isMessage(1)) isRetryInfo = any.text(retryInfoType.length + 1) === retryInfoType
    else if (any.isMessage(2)) value = any.message()
  }
  if (any.malformed || !isRetryInfo) return undefined
  let seconds = 0
  let nanos = 0
  let hasDelay = false
  while (value?.next()) {
    if (!value.isMessage(1)) continue
    hasDelay = true
    const delay = value.message()
    while (delay.next()) {
      if (delay.isVarint(1)) seconds = delay.int64()
      else if (delay.isVarint(2)) nanos = delay.low | 0
    }
    if (delay.malformed) return undefined
  }
  return value?.malformed || !hasDelay ? undefined : fromDuration(seconds, nanos)
}

/** Milliseconds of a `google.protobuf.Duration`; `undefined` if it is negative or out of its range. */
export const fromDuration = (seconds: number, nanos: number): number | undefined =>
  seconds >= 0 && seconds <= maxSeconds && nanos >= 0 && nanos < 1e9 ? seconds * 1000 + nanos / 1e6 : undefined

export const toDuration = (millis: number): { readonly seconds: number; readonly nanos: number } => {
  const bounded = Math.min(Math.max(0, Math.round(millis)), maxSeconds * 1000)
  const seconds = Math.floor(bounded / 1000)
  return { seconds, nanos: (bounded - seconds * 1000) * 1e6 }
}
