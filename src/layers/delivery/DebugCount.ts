import type { Signal } from "../../domain/Signal.ts"
import { LENGTH, tagOf, tagValue, valueEnd, varintEnd } from "../../domain/otlp/Wire.ts"

const groupTag = tagOf(1, LENGTH)
const childTag = tagOf(2, LENGTH)

/** How many messages stand `depth` levels below `[start, end)`: field `tag` here, field 2 in each level below. Stops at what is malformed. */
const count = (bytes: Uint8Array, start: number, end: number, tag: number, depth: number): number => {
  let found = 0
  let pos = start
  while (pos < end) {
    const valueAt = varintEnd(bytes, pos, end)
    const actual = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = actual === 0 ? -1 : valueEnd(bytes, valueAt, end, actual & 7)
    if (next < 0) return found
    if (actual === tag) found += depth === 0 ? 1 : count(bytes, varintEnd(bytes, valueAt, next), next, childTag, depth - 1)
    pos = next
  }
  return found
}

/** What a summary line counts, in the Collector's words. */
export const countGroups = (signal: Signal, chunks: ReadonlyArray<Uint8Array>, items: number): { readonly [name: string]: number } => {
  const sum = (depth: number) => chunks.reduce((total, chunk) => total + count(chunk, 0, chunk.length, groupTag, depth), 0)
  switch (signal) {
    case "traces":
      return { "resource spans": sum(0), spans: items }
    case "logs":
      return { "resource logs": sum(0), "log records": items }
    case "metrics":
      return { "resource metrics": sum(0), metrics: sum(2), "data points": items }
  }
}
