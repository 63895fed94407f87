import * as Result from "effect/Result"
import type { Verdict } from "./Check.ts"
import type { ComponentType, Registry } from "./ComponentType.ts"
import { expand, type Lookups } from "./Expand.ts"
import { assemble, judge } from "./Load.ts"
import { overlay, type RemoteLayer } from "./Overlay.ts"
import type { Problem } from "./Problem.ts"
import { toShownYaml } from "./Shown.ts"
import type { Source } from "./Source.ts"

/** A configuration that can run, and the text of it that may be shown to others. */
export interface Composed<C> extends Verdict<C> {
  /** YAML, expansions as they were written, secrets replaced. */
  readonly shown: string
}

/**
 * The agent's own files with what was sent to it on top. Own text may look up what it likes; sent text sees only what `remoteLookups`
 * let it see, so that nobody reads a machine's secrets by a configuration that exports them.
 */
export const compose = <C extends ComponentType>(
  own: ReadonlyArray<Source>,
  lookups: Lookups,
  remote: RemoteLayer,
  remoteLookups: Lookups,
  registry: Registry<C>
): Result.Result<Composed<C>, ReadonlyArray<Problem>> => {
  const assembled = assemble(own, lookups)
  if (Result.isFailure(assembled)) return Result.fail(assembled.failure)
  const { written, expanded, problems: failures } = assembled.success
  const { root, problems } = overlay(expanded, remote, (node) => expand(node, remoteLookups))
  if (problems.length > 0) return Result.fail([...failures, ...problems])
  return Result.map(judge(root, failures, registry), (verdict) => ({
    ...verdict,
    shown: toShownYaml(overlay(written, remote, (node) => ({ root: node, problems: [] })).root)
  }))
}
