/**
 * The tables that describe messages to the codec. A message of type `A` is a plain readonly object: scalars, lists and maps always have
 * a value (protobuf's default when the sender left them out), sub-messages and the sides of a oneof are absent when they were not sent.
 */
export interface MessageType<A> {
  readonly name: string
  /** In ascending order of their numbers. */
  readonly fields: ReadonlyArray<Field>
  /** By number; a hole is an unknown field. */
  readonly byNumber: ReadonlyArray<Field | undefined>
  /** Never there; it ties the table to the type. */
  readonly _A?: A
}

/**
 * How a value stands on the wire and in TypeScript.
 * - `uint53`: a uint64 as a number; larger values than 2^53 - 1 read as 2^53 - 1
 * - `bits`: a uint64 bit mask as a number of its low 32 bits; OpAMP has defined 16 so far, and higher ones must be tolerated
 * - `uint64`, `fixed64`, `int64`: a bigint
 * - `enum`: a number, which may be one that we do not know
 */
export type Scalar = "bytes" | "string" | "bool" | "uint53" | "bits" | "uint64" | "fixed64" | "int64" | "double" | "enum"

/** What stands in one field: a scalar's kind or a message's table. Tables are given late, since messages nest in themselves. */
export type Kind = Scalar | (() => MessageType<unknown>)

export interface Field {
  readonly name: string
  readonly number: number
  readonly kind: Kind
  /** `oneof` fields have presence, and one that is set clears the others of the message (no message here has two oneofs). */
  readonly label: "one" | "oneof" | "list" | "map"
}

/** A field without its name, tied to the type of its value. */
export interface FieldOf<V> extends Omit<Field, "name"> {
  readonly _V?: V
}

/** What may be given to `encode`: `A` with everything optional, at every depth. */
export type Init<A> = A extends Uint8Array | string | number | bigint | boolean
  ? A
  : A extends ReadonlyMap<string, infer V>
    ? ReadonlyMap<string, Init<V>>
    : A extends ReadonlyArray<infer V>
      ? ReadonlyArray<Init<V>>
      : { readonly [K in keyof A]?: Init<A[K]> }

export const message = <A>(name: string, fields: { readonly [K in keyof Required<A>]: FieldOf<Required<A>[K]> }): MessageType<A> => {
  const ordered = Object.entries<FieldOf<unknown>>(fields)
    .map(([name, { number, kind, label }]): Field => ({ name, number, kind, label }))
    .sort((a, b) => a.number - b.number)
  const byNumber: Array<Field | undefined> = []
  for (const field of ordered) byNumber[field.number] = field
  return { name, fields: ordered, byNumber }
}

const scalar =
  <V>(kind: Scalar) =>
  (number: number): FieldOf<V> => ({ number, kind, label: "one" })

export const bytes = scalar<Uint8Array>("bytes")
export const string = scalar<string>("string")
export const bool = scalar<boolean>("bool")
export const uint53 = scalar<number>("uint53")
export const bits = scalar<number>("bits")
export const uint64 = scalar<bigint>("uint64")
export const fixed64 = scalar<bigint>("fixed64")
export const double = scalar<number>("double")
export const enumeration = scalar<number>("enum")

export const sub = <A>(number: number, type: () => MessageType<A>): FieldOf<A> => ({
  number,
  kind: type,
  label: "one"
})

export const oneof = <V>(number: number, kind: Scalar): FieldOf<V> => ({ number, kind, label: "oneof" })

export const oneofSub = <A>(number: number, type: () => MessageType<A>): FieldOf<A> => ({ ...sub(number, type), label: "oneof" })

export const list = <A>(number: number, type: () => MessageType<A>): FieldOf<ReadonlyArray<A>> => ({
  number,
  kind: type,
  label: "list"
})

export const strings = (number: number): FieldOf<ReadonlyArray<string>> => ({ number, kind: "string", label: "list" })

/** A `map<string, A>`: entries are messages of a key (1) and a value (2). */
export const map = <A>(number: number, type: () => MessageType<A>): FieldOf<ReadonlyMap<string, A>> => ({
  number,
  kind: type,
  label: "map"
})

export const stringMap = (number: number): FieldOf<ReadonlyMap<string, string>> => ({ number, kind: "string", label: "map" })
