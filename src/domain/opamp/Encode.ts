import { encodeUtf8 } from "../otlp/Utf8.ts"
import { FIXED64, LENGTH, tagOf, VARINT } from "../otlp/Wire.ts"
import { varintSize, writeVarint } from "../otlp/Write.ts"
import type { Field, Init, Kind, MessageType, Scalar } from "./MessageType.ts"

/**
 * Writes a message, one way for each content: fields by number, map entries by key, defaults left out, but keys and values of map entries
 * and the sides of a oneof always written, as Go does. So the bytes can be hashed.
 */
export const encode = <A>(type: MessageType<A>, value: Init<A>): Uint8Array => {
  const writer = new Writer()
  writer.message(type, value as Values)
  return writer.finish()
}

type Values = { readonly [field: string]: unknown }

const KEY = 1
const VALUE = 2

/** Writes from the end to the start: a length is known when what it counts stands already. */
class Writer {
  private bytes = new Uint8Array(256)
  private at = 256

  finish(): Uint8Array {
    return this.bytes.slice(this.at)
  }

  message(type: MessageType<unknown>, values: Values): void {
    for (let i = type.fields.length - 1; i >= 0; i--) {
      const field = type.fields[i]!
      const value = values[field.name]
      if (value !== undefined) this.field(field, value)
    }
  }

  private field({ number, kind, label }: Field, value: unknown): void {
    switch (label) {
      case "one":
        if (typeof kind !== "string" || !isDefault(value)) this.value(number, kind, value)
        return
      case "oneof":
        return this.value(number, kind, value)
      case "list":
        for (const element of (value as ReadonlyArray<unknown>).toReversed()) this.value(number, kind, element)
        return
      case "map":
        return this.entries(number, kind, value as ReadonlyMap<string, unknown>)
    }
  }

  private entries(number: number, kind: Kind, map: ReadonlyMap<string, unknown>): void {
    for (const key of [...map.keys()].sort().reverse()) {
      const end = this.at - this.bytes.length
      this.value(VALUE, kind, map.get(key))
      this.value(KEY, "string", key)
      this.head(number, end)
    }
  }

  private value(number: number, kind: Kind, value: unknown): void {
    if (typeof kind === "string") return this.scalar(number, kind, value)
    const end = this.at - this.bytes.length
    this.message(kind(), value as Values)
    this.head(number, end)
  }

  private scalar(number: number, kind: Scalar, value: unknown): void {
    switch (kind) {
      case "bytes":
        return this.payload(number, value as Uint8Array)
      case "string":
        return this.payload(number, encodeUtf8(value as string))
      case "bool":
        return this.varint(number, value === true ? 1n : 0n)
      case "uint53":
      case "bits":
      case "enum":
        return this.varint(number, BigInt.asUintN(64, BigInt(value as number)))
      case "uint64":
      case "int64":
        return this.varint(number, BigInt.asUintN(64, value as bigint))
      case "fixed64":
      case "double": {
        const at = this.room(8)
        const view = new DataView(this.bytes.buffer)
        if (kind === "double") view.setFloat64(at, value as number, true)
        else view.setBigUint64(at, value as bigint, true)
        return this.small(tagOf(number, FIXED64))
      }
    }
  }

  private payload(number: number, content: Uint8Array): void {
    const end = this.at - this.bytes.length
    const at = this.room(content.length)
    this.bytes.set(content, at)
    this.head(number, end)
  }

  /** The tag and length of what has been written since `end`, which counts from the end of the buffer. */
  private head(number: number, end: number): void {
    this.small(end - (this.at - this.bytes.length))
    this.small(tagOf(number, LENGTH))
  }

  private varint(number: number, value: bigint): void {
    const groups: Array<number> = []
    let rest = value
    do {
      groups.push(Number(rest & 0x7fn))
      rest >>= 7n
    } while (rest > 0n)
    const at = this.room(groups.length)
    for (const [i, group] of groups.entries()) this.bytes[at + i] = i === groups.length - 1 ? group : group | 0x80
    this.small(tagOf(number, VARINT))
  }

  private small(value: number): void {
    const at = this.room(varintSize(value))
    writeVarint(this.bytes, at, value)
  }

  /** Makes room for `size` bytes before what stands, and says where they begin. */
  private room(size: number): number {
    if (size > this.at) {
      const written = this.bytes.length - this.at
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, size + written))
      larger.set(this.bytes.subarray(this.at), larger.length - written)
      this.bytes = larger
      this.at = larger.length - written
    }
    this.at -= size
    return this.at
  }
}

const isDefault = (value: unknown): boolean =>
  value === 0
    ? !Object.is(value, -0)
    : value === "" || value === false || value === 0n || (value instanceof Uint8Array && value.length === 0)
