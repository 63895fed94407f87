import { decodeEntry } from "../../../src/domain/otlp/AnyValue.ts"
import { Keys } from "../../../src/domain/otlp/Attributes.ts"
import { cut } from "../../../src/domain/otlp/Cut.ts"
import { filterItems } from "../../../src/domain/otlp/EditItems.ts"
import { Edits } from "../../../src/domain/otlp/Edits.ts"
import { END, PAYLOAD } from "../../../src/domain/otlp/Groups.ts"
import { intake } from "../../../src/domain/otlp/Intake.ts"
import { Logs } from "../../../src/domain/otlp/Logs.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { Metrics } from "../../../src/domain/otlp/Metrics.ts"
import { normalise } from "../../../src/domain/otlp/Normalise.ts"
import { Traces } from "../../../src/domain/otlp/Traces.ts"
import { signals, type Signal } from "../../../src/domain/Signal.ts"
import { SlabPool } from "../../../src/domain/SlabPool.ts"
import { distort } from "./Distort.ts"
import { mutate } from "./Mutate.ts"
import { randomRequest } from "./Payloads.ts"
import { Random } from "./Random.ts"
import { decode, itemsOf, type Plain } from "./Reference.ts"

const views = { traces: new Traces(), logs: new Logs(), metrics: new Metrics() }
const edits = new Edits()
const pool = new SlabPool()
const keys = new Keys(["k", "service.name"])
const options = { tenantKey: "tenant" }

export class Disagreement extends Error {}

const agree = (condition: boolean, what: string): void => {
  if (!condition) throw new Disagreement(what)
}

const size = (chunks: ReadonlyArray<Uint8Array>): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0)

const reference = (signal: Signal, bytes: Uint8Array): Plain | undefined => {
  try {
    return decode(signal, bytes)
  } catch {
    return undefined
  }
}

/** Neighbours that must never be read: what is read beyond the request changes the verdict. */
const embedded = (bytes: Uint8Array, filler: number): Uint8Array => {
  const memory = new Uint8Array(bytes.length + 64).fill(filler)
  memory.set(bytes, 32)
  return memory.subarray(32, 32 + bytes.length)
}

/** How the runs so far ended. */
export interface Tally {
  runs: number
  malformed: number
  accepted: number
  compared: number
}

/**
 * One run: a random request, mutated, through everything that reads bytes from strangers. Throws `Disagreement` when two readers of ours do
 * not agree, or ours with the reference decoder where both accept; whatever else is thrown is a defect too.
 */
export const fuzzOnce = (seed: number, tally: Tally): void => {
  const rng = new Random(seed)
  const signal = rng.pick(signals)
  const request = randomRequest(signal, rng, { tenants: ["a", "b"] })
  const bytes = mutate(rng, signal, rng.chance(0.3) ? distort(signal, rng, request) : request)
  tally.runs++
  const lengths = intake(signal, bytes, { ...options, validate: "lengths" })
  const full = intake(signal, bytes, { ...options, validate: "full" })
  for (const filler of [0, 0x0a, 0xff]) {
    const other = intake(signal, embedded(bytes, filler), { ...options, validate: "full" })
    agree(other instanceof Malformed === full instanceof Malformed, "a byte outside the request was read")
    if (other instanceof Malformed && full instanceof Malformed) agree(other.message === full.message, `${other} is not ${full}`)
  }
  if (lengths instanceof Malformed) {
    agree(full instanceof Malformed, "full accepts what lengths refuses")
    agree(lengths.offset >= 0 && lengths.offset <= bytes.length, "an offset outside the request")
    tally.malformed++
    return
  }
  agree(size(lengths.flatMap((piece) => piece.chunks)) === bytes.length, "bytes were lost between the pieces")
  const items = lengths.reduce((sum, piece) => sum + piece.items, 0)

  const view = views[signal]
  const fault = view.index(bytes)
  const parts = cut(signal, [bytes], { maxItems: 1 + rng.below(4), maxBytes: rng.pick([0, 200, 1000]) })
  if (fault === undefined) {
    agree(view.items === items, `the index has ${view.items} items, the intake ${items}`)
    for (let i = 0; i < view.records.count; i++) {
      const at = i * view.records.width
      const end = view.records.data[at + END]!
      if (keys.find(view.bytes, view.records.data[at + PAYLOAD]!, end, signal === "traces" ? 9 : 6) !== undefined) continue
      for (let key = 0; key < 2; key++) {
        if (keys.at[key]! >= 0) decodeEntry(view.bytes, keys.types[key]!, keys.valueStart[key]!, keys.valueEnd[key]!)
      }
    }
    edits.begin(view.bytes)
    const kept = filterItems(view, edits, (item) => item % 2 === 0)
    const { bytes: rebuilt, lease } = edits.rebuild(pool)
    const again = intake(signal, rebuilt, { ...options, validate: "lengths" })
    agree(
      !(again instanceof Malformed) && again.reduce((sum, piece) => sum + piece.items, 0) === kept,
      "the filtered request is not what was kept"
    )
    lease.release()
  }
  if (!(parts instanceof Malformed)) agree(parts.reduce((sum, part) => sum + part.items, 0) === items, "a cut lost or made items")
  if (full instanceof Malformed) {
    agree(full.offset >= 0 && full.offset <= bytes.length, "an offset outside the request")
    tally.malformed++
    return
  }
  tally.accepted++
  agree(fault === undefined, `full accepts what the index refuses: ${fault}`)
  agree(!(parts instanceof Malformed), `full accepts what cut refuses: ${parts}`)
  const normal = normalise(signal, bytes)
  if (normal instanceof Malformed) throw new Disagreement(`full accepts what normalise refuses: ${normal}`)
  const expected = reference(signal, normal)
  agree(expected !== undefined, "the reference decoder refuses what full accepts")
  agree(
    itemsOf(signal, expected!).length === items,
    `the reference decoder counts ${itemsOf(signal, expected!).length} items, not ${items}`
  )
  tally.compared++
}
