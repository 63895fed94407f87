// The independent codec of the tests: protobufjs over opamp.proto. It knows nothing of the tables in src/domain/opamp.
import { readFileSync } from "node:fs"
import protobuf from "protobufjs"
import type { Random } from "../Random.ts"

const root = protobuf.parse(readFileSync(new URL("opamp.proto", import.meta.url), "utf8")).root.resolveAll()

export const typeOf = (name: string): protobuf.Type => root.lookupType(`opamp.proto.v1.${name}`)

/** Message content without defaults; maps are `Map`s, 64-bit integers bigints (numbers where `numbers` says so). */
export type Plain = { readonly [field: string]: unknown }

/** uint64 fields that Weir reads as numbers. */
const numbers = new Set(["sequenceNum", "capabilities", "flags", "heartbeatIntervalSeconds"])

const { Long } = protobuf.util as unknown as { readonly Long: { fromString(text: string, unsigned: boolean): unknown } }

const scalarOf = (type: string, value: unknown): unknown =>
  type.endsWith("64") ? Long.fromString(String(value), !type.startsWith("int")) : value

const toReference = (type: protobuf.Type, plain: Plain): Plain =>
  Object.fromEntries(
    Object.entries(plain).map(([name, value]) => {
      const field = type.fields[name]!
      const one = (v: unknown): unknown =>
        field.resolvedType instanceof protobuf.Type ? toReference(field.resolvedType, v as Plain) : scalarOf(field.type, v)
      if (field.map) return [name, Object.fromEntries([...(value as ReadonlyMap<string, unknown>)].map(([key, v]) => [key, one(v)]))]
      return [name, field.repeated ? (value as ReadonlyArray<unknown>).map(one) : one(value)]
    })
  )

export const encodeReference = (name: string, plain: Plain): Uint8Array<ArrayBuffer> => {
  const type = typeOf(name)
  return Uint8Array.from(type.encode(toReference(type, plain)).finish())
}

const text = (random: Random): string => random.pick(["", "a", "service.name", "gw", "größe", "𝄞", "x".repeat(200), "text/yaml"]).slice()
const bytes = (random: Random): Uint8Array => Uint8Array.from({ length: random.int(24) }, () => random.int(256))
const int64 = (random: Random): bigint =>
  random.pick([0n, 1n, 127n, 128n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, BigInt(random.int(1 << 30))])

const randomScalar = (type: string, name: string, random: Random): unknown => {
  switch (type) {
    case "string":
      return text(random)
    case "bytes":
      return bytes(random)
    case "bool":
      return random.chance(0.5)
    case "double":
      return random.pick([0, -0, 1.5, -1e300, 5e-324, Infinity])
    case "int32":
      return random.int(5)
    case "int64":
      return random.chance(0.5) ? int64(random) : -int64(random)
    default:
      return numbers.has(name) ? random.pick([0, 1, 0x3807, 300, 0xffffffff]) : random.pick([int64(random), 2n ** 64n - 1n])
  }
}

const isDefault = (value: unknown): boolean =>
  Object.is(value, 0) || value === "" || value === false || value === 0n || (value instanceof Uint8Array && value.length === 0)

/** Any message: every field may be there, at every depth down to `depth`. */
export const randomMessage = (type: protobuf.Type, random: Random, depth = 4): Plain => {
  const plain: { [field: string]: unknown } = {}
  const chosen = new Map(type.oneofsArray.map((oneof) => [oneof, random.pick(oneof.fieldsArray)]))
  for (const field of type.fieldsArray) {
    if (random.chance(0.4) || (field.partOf !== null && chosen.get(field.partOf) !== field)) continue
    const nested = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined
    if (nested !== undefined && depth === 0) continue
    const one = (): unknown =>
      nested === undefined ? randomScalar(field.type, field.name, random) : randomMessage(nested, random, depth - 1)
    const few = Array.from({ length: random.int(4) })
    if (field.map)
      plain[field.name] = new Map(few.map((): [string, unknown] => [text(random), one()]).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
    else if (field.repeated) plain[field.name] = few.map(one)
    else {
      const value = one()
      if (field.partOf !== null || !isDefault(value)) plain[field.name] = value
    }
    const value = plain[field.name]
    if ((Array.isArray(value) && value.length === 0) || (value instanceof Map && value.size === 0)) delete plain[field.name]
  }
  return plain
}

/** A decoded message without what has the default, comparable with what `randomMessage` makes. */
export const withoutDefaults = (value: unknown): unknown => {
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value
  if (value instanceof Map) return new Map([...value].map(([key, v]) => [key, withoutDefaults(v)]))
  if (Array.isArray(value)) return value.map(withoutDefaults)
  const entries = Object.entries(value).filter(
    ([name, v]) => name.endsWith("Value") || !(isDefault(v) || (Array.isArray(v) && v.length === 0) || (v instanceof Map && v.size === 0))
  )
  return Object.fromEntries(entries.map(([name, v]) => [name, withoutDefaults(v)]))
}

/** What the independent codec reads: fields that are there, longs as numbers, maps as objects. */
// oxlint-disable-next-line typescript/no-explicit-any
export const decodeReference = (name: string, bytes: Uint8Array): any =>
  typeOf(name).toObject(typeOf(name).decode(bytes), { longs: Number })
