import { Batch } from "../../domain/Batch.ts"
import { cut, type CutLimits } from "../../domain/otlp/Cut.ts"
import { Malformed } from "../../domain/otlp/Malformed.ts"
import type { Held } from "./Held.ts"

/**
 * A batch in pieces within the limits, which are to be settled in its stead; `undefined` if it cannot be cut (one item, or bytes that
 * do not read as what was counted on arrival) or needs no cut.
 */
export const cutHeld = (held: Held, limits: CutLimits): ReadonlyArray<Held> | undefined => {
  const { origin, chunks, items, lease, ack } = held.batch
  if (items < 2) return undefined
  const parts = cut(origin.signal, chunks, limits)
  if (parts instanceof Malformed || parts.length < 2) return undefined
  if (parts.reduce((sum, part) => sum + part.items, 0) !== items) return undefined
  lease.retain(parts.length - 1)
  return held.split(parts.map((part) => new Batch(origin, part.chunks, part.items, part.sizeBytes, lease, ack)))
}

/** A group of two or more batches in two parts, in order. */
export const halves = (group: ReadonlyArray<Held>): readonly [ReadonlyArray<Held>, ReadonlyArray<Held>] => {
  const middle = group.length >> 1
  return [group.slice(0, middle), group.slice(middle)]
}
