import { decodeUtf8 } from "../otlp/Utf8.ts"
import { explain, FIXED64, fieldEnd, LENGTH, tagValue, VARINT, varintEnd, varintHigh, varintLow, varintValue } from "../otlp/Wire.ts"
import { MalformedMessage } from "./MalformedMessage.ts"
import type { Field, Kind, MessageType, Scalar } from "./MessageType.ts"

/** How deep messages may nest: health and components nest in themselves, and a stack is finite. */
export const maxNesting = 32

/** How many list elements, map entries and sub-messages one message may have: two bytes each on the wire, a hundred in memory. */
export const maxElements = 65_536

/**
 * Reads a message. What is read does not point into `bytes`. Fields that are not known, or that have another wire type, are passed over;
 * repeated singular fields are merged; text that is not UTF-8 gets U+FFFD.
 */
export const decode = <A>(type: MessageType<A>, bytes: Uint8Array): A | MalformedMessage => {
  const reader = new Reader(bytes)
  const value = empty(type)
  reader.message(type, value, 0, bytes.length, 1)
  return reader.fault ?? (value as A)
}

type Mutable = { [field: string]: unknown }

const nothing = new Uint8Array(0)

const defaults: { readonly [K in Scalar]: unknown } = {
  bytes: nothing,
  string: "",
  bool: false,
  uint53: 0,
  bits: 0,
  uint64: 0n,
  fixed64: 0n,
  int64: 0n,
  double: 0,
  enum: 0
}

const empty = (type: MessageType<unknown>): Mutable => {
  const value: Mutable = {}
  for (const { name, kind, label } of type.fields) {
    if (label === "list") value[name] = []
    else if (label === "map") value[name] = new Map()
    else if (label === "one" && typeof kind === "string") value[name] = defaults[kind]
  }
  return value
}

const wireTypes: { readonly [K in Scalar]: number } = {
  bytes: LENGTH,
  string: LENGTH,
  bool: VARINT,
  uint53: VARINT,
  bits: VARINT,
  uint64: VARINT,
  fixed64: FIXED64,
  int64: VARINT,
  double: FIXED64,
  enum: VARINT
}

const wireTypeOf = ({ kind, label }: Field): number => (label === "map" || typeof kind !== "string" ? LENGTH : wireTypes[kind])

/** The methods say whether to go on; if not, `fault` is there. */
class Reader {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private elements = 0
  fault: MalformedMessage | undefined = undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  message(type: MessageType<unknown>, into: Mutable, start: number, end: number, depth: number): boolean {
    if (depth > maxNesting) return this.refuse(start, `${type.name} nests deeper than ${maxNesting} messages`)
    const { bytes } = this
    for (let pos = start, next: number; pos < end; pos = next) {
      next = fieldEnd(bytes, pos, end)
      if (next < 0) return this.broken(type.name, pos, end)
      const valueAt = varintEnd(bytes, pos, end)
      const tag = tagValue(bytes, pos, valueAt)
      const field = type.byNumber[Math.floor(tag / 8)]
      if (field !== undefined && wireTypeOf(field) === (tag & 7) && !this.field(type, field, into, valueAt, next, depth)) return false
    }
    return true
  }

  private field(type: MessageType<unknown>, field: Field, into: Mutable, at: number, end: number, depth: number): boolean {
    const { name, kind, label } = field
    if (label === "oneof") for (const other of type.fields) if (other.label === "oneof" && other !== field) delete into[other.name]
    if (label === "map") return this.count(at) && this.entry(kind, into[name] as Map<string, unknown>, at, end, depth)
    if (typeof kind === "string") {
      const value = this.scalar(kind, at, end)
      if (label !== "list") into[name] = value
      else {
        if (!this.count(at)) return false
        ;(into[name] as Array<unknown>).push(value)
      }
      return true
    }
    if (!this.count(at)) return false
    const nested = kind()
    const value = (label === "list" ? undefined : (into[name] as Mutable | undefined)) ?? empty(nested)
    if (label === "list") (into[name] as Array<unknown>).push(value)
    else into[name] = value
    return this.message(nested, value, this.payload(at), end, depth + 1)
  }

  /** An entry of a map: a message of its own, whose key or value may be left out; the last one of a key holds. */
  private entry(kind: Kind, into: Map<string, unknown>, at: number, end: number, depth: number): boolean {
    const { bytes } = this
    let key = ""
    let value: unknown = typeof kind === "string" ? defaults[kind] : empty(kind())
    for (let pos = this.payload(at), next: number; pos < end; pos = next) {
      next = fieldEnd(bytes, pos, end)
      if (next < 0) return this.broken("a map entry", pos, end)
      const valueAt = varintEnd(bytes, pos, end)
      const tag = tagValue(bytes, pos, valueAt)
      if (tag === KEY) key = this.scalar("string", valueAt, next) as string
      else if (tag === VALUE && typeof kind === "string") value = this.scalar(kind, valueAt, next)
      else if (tag === VALUE && typeof kind !== "string") {
        if (!this.message(kind(), value as Mutable, this.payload(valueAt), next, depth + 1)) return false
      }
    }
    into.set(key, value)
    return true
  }

  /** Where the payload of the length-delimited value at `at` begins. */
  private payload(at: number): number {
    return varintEnd(this.bytes, at, this.bytes.length)
  }

  private scalar(kind: Scalar, at: number, end: number): unknown {
    const { bytes, view } = this
    switch (kind) {
      case "bytes":
        return bytes.slice(this.payload(at), end)
      case "string":
        return decodeUtf8(bytes, this.payload(at), end)
      case "bool":
        return varintLow(bytes, at, end) !== 0 || varintHigh(bytes, at, end) !== 0
      case "uint53":
        return Math.min(varintValue(bytes, at, end), Number.MAX_SAFE_INTEGER)
      case "bits":
        return varintLow(bytes, at, end) >>> 0
      case "enum":
        return varintLow(bytes, at, end)
      case "uint64":
        return BigInt.asUintN(64, this.integer(at, end))
      case "int64":
        return BigInt.asIntN(64, this.integer(at, end))
      case "fixed64":
        return view.getBigUint64(at, true)
      case "double":
        return view.getFloat64(at, true)
    }
  }

  private integer(at: number, end: number): bigint {
    return (BigInt(varintHigh(this.bytes, at, end)) << 32n) | BigInt(varintLow(this.bytes, at, end) >>> 0)
  }

  private count(at: number): boolean {
    return ++this.elements <= maxElements || this.refuse(at, `more than ${maxElements} elements in one message`)
  }

  private broken(where: string, pos: number, end: number): false {
    const { offset, message } = explain(this.bytes, pos, end)
    return this.refuse(offset, `in ${where}: ${message}`)
  }

  private refuse(offset: number, message: string): false {
    this.fault = new MalformedMessage(offset, message)
    return false
  }
}

const KEY = (1 << 3) | LENGTH
const VALUE = (2 << 3) | LENGTH
