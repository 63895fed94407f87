import { sha256Hex } from "./Canonical.ts"
import type { Canary } from "./Plan.ts"

/** A unit of randomisation: what it is known by in the long run, and its present instance uid. */
export interface Unit {
  readonly key: string
  readonly uid: string
}

export interface Assignment {
  /** All units, in the order of their salted hashes. */
  readonly order: ReadonlyArray<Unit>
  /** Uids. */
  readonly canary: ReadonlyArray<string>
  readonly control: ReadonlyArray<string>
}

/** Below this on either side nothing can be compared: the spread within an arm is unknown. */
export const smallestArm = 2

/**
 * How many of `units` are canaries, exactly: what the plan says, else a tenth, at least two; never so many that fewer than two are left
 * to compare with. 0 where there are fewer than 2 + 2 units.
 */
export const quota = (canary: Canary, units: number): number => {
  if (units < 2 * smallestArm) return 0
  const wanted = canary.kind === "count" ? canary.count : Math.floor(units * (canary.kind === "fraction" ? canary.fraction : 0.1))
  const most = canary.kind === "default" ? Math.floor(units / 2) : units - smallestArm
  return Math.min(Math.max(wanted, smallestArm), most)
}

/**
 * Arms by lot that can be drawn again: units sorted by SHA-256 of salt, revision and key, the first ones canaries, all others the
 * concurrent control. It depends on nothing else, not on the order of arrival and not on uids; another revision has another order.
 */
export const assign = (salt: string, revision: string, units: ReadonlyArray<Unit>, canary: Canary): Assignment => {
  const hashed = units.map((unit) => ({ unit, hash: sha256Hex(JSON.stringify([salt, revision, unit.key])) }))
  const order = hashed
    .toSorted((a, b) => compareTexts(a.hash, b.hash) || compareTexts(a.unit.uid, b.unit.uid))
    .map(({ unit: { key, uid } }) => ({ key, uid }))
  const uids = order.map(({ uid }) => uid)
  const first = quota(canary, units.length)
  return first === 0 ? { order, canary: [], control: [] } : { order, canary: uids.slice(0, first), control: uids.slice(first) }
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
