import { list, message, type MessageType, oneof, oneofSub, string, sub } from "./MessageType.ts"

/** At most one of these is there; none is the empty value. */
export interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: bigint
  readonly doubleValue?: number
  readonly arrayValue?: ArrayValue
  readonly kvlistValue?: KeyValueList
  readonly bytesValue?: Uint8Array
}

export interface ArrayValue {
  readonly values: ReadonlyArray<AnyValue>
}

export interface KeyValueList {
  readonly values: ReadonlyArray<KeyValue>
}

export interface KeyValue {
  readonly key: string
  readonly value?: AnyValue
}

export const AnyValue: MessageType<AnyValue> = message<AnyValue>("AnyValue", {
  stringValue: oneof(1, "string"),
  boolValue: oneof(2, "bool"),
  intValue: oneof(3, "int64"),
  doubleValue: oneof(4, "double"),
  arrayValue: oneofSub(5, () => ArrayValue),
  kvlistValue: oneofSub(6, () => KeyValueList),
  bytesValue: oneof(7, "bytes")
})

export const ArrayValue: MessageType<ArrayValue> = message<ArrayValue>("ArrayValue", { values: list(1, () => AnyValue) })

export const KeyValueList: MessageType<KeyValueList> = message<KeyValueList>("KeyValueList", { values: list(1, () => KeyValue) })

export const KeyValue: MessageType<KeyValue> = message<KeyValue>("KeyValue", { key: string(1), value: sub(2, () => AnyValue) })
