import type { Signal } from "../../Signal.ts"
import { FieldReader, FieldWriter } from "./MessageFields.ts"
import { isObject, parseObject } from "./SmallJson.ts"
import { maxMessageBytes } from "./Status.ts"

/**
 * What an `Export*ServiceResponse` says: how many items were rejected for good, and why. `rejected: 0` with a message is a warning.
 * The binary form is the same for all signals.
 */
export interface PartialSuccess {
  /** 0 or more; never trusted to be at most what was sent. */
  readonly rejected: number
  readonly message: string
}

/** Full success leaves `partial_success` unset, as the specification demands: zero bytes. */
export const encodeResponse = (partial: PartialSuccess | undefined): Uint8Array =>
  partial === undefined
    ? new Uint8Array(0)
    : new FieldWriter().message(1, new FieldWriter().integer(1, partial.rejected).text(2, partial.message).finish()).finish()

/** `undefined` if the bytes are no response at all; full success is `{ rejected: 0, message: "" }`. */
export const decodeResponse = (bytes: Uint8Array): PartialSuccess | undefined => {
  let rejected = 0
  let message = ""
  const response = new FieldReader(bytes)
  while (response.next()) {
    if (!response.isMessage(1)) continue
    const partial = response.message()
    while (partial.next()) {
      if (partial.isVarint(1)) rejected = partial.int64()
      else if (partial.isMessage(2)) message = partial.text(maxMessageBytes)
    }
    if (partial.malformed) return undefined
  }
  return response.malformed ? undefined : { rejected: itemCount(rejected), message }
}

const rejectedName: { readonly [S in Signal]: string } = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords"
}

const rejectedOriginalName: { readonly [S in Signal]: string } = {
  traces: "rejected_spans",
  metrics: "rejected_data_points",
  logs: "rejected_log_records"
}

/** `{}`, or `{"partialSuccess":{"rejectedSpans":"3","errorMessage":"…"}}`: int64 is a string in protobuf's JSON. */
export const encodeResponseJson = (signal: Signal, partial: PartialSuccess | undefined): Uint8Array =>
  new TextEncoder().encode(
    partial === undefined
      ? "{}"
      : JSON.stringify({ partialSuccess: { [rejectedName[signal]]: String(partial.rejected), errorMessage: partial.message } })
  )

/** As `decodeResponse`, from JSON. */
export const decodeResponseJson = (signal: Signal, bytes: Uint8Array): PartialSuccess | undefined => {
  const response = parseObject(bytes)
  if (response === undefined) return undefined
  const partial = response["partialSuccess"] ?? response["partial_success"]
  if (!isObject(partial)) return { rejected: 0, message: "" }
  const rejected = partial[rejectedName[signal]] ?? partial[rejectedOriginalName[signal]]
  const message = partial["errorMessage"] ?? partial["error_message"]
  return {
    rejected: typeof rejected === "string" || typeof rejected === "number" ? itemCount(Number(rejected)) : 0,
    message: typeof message === "string" ? message.slice(0, maxMessageBytes) : ""
  }
}

/** A count from a stranger: negative, fractional and absurd ones become something that can be added up. */
const itemCount = (value: number): number => (value > 0 ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : 0)
