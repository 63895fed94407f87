import { decodeEntry, readDouble, readInt64 } from "../../../domain/otlp/AnyValue.ts"
import { Keys } from "../../../domain/otlp/Attributes.ts"
import { deleteAttribute, setAttribute } from "../../../domain/otlp/EditFields.ts"
import type { EditItem } from "../../../domain/otlp/EditItems.ts"
import { Edits } from "../../../domain/otlp/Edits.ts"
import { BYTES, DOUBLE, INT, STRING } from "../../../domain/otlp/Entry.ts"
import { FIRST_ATTRIBUTE, Logs, TRACE_ID } from "../../../domain/otlp/Logs.ts"
import { encodeUtf8 } from "../../../domain/otlp/Utf8.ts"
import { LENGTH, tagOf } from "../../../domain/otlp/Wire.ts"
import { Bits56, digits } from "../../../domain/sampling/Bits56.ts"
import { isTraceId, setHashRandomness, setTraceIdRandomness } from "../../../domain/sampling/Randomness.ts"
import { Carrier, type Sampler } from "../../../domain/sampling/Sampler.ts"
import { setThreshold } from "../../../domain/sampling/Threshold.ts"

const attributesField = 6

// Keys, in the order in which they are looked for.
const THRESHOLD = 0
const RANDOMNESS = 1
const PRIORITY = 2
const SOURCE = 3

export interface LogSamplingOptions {
  readonly sampler: Sampler
  readonly precision: number
  /** With a seed, randomness is a hash of the trace ID, or of the attribute. */
  readonly hashSeed: number | undefined
  /** Whether the trace ID is looked at first (`hash_seed` only; the other modes know nothing else). */
  readonly usesTraceId: boolean
  /** Attribute to hash; empty for none. */
  readonly fromAttribute: string
  /** Attribute with a percentage of its own; empty for none. */
  readonly priorityAttribute: string
}

/** Samples log records: what spans keep in the tracestate, they keep in `sampling.threshold` and `sampling.randomness`. */
export class LogSampling {
  readonly view = new Logs()
  readonly edits = new Edits()
  private readonly options: LogSamplingOptions
  private readonly keys: Keys
  private readonly carrier = new Carrier()
  private readonly own = new Bits56()
  private readonly priorityThreshold = new Bits56()

  constructor(options: LogSamplingOptions) {
    this.options = options
    const wanted = ["sampling.threshold", "sampling.randomness", options.priorityAttribute, options.fromAttribute]
    this.keys = new Keys(wanted)
  }

  readonly edit: EditItem = (item, _start, end) => {
    const { carrier, keys, view, options } = this
    const { bytes, logs } = view
    const row = item * logs.width
    const firstAttribute = logs.data[row + FIRST_ATTRIBUTE]!
    if (firstAttribute < 0) keys.at.fill(-1)
    else if (keys.find(bytes, firstAttribute, end, attributesField) !== undefined) return false
    this.read()
    const hadThreshold = carrier.hasThreshold
    const hadRandomness = carrier.hasRandomness
    const own = this.ownRandomness(logs.data[row + TRACE_ID]!, logs.data[row + TRACE_ID + 1]!)
    if (!options.sampler.decide(carrier, own, this.priority())) return false
    if (!carrier.hasChanged) return true
    if (carrier.hasRandomness && !hadRandomness) this.set(RANDOMNESS, carrier.randomness, false, end)
    if (!carrier.hasThreshold) {
      if (hadThreshold) deleteAttribute(this.edits, keys, THRESHOLD)
    } else this.set(THRESHOLD, carrier.threshold, true, end)
    return true
  }

  private read(): void {
    const { carrier } = this
    carrier.clear()
    carrier.hasThreshold = this.readHex(THRESHOLD, carrier.threshold, false)
    carrier.hasRandomness = this.readHex(RANDOMNESS, carrier.randomness, true)
  }

  private readHex(key: number, target: Bits56, isFull: boolean): boolean {
    const { keys, carrier, view } = this
    const start = keys.valueStart[key]!
    const end = keys.valueEnd[key]!
    if (keys.at[key] === -1 || keys.types[key] !== STRING || start === end) return false
    const isRead = (!isFull || end - start === digits) && target.readHex(view.bytes, start, end)
    if (!isRead) carrier.isValid = false
    return isRead
  }

  private ownRandomness(start: number, end: number): Bits56 | undefined {
    const { own, view, keys, options } = this
    const { hashSeed } = options
    if (hashSeed === undefined) return setTraceIdRandomness(own, view.bytes, start, end) ? own : undefined
    if (options.usesTraceId && isTraceId(view.bytes, start, end)) {
      setHashRandomness(own, view.bytes, start, end, hashSeed)
      return own
    }
    if (options.fromAttribute === "" || keys.at[SOURCE] === -1) return undefined
    const from = keys.valueStart[SOURCE]!
    const to = keys.valueEnd[SOURCE]!
    const type = keys.types[SOURCE]!
    if (type === STRING || type === BYTES) {
      if (from === to) return undefined
      setHashRandomness(own, view.bytes, from, to, hashSeed)
      return own
    }
    const text = encodeUtf8(String(decodeEntry(view.bytes, type, from, to) ?? ""))
    if (text.length === 0) return undefined
    setHashRandomness(own, text, 0, text.length, hashSeed)
    return own
  }

  private priority(): Bits56 | undefined {
    const { keys, options, view } = this
    if (options.priorityAttribute === "" || keys.at[PRIORITY] === -1) return undefined
    const from = keys.valueStart[PRIORITY]!
    let percentage = 0
    if (keys.types[PRIORITY] === DOUBLE) percentage = readDouble(view.bytes, from)
    else if (keys.types[PRIORITY] === INT) percentage = Number(readInt64(view.bytes, from, keys.valueEnd[PRIORITY]!))
    return setThreshold(this.priorityThreshold, percentage / 100, options.precision) ? this.priorityThreshold : undefined
  }

  /** Writes `KeyValue { key, value: { string_value } }`; every length in it is below 128. */
  private set(key: number, value: Bits56, trim: boolean, recordEnd: number): void {
    const { edits, keys } = this
    const name = keys.patterns[key]!
    edits.reserve(10 + name.length + digits)
    const { arena } = edits
    const from = edits.arenaEnd
    const valueAt = from + 4 + name.length
    const textAt = valueAt + 4
    const end = value.writeHex(arena, textAt, trim)
    arena[from] = tagOf(attributesField, LENGTH)
    arena[from + 1] = end - from - 2
    arena[from + 2] = tagOf(1, LENGTH)
    arena[from + 3] = name.length
    arena.set(name, from + 4)
    arena[valueAt] = tagOf(2, LENGTH)
    arena[valueAt + 1] = end - textAt + 2
    arena[valueAt + 2] = tagOf(STRING, LENGTH)
    arena[valueAt + 3] = end - textAt
    edits.arenaEnd = end
    setAttribute(edits, keys, key, recordEnd, from, end)
  }
}
