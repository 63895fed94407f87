import type * as Ast from "./Ast.ts"
import { type ContextName, paths } from "./contexts/Paths.ts"

/** Prefixes that name a context, `instrumentation_scope` being the old name of `scope`. */
const contextOf = (prefix: string): ContextName | undefined =>
  prefix === "instrumentation_scope" ? "scope" : Object.hasOwn(paths, prefix) ? (prefix as ContextName) : undefined

/** The context prefix of a path, if it has one: a context's name with a field behind it. */
export const prefixOf = (path: Ast.Path): ContextName | undefined => {
  const first = path.fields[0]!
  return path.fields.length > 1 && first.keys.length === 0 ? contextOf(first.name) : undefined
}
