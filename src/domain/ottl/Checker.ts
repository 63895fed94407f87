import type * as Ast from "./Ast.ts"
import { MathExpr, NegateExpr } from "./Calculation.ts"
import { Collection } from "./Collection.ts"
import { compareOps } from "./Comparison.ts"
import { Codec } from "./contexts/Codec.ts"
import { type ContextName, enums, parents, paths, type PathSpec } from "./contexts/Paths.ts"
import { TraceStatePlace } from "./contexts/TraceStatePlace.ts"
import { DynamicKeyPlace, Expr, FieldPlace, IndexedExpr, KeyPlace, Literal, MapPlace, NestedPlace, Place } from "./Expr.ts"
import { likeConversions } from "./functions/Conversions.ts"
import { Arguments, type ConverterSpec, type EditorSpec, type Given, type Parameter, type ParameterKind } from "./functions/Function.ts"
import { converters, editors } from "./functions/Functions.ts"
import { SetEditor } from "./functions/Set.ts"
import type { MapTable } from "./MapTable.ts"
import { Mistake, nearestName } from "./OttlError.ts"
import type { Plain } from "./Plain.ts"
import type { Action, Condition } from "./Program.ts"
import type { Registers } from "./Registers.ts"
import { Failure, failureText, Tag } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

/** Prefixes that name a context, `instrumentation_scope` being the old name of `scope`. */
export const contextOf = (prefix: string): ContextName | undefined =>
  prefix === "instrumentation_scope" ? "scope" : Object.hasOwn(paths, prefix) ? (prefix as ContextName) : undefined

/** The context prefix of a path, if it has one: a context's name with a field behind it. */
export const prefixOf = (path: Ast.Path): ContextName | undefined => {
  const first = path.fields[0]!
  return path.fields.length > 1 && first.keys.length === 0 ? contextOf(first.name) : undefined
}

/** A value of one type, or a failure. */
class Expect extends Expr {
  private readonly inner: Expr
  private readonly tag: number

  constructor(inner: Expr, tag: number) {
    super()
    this.inner = inner
    this.tag = tag
  }

  eval(ws: Workspace): number {
    const tag = this.inner.eval(ws)
    return tag === this.tag || tag === Tag.Error ? tag : ws.fail(Failure.Type)
  }
}

/** A value converted to a type, nil staying nil. */
class Converted extends Expr {
  private readonly inner: Expr
  private readonly convert: (ws: Workspace, tag: number) => number

  constructor(inner: Expr, convert: (ws: Workspace, tag: number) => number) {
    super()
    this.inner = inner
    this.convert = convert
  }

  eval(ws: Workspace): number {
    return this.convert(ws, this.inner.eval(ws))
  }
}

const strictTags: { readonly [K in ParameterKind]?: readonly [tag: number, noun: string] } = {
  string: [Tag.String, "a string"],
  int: [Tag.Int, "a whole number"],
  double: [Tag.Double, "a number with a decimal point"],
  bool: [Tag.Bool, "true or false"],
  map: [Tag.Map, "a map"]
}

const literalNouns: { readonly [K in ParameterKind]?: string } = {
  literalString: "a string in double quotes",
  literalInt: "a whole number without a sign",
  literalBool: "true or false",
  literalStrings: "a list of strings in double quotes"
}

/**
 * Resolves names and checks arguments of one context's statements, and compiles their values. Every literal that a function is given
 * is converted here, so that a wrong one is a mistake of the configuration and not a failure of every item.
 */
export class Checker {
  private readonly context: ContextName
  private readonly registers: Registers
  /** Paths may lack their prefix: the context was named. */
  private readonly implicit: boolean

  constructor(context: ContextName, registers: Registers, implicit: boolean) {
    this.context = context
    this.registers = registers
    this.implicit = implicit
  }

  // ---- statements and conditions

  statement({ editor, where }: Ast.Statement): { readonly where: Condition | undefined; readonly action: Action } {
    const condition = where === undefined ? undefined : this.condition(where)
    return { where: condition, action: this.action(editor) }
  }

  private action(call: Ast.Call): Action {
    const spec = editors.get(call.name)
    if (spec === undefined) throw unknownFunction(call, editors.keys())
    const args = this.arguments(call, spec)
    if (spec.name === "delete_key") {
      const target = args.place(0)
      const key = args.expr(1)
      if (target instanceof MapPlace && key instanceof Literal) {
        return { kind: "deleteKey", place: new KeyPlace(target.table, target.table.keys.add(key.value as string)) }
      }
    }
    const editor = spec.make(args)
    if (editor instanceof SetEditor && editor.target instanceof KeyPlace && editor.value instanceof Literal) {
      return { kind: "setConstant", place: editor.target, value: editor.value }
    }
    return { kind: "edit", editor }
  }

