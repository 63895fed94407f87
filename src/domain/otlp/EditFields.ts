import type { Keys } from "./Attributes.ts"
import type { Edits } from "./Edits.ts"
import { explain, LENGTH, tagOf, tagValue, valueEnd, varintEnd } from "./Wire.ts"
import type { Malformed } from "./Malformed.ts"
import { varintSize, writeVarint } from "./Write.ts"

// Edits of one record, Resource or scope that `edits` has entered. Attributes are those that a `Keys.find` on it has found.

/** Removes the attribute; of several with the same key the first. */
export const deleteAttribute = (edits: Edits, keys: Keys, key: number): void => {
  if (keys.at[key]! >= 0) edits.delete(keys.at[key]!, keys.end[key]!)
}

/** The attribute becomes the whole field at `[from, to)` of the arena; a new one goes to the end of its record. */
export const setAttribute = (edits: Edits, keys: Keys, key: number, recordEnd: number, from: number, to: number): void => {
  if (keys.at[key]! >= 0) edits.replace(keys.at[key]!, keys.end[key]!, from, to)
  else edits.insert(recordEnd, from, to)
}

/** The attribute `key` is called `to` from now on, and stands for what `to` was before. Its value keeps its bytes. */
export const renameAttribute = (edits: Edits, bytes: Uint8Array, keys: Keys, key: number, to: number): void => {
  const at = keys.at[key]!
  if (at < 0 || key === to) return
  deleteAttribute(edits, keys, to)
  const end = keys.end[key]!
  const lengthAt = varintEnd(bytes, at, end)
  const payload = varintEnd(bytes, lengthAt, end)
  const name = keys.patterns[to]!
  // The key comes first, what else there was follows.
  let size = 1 + varintSize(name.length) + name.length
  for (let pos = payload; pos < end; pos = nextField(bytes, pos, end)) if (!isKey(bytes, pos, end)) size += nextField(bytes, pos, end) - pos
  edits.reserve(lengthAt - at + varintSize(size) + size)
  const from = edits.put(bytes, at, lengthAt)
  edits.arenaEnd = writeVarint(edits.arena, edits.arenaEnd, size)
  edits.arena[edits.arenaEnd++] = tagOf(1, LENGTH)
  edits.arenaEnd = writeVarint(edits.arena, edits.arenaEnd, name.length)
  edits.put(name, 0, name.length)
  for (let pos = payload; pos < end; pos = nextField(bytes, pos, end)) {
    if (!isKey(bytes, pos, end)) edits.put(bytes, pos, nextField(bytes, pos, end))
  }
  edits.replace(at, end, from, edits.arenaEnd)
}

// Both on an attribute that `Keys.find` has read, hence well-formed.
const nextField = (bytes: Uint8Array, pos: number, end: number): number => {
  const valueAt = varintEnd(bytes, pos, end)
  return valueEnd(bytes, valueAt, end, tagValue(bytes, pos, valueAt) & 7)
}

const isKey = (bytes: Uint8Array, pos: number, end: number): boolean =>
  tagValue(bytes, pos, varintEnd(bytes, pos, end)) === tagOf(1, LENGTH)

/** Field `field` of the record in `[pos, end)` becomes the whole field at `[from, to)` of the arena; all its occurrences give way to it. */
export const setField = (
  edits: Edits,
  bytes: Uint8Array,
  pos: number,
  end: number,
  field: number,
  from: number,
  to: number
): Malformed | undefined => {
  let first = from < to
  while (pos < end) {
    const valueAt = varintEnd(bytes, pos, end)
    const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
    const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
    if (next < 0) return explain(bytes, pos, end)
    if (tag >>> 3 === field) {
      if (first) edits.replace(pos, next, from, to)
      else edits.delete(pos, next)
      first = false
    }
    pos = next
  }
  if (first) edits.insert(end, from, to)
  return undefined
}

/** Removes every occurrence of a field from the record in `[pos, end)`. */
export const deleteField = (edits: Edits, bytes: Uint8Array, pos: number, end: number, field: number): Malformed | undefined =>
  setField(edits, bytes, pos, end, field, 0, 0)
