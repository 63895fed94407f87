import type * as Ast from "./Ast.ts"
import { Codec } from "./contexts/Codec.ts"
import { type ContextName, parents, paths, type PathSpec } from "./contexts/Paths.ts"
import { TraceStatePlace } from "./contexts/TraceStatePlace.ts"
import { DynamicKeyPlace, type Expr, FieldPlace, KeyPlace, Literal, MapPlace, NestedPlace, type Place } from "./Expr.ts"
import type { MapTable } from "./MapTable.ts"
import { Mistake, nearestName } from "./OttlError.ts"
import { prefixOf } from "./PathPrefix.ts"
import type { Registers } from "./Registers.ts"

/** Resolves the paths of one context's statements to places in its registers, and claims there what they will read. */
export class PathChecker {
  private readonly context: ContextName
  private readonly registers: Registers
  private readonly implicit: boolean
  private readonly value: (key: Ast.Value) => Expr

  /** `implicit`: paths may lack their prefix, the context was named. `value` compiles the keys of paths, which are values themselves. */
  constructor(context: ContextName, registers: Registers, implicit: boolean, value: (key: Ast.Value) => Expr) {
    this.context = context
    this.registers = registers
    this.implicit = implicit
    this.value = value
  }

  /** A whole map that is only the target of an editor need not be entered whole; the editors that need it say so. */
  place(path: Ast.Path): Place {
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
}

const textOf = (path: Ast.Path): string => path.fields.map((field) => field.name).join(".")

const nearestPath = (context: ContextName, name: string): string | undefined => {
  const nearest = nearestName(name, Object.keys(paths[context]))
  return nearest === undefined ? undefined : `${context}.${nearest}`
}
