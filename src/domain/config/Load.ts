import * as Result from "effect/Result"
import { check, type Verdict } from "./Check.ts"
import type { ComponentType, Registry } from "./ComponentType.ts"
import { expand, type Lookups } from "./Expand.ts"
import { merge } from "./Merge.ts"
import type { Node } from "./Node.ts"
import { parse } from "./Parse.ts"
import { error, type Problem } from "./Problem.ts"
import type { Source } from "./Source.ts"

/** A document that several files make together: as they have it, and with its expansions. */
export interface Assembled {
  readonly written: Node
  readonly expanded: Node
  /** Expansions that failed; their values in `expanded` are marked, and lead to no further problems. */
  readonly problems: ReadonlyArray<Problem>
}

/** Parses each file, lays the later over the earlier, and expands. Fails where that leaves no document. */
export const assemble = (sources: ReadonlyArray<Source>, lookups: Lookups): Result.Result<Assembled, ReadonlyArray<Problem>> => {
  const parsed = sources.map(parse)
  const problems = parsed.flatMap((one) => one.problems)
  if (problems.length > 0) return Result.fail(problems)
  const roots = parsed.flatMap(({ root }): ReadonlyArray<Node> => (root === undefined || isNothing(root) ? [] : [root]))
  if (roots.length === 0)
    return Result.fail([error(wholeOf(sources[0]), "the configuration is empty", "expected receivers, exporters and service")])
  const written = roots.reduce(merge)
  const expanded = expand(written, lookups)
  return expanded.root.failed
    ? Result.fail(expanded.problems)
    : Result.succeed({ written, expanded: expanded.root, problems: expanded.problems })
}

/** Checks a document in whose expansions these problems were found: all are told together. */
export const judge = <C extends ComponentType>(
  expanded: Node,
  problems: ReadonlyArray<Problem>,
  registry: Registry<C>
): Result.Result<Verdict<C>, ReadonlyArray<Problem>> => {
  const verdict = check(expanded, registry)
  if (problems.length === 0) return verdict
  return Result.fail([...problems, ...(Result.isSuccess(verdict) ? verdict.success.warnings : verdict.failure)])
}

/**
 * From files to a plan: assemble, check. All problems are found at once; only a text that is no YAML ends it early. A value whose
 * expansion failed has that problem and no other.
 */
export const load = <C extends ComponentType>(
  sources: ReadonlyArray<Source>,
  lookups: Lookups,
  registry: Registry<C>
): Result.Result<Verdict<C>, ReadonlyArray<Problem>> =>
  Result.flatMap(assemble(sources, lookups), ({ expanded, problems }) => judge(expanded, problems, registry))

const isNothing = (root: Node): boolean => root._tag === "Scalar" && root.value === null
const wholeOf = (source: Source | undefined) => (source === undefined ? undefined : { source, start: 0, end: 0 })
