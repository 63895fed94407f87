import type { Signal } from "../../Signal.ts"
import { Message, requests, type Field } from "../Messages.ts"
import { FIXED32, FIXED64, LENGTH, tagOf, VARINT } from "../Wire.ts"

/**
 * How a value reads in OTLP/JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): protobuf's JSON mapping, but
 * ids are hex and enums are numbers.
 */
export const JsonKind = {
  message: 0,
  string: 1,
  /** Trace and span ids: hexadecimal. */
  id: 2,
  base64: 3,
  bool: 4,
  /** A number; its name is tolerated on the way in. */
  enum: 5,
  double: 6,
  uint32: 7,
  sint32: 8,
  fixed32: 9,
  /** 64-bit integers: a string; a number is tolerated on the way in. */
  int64: 10,
  uint64: 11,
  fixed64: 12,
  sfixed64: 13
} as const

export type JsonKind = (typeof JsonKind)[keyof typeof JsonKind]

/** A field as both directions of OTLP/JSON need it. */
export interface JsonField {
  /** The lowerCamelCase name. */
  readonly name: string
  readonly kind: JsonKind
  readonly tag: number
  readonly repeated: boolean
  /** Scalars of a repeated field, packed into one length-delimited value. */
  readonly packed: boolean
  readonly oneof: boolean
  /** Zero is something else than absent (members of a oneof, `optional` fields). */
  readonly explicit: boolean
  /** Its bit in a set of fields of the same message. */
  readonly bit: number
  readonly message: JsonMessage | undefined
  readonly enumNames: ReadonlyMap<string, number> | undefined
  /** `"name":` */
  readonly keyBytes: Uint8Array
}

/** A message type of OTLP: its fields by number (to write JSON) and by name (to read it). */
export class JsonMessage {
  readonly byNumber: Array<JsonField | undefined> = []
  private readonly buckets: Array<ReadonlyArray<{ readonly name: Uint8Array; readonly field: JsonField }>> = []

  add(number: number, field: JsonField, originalName: string): void {
    this.byNumber[number] = field
    for (const name of new Set([field.name, originalName])) {
      const bytes = new TextEncoder().encode(name)
      const bucket = bucketOf(bytes, 0, bytes.length)
      this.buckets[bucket] = [...(this.buckets[bucket] ?? []), { name: bytes, field }]
    }
  }

  /** The field whose name (lowerCamelCase, or as in the .proto file) is `[start, end)`. */
  find(bytes: Uint8Array, start: number, end: number): JsonField | undefined {
    if (start === end) return undefined
    const bucket = this.buckets[bucketOf(bytes, start, end)]
    if (bucket === undefined) return undefined
    for (const { name, field } of bucket) {
      if (name.length !== end - start) continue
      let i = 0
      while (i < name.length && name[i] === bytes[start + i]) i++
      if (i === name.length) return field
    }
    return undefined
  }
}

const bucketOf = (bytes: Uint8Array, start: number, end: number): number =>
  ((end - start) * 5 + bytes[start]! * 3 + bytes[end - 1]! * 7 + bytes[start + ((end - start) >> 1)]!) & 63

/** Names that mean the same type wherever they occur in OTLP, where the wire type alone leaves it open. */
const kindsByName: { readonly [originalName: string]: JsonKind } = {
  trace_id: JsonKind.id,
  span_id: JsonKind.id,
  parent_span_id: JsonKind.id,
  bool_value: JsonKind.bool,
  is_monotonic: JsonKind.bool,
  kind: JsonKind.enum,
  code: JsonKind.enum,
  severity_number: JsonKind.enum,
  aggregation_temporality: JsonKind.enum,
  int_value: JsonKind.int64,
  as_int: JsonKind.sfixed64,
  scale: JsonKind.sint32,
  offset: JsonKind.sint32,
  double_value: JsonKind.double,
  as_double: JsonKind.double,
  sum: JsonKind.double,
  min: JsonKind.double,
  max: JsonKind.double,
  quantile: JsonKind.double,
  value: JsonKind.double,
  zero_threshold: JsonKind.double,
  explicit_bounds: JsonKind.double
}

const kindOf = ({ name, kind }: Field): JsonKind => {
  if (kind instanceof Message) return JsonKind.message
  switch (kind) {
    case "string":
      return JsonKind.string
    case "bytes":
      return kindsByName[name] ?? JsonKind.base64
    case "varint":
      return kindsByName[name] ?? JsonKind.uint32
    case "packed varints":
      return JsonKind.uint64
    case "fixed32":
      return JsonKind.fixed32
    case "fixed64":
    case "packed fixed64":
      return kindsByName[name] ?? JsonKind.fixed64
  }
}

export const wireTypeOf = (kind: JsonKind): number => {
  switch (kind) {
    case JsonKind.message:
    case JsonKind.string:
    case JsonKind.id:
    case JsonKind.base64:
      return LENGTH
    case JsonKind.double:
    case JsonKind.fixed64:
    case JsonKind.sfixed64:
      return FIXED64
    case JsonKind.fixed32:
      return FIXED32
    default:
      return VARINT
  }
}

const numbered = (prefix: string, names: ReadonlyArray<string>): ReadonlyMap<string, number> =>
  new Map(names.map((name, number) => [`${prefix}_${name}`, number]))

const severities = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((name) => [name, `${name}2`, `${name}3`, `${name}4`])

const enums: { readonly [originalName: string]: ReadonlyMap<string, number> } = {
  kind: numbered("SPAN_KIND", ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]),
  code: numbered("STATUS_CODE", ["UNSET", "OK", "ERROR"]),
  severity_number: numbered("SEVERITY_NUMBER", ["UNSPECIFIED", ...severities]),
  aggregation_temporality: numbered("AGGREGATION_TEMPORALITY", ["UNSPECIFIED", "DELTA", "CUMULATIVE"])
}

/** `sum`, `min` and `max` of histograms are `optional`; a summary's `sum` is not. */
const isOptional = (message: Message, name: string): boolean =>
  message.name !== "SummaryDataPoint" && (name === "sum" || name === "min" || name === "max")

const compiled = new Map<Message, JsonMessage>()

const compile = (message: Message): JsonMessage => {
  const known = compiled.get(message)
  if (known !== undefined) return known
  const result = new JsonMessage()
  compiled.set(message, result)
  let bit = 1
  message.fields.forEach((field, number) => {
    if (field === undefined) return
    const kind = kindOf(field)
    const packed = field.kind === "packed varints" || field.kind === "packed fixed64"
    const name = field.name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    result.add(
      number,
      {
        name,
        kind,
        tag: tagOf(number, packed ? LENGTH : wireTypeOf(kind)),
        repeated: field.repeated,
        packed,
        oneof: field.oneof,
        explicit: field.oneof || field.repeated || isOptional(message, field.name),
        bit,
        message: field.kind instanceof Message ? compile(field.kind) : undefined,
        enumNames: kind === JsonKind.enum ? enums[field.name] : undefined,
        keyBytes: new TextEncoder().encode(`"${name}":`)
      },
      field.name
    )
    bit <<= 1
  })
  return result
}

/** The export request of each signal. */
export const jsonRequests: { readonly [S in Signal]: JsonMessage } = {
  traces: compile(requests.traces),
  metrics: compile(requests.metrics),
  logs: compile(requests.logs)
}
