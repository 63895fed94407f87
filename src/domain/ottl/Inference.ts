import type { Signal } from "../Signal.ts"
import type * as Ast from "./Ast.ts"
import { type ContextName, enums, parents } from "./contexts/Paths.ts"
import { converters, editors } from "./functions/Functions.ts"
import { Mistake } from "./OttlError.ts"
import { prefixOf } from "./PathPrefix.ts"

/** The contexts of each signal. */
export const contextsOf: { readonly [S in Signal]: ReadonlyArray<ContextName> } = {
  traces: ["resource", "scope", "span", "spanevent"],
  metrics: ["resource", "scope", "metric", "datapoint"],
  logs: ["resource", "scope", "log"]
}

/** Which of several contexts is meant: the first one here. */
const priority: ReadonlyArray<ContextName> = ["log", "datapoint", "metric", "spanevent", "span", "scope", "resource"]

/** Everything that a text uses which not every context knows. */
export class Usage {
  readonly prefixes = new Set<ContextName>()
  readonly functions = new Set<string>()
  readonly enums = new Set<string>()

  statement({ editor, where }: Ast.Statement): this {
    this.value(editor)
    if (where !== undefined) this.condition(where)
    return this
  }

  condition(condition: Ast.Condition): this {
    switch (condition.kind) {
      case "compare":
        this.value(condition.left)
        this.value(condition.right)
        break
      case "test":
        this.value(condition.call)
        break
      case "not":
        this.condition(condition.operand)
        break
      case "and":
      case "or":
        for (const operand of condition.operands) this.condition(operand)
    }
    return this
  }

  private value(value: Ast.Value): void {
    switch (value.kind) {
      case "enum":
        if (!converters.has(value.name)) this.enums.add(value.name)
        break
      case "path": {
        const prefix = prefixOf(value)
        if (prefix !== undefined) this.prefixes.add(prefix)
        for (const field of value.fields) for (const key of field.keys) this.value(key)
        break
      }
      case "call":
        this.functions.add(value.name)
        for (const argument of value.arguments) this.value(argument.value)
        for (const key of value.keys) this.value(key)
        break
      case "math":
        this.value(value.left)
        this.value(value.right)
        break
      case "sign":
        this.value(value.value)
        break
      case "list":
        for (const item of value.items) this.value(item)
        break
      case "map":
        for (const [, item] of value.entries) this.value(item)
    }
  }
}

/** Whether a context has everything that is used; unknown functions are left to the checker, which names them better. */
const supports = (context: ContextName, usage: Usage): boolean => {
  for (const name of usage.enums) if (!enums[context].has(name)) return false
  for (const name of usage.functions) {
    const spec = editors.get(name) ?? converters.get(name)
    if (spec?.contexts !== undefined && !spec.contexts.includes(context)) return false
  }
  return true
}

/**
 * The context that texts without one are meant for: of the prefixes that they use the innermost, or one further in if only that one
 * knows the functions and enum symbols. Throws a `Mistake`.
 */
export const inferContext = (signal: Signal, usage: Usage): ContextName => {
  const known = contextsOf[signal]
  const candidate = priority.find((context) => usage.prefixes.has(context))
  if (candidate === undefined) {
    throw new Mistake(0, `the context cannot be inferred: expected a path with a context, such as ${known[known.length - 1]}.attributes`)
  }
  if (!known.includes(candidate))
    throw new Mistake(0, `the ${candidate} context does not belong to ${signal}: expected ${known.join(", ")}`)
  if (supports(candidate, usage)) return candidate
  const further = priority.find((context) => known.includes(context) && parents[context].includes(candidate) && supports(context, usage))
  return further ?? candidate
}
