import { Expr } from "../Expr.ts"
import { Failure, Tag, X } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"
import type { ConverterSpec } from "./Function.ts"

/** Converts the text that lies in `where` at `[start, end)`: leaves the result in `X` and returns its tag. */
export type ConvertText = (ws: Workspace, where: number, start: number, end: number) => number

/** What the converters of exactly one string share: the argument is read and checked here, the rest is theirs. */
export class TextConverter extends Expr {
  private readonly argument: Expr
  private readonly convert: ConvertText

  constructor(argument: Expr, convert: ConvertText) {
    super()
    this.argument = argument
    this.convert = convert
  }

  eval(ws: Workspace): number {
    const tag = this.argument.eval(ws)
    if (tag !== Tag.String) return tag === Tag.Error ? tag : ws.fail(Failure.Type)
    return this.convert(ws, X[0]!, X[1]!, X[2]!)
  }
}

/** The function of one `string` parameter that runs `convert`. */
export const textConverter = (name: string, convert: ConvertText): ConverterSpec => ({
  name,
  parameters: [{ name: "target", kind: "string" }],
  make: (args) => new TextConverter(args.expr(0), convert)
})
