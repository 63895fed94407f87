/** The syntax tree of OTTL. `at` is the offset of a node's first character in its source. */
export type Value =
  | { readonly kind: "nil"; readonly at: number }
  | { readonly kind: "string"; readonly at: number; readonly value: string }
  | { readonly kind: "int"; readonly at: number; readonly value: bigint }
  | { readonly kind: "float"; readonly at: number; readonly value: number }
  | { readonly kind: "bool"; readonly at: number; readonly value: boolean }
  | { readonly kind: "bytes"; readonly at: number; readonly hex: string }
  /** A name in capitals, which is an enum symbol or the name of a function. */
  | { readonly kind: "enum"; readonly at: number; readonly name: string }
  /** The name of a function without parentheses, as an argument. */
  | { readonly kind: "function"; readonly at: number; readonly name: string }
  | Path
  | Call
  | { readonly kind: "math"; readonly at: number; readonly op: MathOp; readonly left: Value; readonly right: Value }
  | { readonly kind: "sign"; readonly at: number; readonly negative: boolean; readonly value: Value }
  | { readonly kind: "list"; readonly at: number; readonly items: ReadonlyArray<Value> }
  | { readonly kind: "map"; readonly at: number; readonly entries: ReadonlyArray<readonly [key: string, value: Value]> }
  | { readonly kind: "lambda"; readonly at: number; readonly parameters: ReadonlyArray<string>; readonly body: Value | Condition }

export type MathOp = "+" | "-" | "*" | "/"
export type CompareOp = "==" | "!=" | "<" | "<=" | ">" | ">="

/** `span.attributes["a"][0]`: fields with their keys; whether the first field names a context is for the checker to say. */
export interface Path {
  readonly kind: "path"
  readonly at: number
  readonly fields: ReadonlyArray<Field>
}

export interface Field {
  readonly at: number
  readonly name: string
  readonly keys: ReadonlyArray<Value>
}

/** An editor (lower case) or a converter (upper case, may be indexed). */
export interface Call {
  readonly kind: "call"
  readonly at: number
  readonly name: string
  readonly arguments: ReadonlyArray<Argument>
  readonly keys: ReadonlyArray<Value>
}

export interface Argument {
  readonly at: number
  readonly name: string | undefined
  readonly value: Value
}

export type Condition =
  | { readonly kind: "compare"; readonly at: number; readonly op: CompareOp; readonly left: Value; readonly right: Value }
  | { readonly kind: "constant"; readonly at: number; readonly value: boolean }
  | { readonly kind: "test"; readonly at: number; readonly call: Call }
  | { readonly kind: "not"; readonly at: number; readonly operand: Condition }
  | { readonly kind: "and" | "or"; readonly at: number; readonly operands: ReadonlyArray<Condition> }

export interface Statement {
  readonly editor: Call
  readonly where: Condition | undefined
}