  condition(condition: Ast.Condition): Condition {
    switch (condition.kind) {
      case "constant":
        return { kind: "constant", value: condition.value }
      case "not": {
        const operand = this.condition(condition.operand)
        return operand.kind === "constant" ? { kind: "constant", value: !operand.value } : { kind: "not", operand }
      }
      case "and":
      case "or":
        return this.chain(
          condition.kind,
          condition.operands.map((operand) => this.condition(operand))
        )
      case "test":
        return { kind: "test", expr: this.value(condition.call) }
      case "compare":
        return {
          kind: "compare",
          op: compareOps.indexOf(condition.op),
          left: this.value(condition.left),
          right: this.value(condition.right)
        }
    }
  }

  /** A constant decides a chain wherever it stands, even behind an operand that would fail. */
  private chain(kind: "and" | "or", operands: ReadonlyArray<Condition>): Condition {
    const decisive = kind === "or"
    if (operands.some((operand) => operand.kind === "constant" && operand.value === decisive)) return { kind: "constant", value: decisive }
    const open = operands.filter((operand) => operand.kind !== "constant")
    return open.length === 0 ? { kind: "constant", value: !decisive } : open.length === 1 ? open[0]! : { kind, operands: open }
  }

  // ---- values

  private literal(value: Plain): Literal {
    return new Literal(this.registers.ws, value)
  }

  value(value: Ast.Value): Expr {
    switch (value.kind) {
      case "nil":
        return this.literal(null)
      case "string":
      case "int":
      case "float":
      case "bool":
        return this.literal(value.value)
      case "bytes":
        return this.literal(new Uint8Array(Buffer.from(value.hex, "hex")))
      case "enum":
        return this.literal(this.enumValue(value))
      case "function":
        throw new Mistake(value.at, `${value.name} is the name of a function: expected a value`)
      case "lambda":
        throw new Mistake(value.at, "lambda functions are not enabled")
      case "path": {
        const place = this.place(value)
        if (place instanceof MapPlace) place.table.all = true
        return place
      }
      case "call":
        return this.call(value)
      case "math":
        return new MathExpr(value.op, this.value(value.left), this.value(value.right))
      case "sign": {
        const operand = this.value(value.value)
        if (!value.negative) return operand
        if (operand instanceof Literal && (typeof operand.value === "bigint" || typeof operand.value === "number")) {
          return this.literal(-operand.value)
        }
        return new NegateExpr(operand)
      }
      case "list": {
        const items = value.items.map((item) => this.value(item))
        if (items.every((item) => item instanceof Literal)) return this.literal(items.map((item) => item.value))
        return new Collection(undefined, items)
      }
      case "map": {
        const keys = value.entries.map(([key]) => key)
        const items = value.entries.map(([, item]) => this.value(item))
        if (items.every((item) => item instanceof Literal)) return this.literal(new Map(keys.map((key, i) => [key, items[i]!.value])))
        return new Collection(keys, items)
      }
    }
  }

  private enumValue({ at, name }: { readonly at: number; readonly name: string }): bigint {
    const known = enums[this.context]
    const value = known.get(name)
    if (value !== undefined) return BigInt(value)
    throw new Mistake(at, `unknown enum symbol ${name} in the ${this.context} context`, nearestName(name, known.keys()))
  }

  private call(call: Ast.Call): Expr {
    const spec = converters.get(call.name)
    if (spec === undefined || (spec.contexts !== undefined && !spec.contexts.includes(this.context))) {
      throw unknownFunction(call, converters.keys())
    }
    const expr = spec.make(this.arguments(call, spec))
    return call.keys.length === 0
      ? expr
      : new IndexedExpr(
          expr,
          call.keys.map((key) => this.value(key))
        )
  }

  // ---- paths

