import { Bits56 } from "../../../domain/sampling/Bits56.ts"
import { isTraceId, setHashRandomness, setTraceIdRandomness } from "../../../domain/sampling/Randomness.ts"
import { Carrier, type Sampler } from "../../../domain/sampling/Sampler.ts"
import { TraceState } from "../../../domain/sampling/TraceState.ts"
import { readDouble } from "../../../domain/otlp/AnyValue.ts"
import { Keys } from "../../../domain/otlp/Attributes.ts"
import type { EditItem } from "../../../domain/otlp/EditItems.ts"
import { setField } from "../../../domain/otlp/EditFields.ts"
import { Edits } from "../../../domain/otlp/Edits.ts"
import { DOUBLE, INT, STRING } from "../../../domain/otlp/Entry.ts"
import { FIRST_ATTRIBUTE, TRACE_ID, TRACE_STATE, Traces } from "../../../domain/otlp/Traces.ts"
import { decodeUtf8 } from "../../../domain/otlp/Utf8.ts"
import { LENGTH, tagOf, varintHigh, varintLow } from "../../../domain/otlp/Wire.ts"
import { writeVarint } from "../../../domain/otlp/Write.ts"

const traceStateField = 3
const attributesField = 9

const never = new Bits56().setNever()
const always = new Bits56()

/** Samples spans: randomness from the trace ID or `rv`, the threshold written to `ot=th` of the tracestate. */
export class SpanSampling {
  readonly view = new Traces()
  readonly edits = new Edits()
  private readonly sampler: Sampler
  private readonly hashSeed: number | undefined
  private readonly carrier = new Carrier()
  private readonly state = new TraceState()
  private readonly own = new Bits56()
  private readonly keys = new Keys(["sampling.priority"])

  /** With a seed, randomness is a hash of the trace ID. */
  constructor(sampler: Sampler, hashSeed: number | undefined) {
    this.sampler = sampler
    this.hashSeed = hashSeed
  }

  readonly edit: EditItem = (item, start, end) => {
    const { carrier, view, state } = this
    const { bytes, spans } = view
    const row = item * spans.width
    state.read(bytes, spans.data[row + TRACE_STATE]!, spans.data[row + TRACE_STATE + 1]!, carrier)
    const own = this.ownRandomness(spans.data[row + TRACE_ID]!, spans.data[row + TRACE_ID + 1]!)
    const firstAttribute = spans.data[row + FIRST_ATTRIBUTE]!
    const priority = firstAttribute < 0 ? undefined : this.priority(firstAttribute, end)
    if (!this.sampler.decide(carrier, own, priority)) return false
    if (carrier.hasChanged) this.write(start, end, spans.data[row + TRACE_STATE]! >= 0)
    return true
  }

  private ownRandomness(start: number, end: number): Bits56 | undefined {
    const { own, view, hashSeed } = this
    if (hashSeed === undefined) return setTraceIdRandomness(own, view.bytes, start, end) ? own : undefined
    if (!isTraceId(view.bytes, start, end)) return undefined
    setHashRandomness(own, view.bytes, start, end, hashSeed)
    return own
  }

  /** `sampling.priority` as OpenTracing meant it: 0 drops the span, more keeps it. */
  private priority(firstAttribute: number, end: number): Bits56 | undefined {
    const { keys, view } = this
    const { bytes } = view
    if (keys.find(bytes, firstAttribute, end, attributesField) !== undefined || keys.at[0] === -1) return undefined
    const from = keys.valueStart[0]!
    const to = keys.valueEnd[0]!
    let value = -1
    if (keys.types[0] === INT) {
      const high = varintHigh(bytes, from, to)
      const low = varintLow(bytes, from, to)
      value = high === 0 && low === 0 ? 0 : high
      if (high === 0 && low !== 0) value = 1
    } else if (keys.types[0] === DOUBLE) value = readDouble(bytes, from)
    else if (keys.types[0] === STRING) value = parseNumber(decodeUtf8(bytes, from, to))
    return value === 0 ? never : value > 0 ? always : undefined
  }

  private write(start: number, end: number, wasPresent: boolean): void {
    const { edits, view, state, carrier } = this
    // Tag, a length of at most two bytes, and the state, which is written first to know its length.
    edits.reserve(3 + TraceState.maxWritten)
    const at = edits.arenaEnd
    const stateEnd = state.write(edits.arena, at + 3, carrier)
    const length = stateEnd - at - 3
    const from = length < 0x80 ? at + 1 : at
    edits.arena[from] = tagOf(traceStateField, LENGTH)
    writeVarint(edits.arena, from + 1, length)
    edits.arenaEnd = stateEnd
    if (wasPresent) setField(edits, view.bytes, start, end, traceStateField, from, stateEnd)
    else edits.insert(end, from, stateEnd)
  }
}

/** A decimal number, or -1: no priority. */
const parseNumber = (text: string): number => (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : -1)
