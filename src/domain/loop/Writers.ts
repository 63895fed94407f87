import type { Json, Patch } from "./Patch.ts"

/** What a patch writes: a path from the root of the configuration to a value that it sets, or to a list that it adds to. */
interface Write {
  readonly path: ReadonlyArray<string>
  readonly appends: boolean
}

const writesOf = ({ merge, append }: Patch): ReadonlyArray<Write> => [
  ...leaves(merge, []).map((path) => ({ path, appends: false })),
  ...append.map(({ path }) => ({ path, appends: true }))
]

const leaves = (value: Json, path: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [path]
  const entries = Object.entries(value)
  return entries.length === 0 ? (path.length === 0 ? [] : [path]) : entries.flatMap(([key, inner]) => leaves(inner, [...path, key]))
}

const isWithin = (outer: ReadonlyArray<string>, inner: ReadonlyArray<string>): boolean =>
  outer.length <= inner.length && outer.every((step, i) => step === inner[i])

/**
 * The path that both patches want to write, if there is one: one value has one writer. Two that add to one list do not disturb each
 * other, and neither undoes the other when it is taken out.
 */
export const commonPath = (a: Patch, b: Patch): string | undefined => {
  const others = writesOf(b)
  for (const one of writesOf(a)) {
    const other = others.find(({ path, appends }) => !(appends && one.appends) && (isWithin(one.path, path) || isWithin(path, one.path)))
    if (other !== undefined) return (one.path.length >= other.path.length ? one : other).path.join(".")
  }
  return undefined
}