  /** A whole map that is only the target of an editor need not be entered whole; the editors that need it say so. */
  private place(path: Ast.Path): Place {
    const prefix = prefixOf(path)
    if (prefix === undefined && !this.implicit) {
      const first = path.fields[0]!
      throw new Mistake(path.at, `the path ${textOf(path)} lacks a context`, `${this.context}.${first.name}`)
    }
    const context = prefix ?? this.context
    if (context !== this.context && !parents[this.context].includes(context)) {
      throw new Mistake(path.at, `${textOf(path)}: a ${context} path cannot be used in the ${this.context} context`)
    }
    const fields = prefix === undefined ? path.fields : path.fields.slice(1)
    const name = fields.map((field) => field.name).join(".")
    const spec = Object.hasOwn(paths[context], name) ? paths[context][name] : undefined
    if (spec === undefined || (spec.kind === "cache" && context !== this.context)) {
      throw new Mistake(path.at, `unknown path ${context}.${name}`, nearestPath(context, name))
    }
    const indexed = fields.findIndex((field) => field.keys.length > 0)
    if (indexed >= 0 && indexed < fields.length - 1) {
      throw new Mistake(
        fields[indexed]!.keys[0]!.at,
        `${fields[indexed]!.name} cannot be indexed here: expected the key at the end of the path`
      )
    }
    return this.indexed(spec, `${context}.${name}`, fields[fields.length - 1]!.keys)
  }

  private indexed(spec: PathSpec, name: string, keys: ReadonlyArray<Ast.Value>): Place {
    switch (spec.kind) {
      case "cache":
        return this.mapPlace(this.registers.cache, name, keys)
      case "map":
        return this.mapPlace(this.registers.map(spec.role), name, keys)
      case "field": {
        const message = this.registers.field(spec.role, spec.row)
        const place = new FieldPlace(message, spec.row, spec.codec)
        if (keys.length === 0) return place
        if (spec.codec === Codec.any)
          return new NestedPlace(
            place,
            keys.map((key) => this.value(key)),
            true
          )
        const key = keys[0]!
        if (spec.codec !== Codec.traceState) throw new Mistake(key.at, `${name} cannot be indexed`)
        if (key.kind !== "string" || keys.length > 1) throw new Mistake(key.at, `${name} takes one key, a string in double quotes`)
        return new TraceStatePlace(message, spec.row, key.value)
      }
    }
  }

  private mapPlace(table: MapTable, name: string, keys: ReadonlyArray<Ast.Value>): Place {
    const [first, ...rest] = keys
    if (first === undefined) return new MapPlace(table)
    const key = this.value(first)
    let place: Place
    if (key instanceof Literal) {
      if (typeof key.value !== "string") throw new Mistake(first.at, `the key of ${name} must be a string`)
      place = new KeyPlace(table, table.keys.add(key.value))
    } else {
      table.all = true
      place = new DynamicKeyPlace(table, key)
    }
    return rest.length === 0
      ? place
      : new NestedPlace(
          place,
          rest.map((value) => this.value(value)),
          false
        )
  }

  // ---- arguments

  private arguments(call: Ast.Call, { name, parameters }: EditorSpec | ConverterSpec): Arguments {
    const given: Array<Ast.Argument | undefined> = parameters.map(() => undefined)
    let named = false
    for (const [i, argument] of call.arguments.entries()) {
      let at = i
      if (argument.name !== undefined) {
        named = true
        at = parameters.findIndex((parameter) => parameter.name === argument.name)
        if (at < 0) {
          const nearest = nearestName(
            argument.name,
            parameters.map((parameter) => parameter.name)
          )
          throw new Mistake(argument.at, `${name} has no parameter ${argument.name}`, nearest)
        }
        if (given[at] !== undefined) throw new Mistake(argument.at, `${argument.name} is given twice`)
      } else if (named) throw new Mistake(argument.at, "positional arguments come before named ones")
      if (at >= parameters.length) {
        throw new Mistake(argument.at, `${name} takes ${expectedCount(parameters)}, but ${call.arguments.length} are given`)
      }
      given[at] = argument
    }
    for (const [i, parameter] of parameters.entries()) {
      if (given[i] === undefined && parameter.optional !== true) {
        throw new Mistake(call.at, `${name} takes ${expectedCount(parameters)}: ${parameter.name} is missing`)
      }
    }
    const checked = given.map((argument, i) => (argument === undefined ? undefined : this.argument(parameters[i]!, argument.value)))
    return new Arguments(checked, this.registers, call.at)
  }

