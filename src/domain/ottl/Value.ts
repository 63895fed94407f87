/**
 * How a value is handed from one part of the engine to the next without an object: a function returns a small tag and leaves the
 * payload in `X` (and a double in `F[0]`). Nothing here survives the next evaluation; keep what you need in locals.
 *
 * - bytes of any kind (`String`, `Bytes`, ids, `List`, `Map`, ...): `X[0]` is where they lie (0 the source, 1 the arena), `X[1]` and
 *   `X[2]` are start and end. A list or map is the payload of an OTLP `ArrayValue` or `KeyValueList`;
 * - `Bool`, `Int`, `Time`, `Duration`: a signed 64-bit number, `X[1]` its high and `X[2]` its low half; times and durations count nanoseconds.
 */
export const Tag = {
  Error: -1,
  Nil: 0,
  String: 1,
  Bool: 2,
  Int: 3,
  Double: 4,
  List: 5,
  Map: 6,
  Bytes: 7,
  TraceId: 8,
  SpanId: 9,
  Time: 10,
  Duration: 11,
  /** A message such as a status or the buckets of an exponential histogram, as protobuf bytes. */
  Struct: 12,
  /** Records of a repeated message field (events, links, data points), each with its tag. */
  Structs: 13,
  /** Packed little-endian 64-bit integers without sign. */
  UintList: 14,
  /** Packed little-endian doubles. */
  DoubleList: 15
} as const

export const X = new Int32Array(4)
export const F = new Float64Array(1)

const half = new Int32Array(2)
const whole = new Float64Array(half.buffer)

/** The double whose bits are the 64-bit number (high, low). */
export const doubleFromBits = (high: number, low: number): number => {
  half[0] = low
  half[1] = high
  return whole[0]!
}

export const highBits = (value: number): number => {
  whole[0] = value
  return half[1]!
}

export const lowBits = (value: number): number => {
  whole[0] = value
  return half[0]!
}

/** The nearest double to the signed 64-bit number (high, low); exact below 2^53. */
export const toDouble = (high: number, low: number): number => high * 4294967296 + (low >>> 0)

/** Leaves a place in `X`: bytes of the type `tag`, which it returns. */
export const setRange = (where: number, start: number, end: number, tag: number): number => {
  X[0] = where
  X[1] = start
  X[2] = end
  return tag
}

/** Leaves a whole number below 2^53 in `X`. */
export const setInt = (value: number): void => {
  X[1] = Math.floor(value / 4294967296)
  X[2] = value | 0
  if (value > 2147483647 || value < -2147483648) X[2] = value - X[1]! * 4294967296
}

export const setBigInt = (value: bigint): void => {
  X[1] = Number(BigInt.asIntN(32, value >> 32n))
  X[2] = Number(BigInt.asIntN(32, value))
}

export const toBigInt = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0)

/** Run-time failures, as the low cause of an `Error` tag; see `failureText`. */
export const Failure = {
  None: 0,
  Type: 1,
  Unsupported: 2,
  Index: 3,
  Missing: 4,
  DivideByZero: 5,
  Format: 6,
  ReadOnly: 7,
  Range: 8,
  Pattern: 9,
  Malformed: 10
} as const

export const failureText: ReadonlyArray<string> = [
  "no failure",
  "a value has another type than expected",
  "a value of this type cannot be stored there",
  "an index is out of range or of the wrong type",
  "a key is missing",
  "division by zero",
  "a text cannot be converted",
  "the path cannot be written",
  "a number is out of range",
  "invalid regular expression",
  "the data is not valid OTLP"
]
