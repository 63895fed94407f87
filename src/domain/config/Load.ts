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
}

/** Parses each file, lays the later over the earlier, and expands. */
export const assemble = (sources: ReadonlyArray<Source>, lookups: Lookups): Result.Result<Assembled, ReadonlyArray<Problem>> => {
  const parsed = sources.map(parse)
  const problems = parsed.flatMap((one) => one.problems)
  if (problems.length > 0) return Result.fail(problems)
  const roots = parsed.flatMap(({ root }): ReadonlyArray<Node> => (root === undefined || isNothing(root) ? [] : [root]))
  if (roots.length === 0)
    return Result.fail([error(wholeOf(sources[0]), "the configuration is empty", "expected receivers, exporters and service")])
  const written = roots.reduce(merge)
  const expanded = expand(written, lookups)
  return expanded.problems.length > 0 ? Result.fail(expanded.problems) : Result.succeed({ written, expanded: expanded.root })
}

/**
 * From files to a plan: assemble, check. Problems of one step end the next ones, which would only repeat them; within a step all are found.
 */
export const load = <C extends ComponentType>(
  sources: ReadonlyArray<Source>,
  lookups: Lookups,
  registry: Registry<C>
): Result.Result<Verdict<C>, ReadonlyArray<Problem>> =>
  Result.flatMap(assemble(sources, lookups), ({ expanded }) => check(expanded, registry))

const isNothing = (root: Node): boolean => root._tag === "Scalar" && root.value === null
const wholeOf = (source: Source | undefined) => (source === undefined ? undefined : { source, start: 0, end: 0 })
