import { createTraceState, type TraceState as ApiTraceState } from "@opentelemetry/api"
import { Bits56, half } from "../../domain/sampling/Bits56.ts"
import { Carrier } from "../../domain/sampling/Sampler.ts"
import { TraceState } from "../../domain/sampling/TraceState.ts"

/**
 * The randomness of a trace ID in hexadecimal, its last 56 bits (W3C Trace Context level 2). `false`: it is no trace ID.
 */
export const setHexRandomness = (randomness: Bits56, traceId: string): boolean => {
  if (traceId.length !== 32) return false
  const high = Number.parseInt(traceId.slice(18, 25), 16)
  const low = Number.parseInt(traceId.slice(25), 16)
  if (!(high >= 0 && high < half && low >= 0 && low < half)) return false
  randomness.set(high, low)
  return true
}

const digits = new Uint8Array(14)

/** The state of a span whose only history is this threshold. Immutable, so that many spans share it. */
export const stateOf = (threshold: Bits56): ApiTraceState =>
  createTraceState(`ot=th:${Buffer.from(digits.subarray(0, threshold.writeHex(digits, 0, true))).toString("latin1")}`)

/** Between the API's `tracestate`, a list of texts, and our reader and writer of bytes. One is reused for many spans. */
export class OtState {
  readonly carrier = new Carrier()
  private readonly state = new TraceState()
  private readonly written = new Uint8Array(TraceState.maxWritten)

  read(state: ApiTraceState | undefined): Carrier {
    const bytes = state === undefined ? undefined : Buffer.from(state.serialize(), "utf8")
    if (bytes === undefined || bytes.length === 0) this.state.read(this.written, -1, -1, this.carrier)
    else this.state.read(bytes, 0, bytes.length, this.carrier)
    return this.carrier
  }

  /** What was read, with what the carrier says now. */
  write(): ApiTraceState {
    return createTraceState(Buffer.from(this.written.subarray(0, this.state.write(this.written, 0, this.carrier))).toString("utf8"))
  }
}