  private argument({ kind, name }: Parameter, value: Ast.Value): Given {
    const { at } = value
    switch (kind) {
      case "place":
      case "mapPlace": {
        if (value.kind !== "path") throw new Mistake(at, `${name} must be a path`)
        return { at, place: this.place(value) }
      }
      case "function":
        return { at, applied: this.functionNamed(value) }
      case "strings":
      case "stringLikes":
        return this.listArgument(kind, name, value)
      case "literalString":
      case "literalInt":
      case "literalBool":
      case "literalStrings":
        return { at, literal: this.literalArgument(kind, name, value) }
    }
    const expr = this.value(value)
    const strict = strictTags[kind]
    if (strict !== undefined) {
      if (!(expr instanceof Literal)) return { at, expr: new Expect(expr, strict[0]) }
      if (expr.eval() !== strict[0]) throw new Mistake(at, `${name} must be ${strict[1]}`)
    } else if (kind === "stringLike" || kind === "intLike" || kind === "doubleLike" || kind === "boolLike") {
      const convert = likeConversions[kind]
      if (!(expr instanceof Literal)) return { at, expr: new Converted(expr, convert) }
      this.convertLiteral(expr, convert, name, at)
    }
    return { at, expr }
  }

  private convertLiteral(expr: Literal, convert: (ws: Workspace, tag: number) => number, name: string, at: number): void {
    const { ws } = this.registers
    if (convert(ws, expr.eval()) === Tag.Error) throw new Mistake(at, `${name}: ${failureText[ws.failure]}`)
  }

  private listArgument(kind: "strings" | "stringLikes", name: string, value: Ast.Value): Given {
    const { at } = value
    if (value.kind !== "list") {
      const expr = this.value(value)
      const isList = expr instanceof Literal && (Array.isArray(expr.value) || (expr.value === null && kind === "stringLikes"))
      if (expr instanceof Literal && !isList) throw new Mistake(at, `${name} must be a list`)
      return { at, expr }
    }
    const items = value.items.map((item) => {
      const expr = this.value(item)
      if (kind === "strings") {
        if (!(expr instanceof Literal)) return new Expect(expr, Tag.String)
        if (typeof expr.value !== "string") throw new Mistake(item.at, `${name} must be a list of strings`)
        return expr
      }
      if (expr instanceof Literal) this.convertLiteral(expr, likeConversions.stringLike, name, item.at)
      return expr
    })
    const constant = items.every((item) => item instanceof Literal)
    return constant ? { at, items, literal: items.map((item) => (item as Literal).value) } : { at, items }
  }

  private literalArgument(kind: "literalString" | "literalInt" | "literalBool" | "literalStrings", name: string, value: Ast.Value): Plain {
    const wrong = (): Mistake => new Mistake(value.at, `${name} must be ${literalNouns[kind]}`)
    if (kind === "literalStrings") {
      if (value.kind !== "list") throw wrong()
      return value.items.map((item) => {
        if (item.kind !== "string") throw new Mistake(item.at, `${name} must be ${literalNouns[kind]}`)
        return item.value
      })
    }
    const wanted = { literalString: "string", literalInt: "int", literalBool: "bool" }[kind]
    if (value.kind !== wanted) throw wrong()
    return (value as Extract<Ast.Value, { value: Plain }>).value as Plain
  }

  private functionNamed(value: Ast.Value): (argument: Expr) => Expr {
    if (value.kind !== "function" && value.kind !== "enum")
      throw new Mistake(value.at, "expected the name of a function, without parentheses")
    const spec = converters.get(value.name)
    if (spec === undefined) throw new Mistake(value.at, `unknown function ${value.name}`, nearestName(value.name, converters.keys()))
    if (spec.parameters.length !== 1 || spec.parameters[0]!.kind !== "string") {
      throw new Mistake(value.at, `${value.name} cannot be applied to matches: expected a function of exactly one string`)
    }
    return (argument) => spec.make(new Arguments([{ at: value.at, expr: argument }], this.registers, value.at))
  }
}

const expectedCount = (parameters: ReadonlyArray<Parameter>): string => {
  const required = parameters.filter((parameter) => parameter.optional !== true).length
  const names = parameters.map((parameter) => (parameter.optional === true ? `${parameter.name}?` : parameter.name)).join(", ")
  return required === parameters.length ? `${required} arguments (${names})` : `${required} to ${parameters.length} arguments (${names})`
}

const unknownFunction = (call: Ast.Call, known: Iterable<string>): Mistake =>
  new Mistake(call.at, `unknown function ${call.name}`, nearestName(call.name, known))

const textOf = (path: Ast.Path): string => path.fields.map((field) => field.name).join(".")

const nearestPath = (context: ContextName, name: string): string | undefined => {
  const nearest = nearestName(name, Object.keys(paths[context]))
  return nearest === undefined ? undefined : `${context}.${nearest}`
}
