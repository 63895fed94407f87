/** OTLP/JSON as it comes out of `JSON.parse`: the shape that the texts of `debug` are made from. */
export interface Json {
  readonly [field: string]: unknown
}

export const list = (of: Json | undefined, name: string): ReadonlyArray<Json> => (of?.[name] ?? []) as ReadonlyArray<Json>
export const child = (of: Json | undefined, name: string): Json | undefined => of?.[name] as Json | undefined
export const textOf = (of: Json | undefined, name: string): string => String(of?.[name] ?? "")
export const countOf = (of: Json | undefined, name: string): string => String(of?.[name] ?? "0")

/** A value as Go's `AsString` has it: maps and lists as JSON with sorted keys, bytes as base64. */
export const plain = (value: Json | undefined): string => {
  if (value === undefined) return ""
  if (value["arrayValue"] !== undefined || value["kvlistValue"] !== undefined) return nested(value)
  return String(value["stringValue"] ?? value["intValue"] ?? value["doubleValue"] ?? value["boolValue"] ?? value["bytesValue"] ?? "")
}

const nested = (value: Json): string => {
  const string = value["stringValue"] ?? value["bytesValue"]
  if (string !== undefined) return JSON.stringify(string)
  const array = child(value, "arrayValue")
  if (array !== undefined) return `[${list(array, "values").map(nested).join(",")}]`
  const map = child(value, "kvlistValue")
  if (map === undefined) return String(value["intValue"] ?? value["doubleValue"] ?? value["boolValue"] ?? "null")
  const members = list(map, "values").map((entry) => [textOf(entry, "key"), nested(child(entry, "value") ?? {})] as const)
  return `{${members
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, text]) => `${JSON.stringify(key)}:${text}`)
    .join(",")}}`
}

const types: ReadonlyArray<readonly [field: string, type: string]> = [
  ["stringValue", "Str"],
  ["intValue", "Int"],
  ["doubleValue", "Double"],
  ["boolValue", "Bool"],
  ["bytesValue", "Bytes"],
  ["arrayValue", "Slice"],
  ["kvlistValue", "Map"]
]

/** `Str(GET)`. */
export const typed = (value: Json | undefined): string =>
  `${types.find(([field]) => value?.[field] !== undefined)?.[1] ?? "Empty"}(${plain(value)})`

/** `2018-12-13 14:51:00.3 +0000 UTC`, from nanoseconds since 1970. */
export const instant = (nanos: string): string => {
  const padded = nanos.padStart(10, "0")
  const fraction = padded.slice(-9).replace(/0+$/, "")
  const date = new Date(Number(padded.slice(0, -9)) * 1000).toISOString()
  return `${date.slice(0, 10)} ${date.slice(11, 19)}${fraction === "" ? "" : `.${fraction}`} +0000 UTC`
}

/** Go's `%f`. */
export const float = (value: unknown): string => {
  const number = Number(value ?? 0)
  if (Number.isNaN(number)) return "NaN"
  return Number.isFinite(number) ? number.toFixed(6) : number > 0 ? "+Inf" : "-Inf"
}

/** The buckets of an exponential histogram, from the lowest value to the highest; bounds are base^index, base = 2^(2^-scale). */
export const exponentialBuckets = (point: Json): ReadonlyArray<{ readonly from: number; readonly to: number; readonly count: string }> => {
  const base = 2 ** (2 ** -Number(point["scale"] ?? 0))
  const side = (name: string) => {
    const buckets = child(point, name)
    const offset = Number(buckets?.["offset"] ?? 0)
    const counts = (buckets?.["bucketCounts"] ?? []) as ReadonlyArray<string>
    return counts.map((count, index) => ({ lower: base ** (offset + index), upper: base ** (offset + index + 1), count }))
  }
  const negative = side("negative")
    .toReversed()
    .map(({ lower, upper, count }) => ({ from: -upper, to: -lower, count }))
  const zero = countOf(point, "zeroCount") === "0" ? [] : [{ from: 0, to: 0, count: countOf(point, "zeroCount") }]
  return [...negative, ...zero, ...side("positive").map(({ lower, upper, count }) => ({ from: lower, to: upper, count }))]
}

export const dataOf = (metric: Json): readonly [type: string, data: Json] | undefined => {
  for (const name of ["gauge", "sum", "histogram", "exponentialHistogram", "summary"]) {
    const data = child(metric, name)
    if (data !== undefined) return [name.charAt(0).toUpperCase() + name.slice(1), data]
  }
  return undefined
}
