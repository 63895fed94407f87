import type { Checked } from "./Checked.ts"
import type { Kind } from "./ComponentType.ts"

export type Change = "same" | "changed" | "added" | "removed"

/** What a new configuration changes, by component and by pipeline. */
export interface Diff {
  readonly components: ReadonlyArray<{ readonly kind: Kind; readonly id: string; readonly change: Change }>
  readonly pipelines: ReadonlyArray<{ readonly name: string; readonly change: Change }>
  readonly telemetry: "same" | "changed"
}

/** Compares by the resolved settings: the order of keys, the files they come from and the spelling of a type do not matter; the order of lists does. */
export const diff = (before: Checked<unknown>, after: Checked<unknown>): Diff => {
  const components = compare(
    before.components,
    after.components,
    ({ kind, id }) => `${kind}/${id}`,
    ({ fingerprint }) => fingerprint
  )
  const pipelines = compare(before.pipelines, after.pipelines, ({ name }) => name, JSON.stringify)
  return {
    components: components.map(([{ kind, id }, change]) => ({ kind, id, change })),
    pipelines: pipelines.map(([{ name }, change]) => ({ name, change })),
    telemetry: JSON.stringify(before.telemetry) === JSON.stringify(after.telemetry) ? "same" : "changed"
  }
}

const compare = <T>(
  before: ReadonlyArray<T>,
  after: ReadonlyArray<T>,
  name: (one: T) => string,
  print: (one: T) => string
): ReadonlyArray<readonly [T, Change]> => {
  const old = new Map(before.map((one) => [name(one), print(one)]))
  const kept = new Set(after.map(name))
  return [
    ...after.map((one): readonly [T, Change] => {
      const was = old.get(name(one))
      return [one, was === undefined ? "added" : was === print(one) ? "same" : "changed"]
    }),
    ...before.filter((one) => !kept.has(name(one))).map((one): readonly [T, Change] => [one, "removed"])
  ]
}
