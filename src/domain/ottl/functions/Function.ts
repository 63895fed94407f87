import type { ContextName } from "../contexts/Paths.ts"
import { type Expr, MapPlace, type Place } from "../Expr.ts"
import type { MapTable } from "../MapTable.ts"
import type { Plain } from "../Plain.ts"
import type { Registers } from "../Registers.ts"
import { Failure, Tag } from "../Value.ts"
import type { Workspace } from "../Workspace.ts"

/**
 * What a parameter takes.
 *
 * - `place`, `mapPlace`: a path that can be assigned to.
 * - `any`; `string`, `int`, `double`, `bool`, `map`: a value of exactly this type, nil being none.
 * - `stringLike`, `intLike`, `doubleLike`, `boolLike`, `bytesLike`: a value that is converted; nil stays nil.
 * - `literal...`: written out in the statement.
 * - `strings`, `stringLikes`: a list literal of such values, or a value that is a list.
 * - `function`: the name of a converter with exactly one `string` parameter.
 */
export type ParameterKind =
  | "place"
  | "mapPlace"
  | "any"
  | "string"
  | "int"
  | "double"
  | "bool"
  | "map"
  | "stringLike"
  | "intLike"
  | "doubleLike"
  | "boolLike"
  | "bytesLike"
  | "literalString"
  | "literalInt"
  | "literalBool"
  | "literalStrings"
  | "strings"
  | "stringLikes"
  | "function"

export interface Parameter {
  readonly name: string
  readonly kind: ParameterKind
  readonly optional?: true
}

/** What an argument has become: by kind, a compiled value, a place, a literal, a list or a function. */
export interface Given {
  /** Offset in the source, for mistakes that only the function can see. */
  readonly at: number
  readonly expr?: Expr
  readonly place?: Place
  readonly literal?: Plain
  readonly items?: ReadonlyArray<Expr>
  readonly applied?: (argument: Expr) => Expr
}

/** The arguments of one call, by parameter; an optional one that is absent is `undefined`. */
export class Arguments {
  private readonly given: ReadonlyArray<Given | undefined>
  readonly registers: Registers
  readonly at: number

  constructor(given: ReadonlyArray<Given | undefined>, registers: Registers, at: number) {
    this.given = given
    this.registers = registers
    this.at = at
  }

  get(parameter: number): Given | undefined {
    return this.given[parameter]
  }

  expr(parameter: number): Expr {
    return this.given[parameter]!.expr!
  }

  place(parameter: number): Place {
    return this.given[parameter]!.place!
  }

  /** A literal argument, or `fallback` for one that is absent. */
  literal<A extends Plain>(parameter: number, fallback: A): A {
    return (this.given[parameter]?.literal as A | undefined) ?? fallback
  }
}

/** Changes something; false means that it failed (`ws.failure` says why), and what it had done by then stays. */
export abstract class Editor {
  abstract run(ws: Workspace): boolean
}

interface Described {
  readonly name: string
  readonly parameters: ReadonlyArray<Parameter>
  /** The contexts that know the function; all if absent. */
  readonly contexts?: ReadonlyArray<ContextName>
}

/** `make` may throw a `Mistake` for arguments that the function itself refuses. */
export interface EditorSpec extends Described {
  readonly make: (args: Arguments) => Editor
}

export interface ConverterSpec extends Described {
  readonly make: (args: Arguments) => Expr
}

/** An editor of a whole map; a map that is a value inside another (a body, `attributes["x"]`) is taken out, edited and put back. */
export abstract class MapEditor extends Editor {
  private readonly place: Place
  private readonly scratch: MapTable

  constructor(place: Place, registers: Registers) {
    super()
    this.place = place
    this.scratch = registers.scratch
    if (place instanceof MapPlace) place.table.all = true
  }

  protected abstract edit(ws: Workspace, table: MapTable): boolean

  run(ws: Workspace): boolean {
    const { place, scratch } = this
    if (place instanceof MapPlace) return this.edit(ws, place.table)
    const tag = place.eval(ws)
    if (tag !== Tag.Map) {
      if (tag !== Tag.Error) ws.failure = Failure.Type
      return false
    }
    scratch.reset()
    if (!scratch.writeWhole()) return false
    const { writes } = ws
    if (!this.edit(ws, scratch)) return false
    return ws.writes === writes || place.write(ws, scratch.readWhole())
  }
}
