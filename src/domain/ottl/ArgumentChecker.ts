import type * as Ast from "./Ast.ts"
import { Converted, Expect } from "./Coercion.ts"
import { type Expr, Literal } from "./Expr.ts"
import { likeConversions } from "./functions/Conversions.ts"
import { Arguments, type ConverterSpec, type EditorSpec, type Given, type Parameter, type ParameterKind } from "./functions/Function.ts"
import { converters } from "./functions/Functions.ts"
import { Mistake, nearestName } from "./OttlError.ts"
import type { PathChecker } from "./PathChecker.ts"
import type { Plain } from "./Plain.ts"
import type { Registers } from "./Registers.ts"
import { failureText, Tag } from "./Value.ts"
import type { Workspace } from "./Workspace.ts"

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
 * Checks the arguments of calls against the parameters of the function. Every literal is converted here, so that a wrong one is a
 * mistake of the configuration and not a failure of every item.
 */
export class ArgumentChecker {
  private readonly registers: Registers
  private readonly paths: PathChecker
  private readonly value: (value: Ast.Value) => Expr

  /** `value` compiles what an argument holds. */
  constructor(registers: Registers, paths: PathChecker, value: (value: Ast.Value) => Expr) {
    this.registers = registers
    this.paths = paths
    this.value = value
  }

  /** By parameter, whether the arguments are given by position or by name. */
  check(call: Ast.Call, { name, parameters }: EditorSpec | ConverterSpec): Arguments {
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
        return { at, place: this.paths.place(value) }
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
