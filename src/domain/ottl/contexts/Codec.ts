/** How the bytes of a field are read as a value, and a value is written as its bytes. */
export const Codec = {
  text: 0,
  /** Varint of 32 bits without sign; writing cuts to 32 bits. */
  uint32: 1,
  /** Varint of an int32. */
  enum: 2,
  fixed64: 3,
  time: 4,
  fixed32: 5,
  /** As `fixed32`, but numbers that do not fit are refused. */
  checkedFixed32: 6,
  traceId: 7,
  traceIdText: 8,
  spanId: 9,
  spanIdText: 10,
  kindText: 11,
  kindOldText: 12,
  struct: 13,
  statusCode: 14,
  statusMessage: 15,
  any: 16,
  anyText: 17,
  valueInt: 18,
  valueDouble: 19,
  double: 20,
  sint32: 21,
  fixedList: 22,
  doubleList: 23,
  bucketsOffset: 24,
  bucketsCounts: 25,
  structs: 26,
  metricType: 27,
  temporality: 28,
  monotonic: 29,
  traceState: 30
} as const
export type Codec = (typeof Codec)[keyof typeof Codec]
