import type { Held } from "./Held.ts"

/** A group of two or more batches in two parts, in order. */
export const halves = (group: ReadonlyArray<Held>): readonly [ReadonlyArray<Held>, ReadonlyArray<Held>] => {
  const middle = group.length >> 1
  return [group.slice(0, middle), group.slice(middle)]
}
