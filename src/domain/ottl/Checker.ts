import { ArgumentChecker } from "./ArgumentChecker.ts"
import type * as Ast from "./Ast.ts"
import { MathExpr, NegateExpr } from "./Calculation.ts"
import { Collection } from "./Collection.ts"
import type { Action, CheckedStatement, Condition } from "./CheckedStatement.ts"
import { compareOps } from "./Comparison.ts"
import { type ContextName, enums } from "./contexts/Paths.ts"
import { type Expr, IndexedExpr, KeyPlace, Literal, MapPlace } from "./Expr.ts"
import { converters, editors } from "./functions/Functions.ts"
import { SetEditor } from "./functions/Set.ts"
import { Mistake, nearestName } from "./OttlError.ts"
import { PathChecker } from "./PathChecker.ts"
import type { Plain } from "./Plain.ts"
import type { Registers } from "./Registers.ts"

/**
 * Checks one context's statements and conditions, and compiles their values, folding what is constant. Paths and the arguments of calls
 * have checkers of their own.
 */
export class Checker {
  private readonly context: ContextName
  private readonly registers: Registers
  private readonly paths: PathChecker
  private readonly arguments: ArgumentChecker

  /** `implicit`: paths may lack their prefix, the context was named. */
  constructor(context: ContextName, registers: Registers, implicit: boolean) {
    this.context = context
    this.registers = registers
    const value = (given: Ast.Value): Expr => this.value(given)
    this.paths = new PathChecker(context, registers, implicit, value)
    this.arguments = new ArgumentChecker(registers, this.paths, value)
  }

  // ---- statements and conditions

  statement({ editor, where }: Ast.Statement): CheckedStatement {
    const condition = where === undefined ? undefined : this.condition(where)
    return { where: condition, action: this.action(editor) }
  }

  private action(call: Ast.Call): Action {
    const spec = editors.get(call.name)
    if (spec === undefined) throw unknownFunction(call, editors.keys())
    const args = this.arguments.check(call, spec)
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
        const place = this.paths.place(value)
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
    const expr = spec.make(this.arguments.check(call, spec))
    return call.keys.length === 0
      ? expr
      : new IndexedExpr(
          expr,
          call.keys.map((key) => this.value(key))
        )
  }
}

const unknownFunction = (call: Ast.Call, known: Iterable<string>): Mistake =>
  new Mistake(call.at, `unknown function ${call.name}`, nearestName(call.name, known))
