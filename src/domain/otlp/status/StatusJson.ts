import { fromDuration, maxMessageBytes, retryInfoType, type Status, toDuration } from "./Status.ts"
import { isObject, parseObject } from "./SmallJson.ts"

/** `google.rpc.Status` in protobuf's JSON form, for senders that speak OTLP/JSON. */
export const encodeStatusJson = ({ code, message, retryAfterMillis }: Status): Uint8Array => {
  const details = retryAfterMillis === undefined ? undefined : [{ "@type": retryInfoType, retryDelay: durationText(retryAfterMillis) }]
  return new TextEncoder().encode(JSON.stringify({ code, message, details }))
}

/** What a peer said went wrong, in JSON; `undefined` if the bytes are no JSON object. */
export const decodeStatusJson = (bytes: Uint8Array): Status | undefined => {
  const status = parseObject(bytes)
  if (status === undefined) return undefined
  const { code, message, details } = status
  let retryAfterMillis: number | undefined
  if (Array.isArray(details)) {
    for (const detail of details) {
      if (!isObject(detail) || detail["@type"] !== retryInfoType) continue
      const delay = detail["retryDelay"] ?? detail["retry_delay"]
      if (typeof delay === "string") retryAfterMillis = parseDurationText(delay) ?? retryAfterMillis
    }
  }
  return {
    code: Number.isInteger(code) ? (code as number) | 0 : 0,
    message: typeof message === "string" ? message.slice(0, maxMessageBytes) : "",
    retryAfterMillis
  }
}

/** `1.500s`: protobuf writes 0, 3, 6 or 9 decimals. */
const durationText = (millis: number): string => {
  const { seconds, nanos } = toDuration(millis)
  return nanos === 0 ? `${seconds}s` : `${seconds}.${String(nanos / 1e6).padStart(3, "0")}s`
}

const parseDurationText = (text: string): number | undefined => {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text)
  return match === null ? undefined : fromDuration(Number(match[1]), Number((match[2] ?? "0").padEnd(9, "0")))
}
