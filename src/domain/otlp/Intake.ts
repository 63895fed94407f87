import { defaultTenant } from "../Batch.ts"
import type { Signal } from "../Signal.ts"
import { childTags, DATA, isData, leafLevel, METRIC, REQUEST, RESOURCE_GROUP, SCOPE_GROUP } from "./Levels.ts"
import { Malformed } from "./Malformed.ts"
import { TenantReader } from "./TenantReader.ts"
import { Validator } from "./Validator.ts"
import { explain, LENGTH, tagValue, valueEnd, varintEnd } from "./Wire.ts"

/** What one tenant sent in one request: `chunks` are parts of the request's own bytes, none is a copy. `items` may be 0. */
export interface Piece {
  readonly tenant: string
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly items: number
  readonly sizeBytes: number
}

export interface IntakeOptions {
  /** The resource attribute that names the tenant. Where it is absent, empty, no string, or longer than 255 bytes: `defaultTenant`. */
  readonly tenantKey: string
  /**
   * `lengths`: down to the items, which are entered only where they are long enough to nest deeper than `maxDepth`. `full`: every field,
   * UTF-8 too.
   */
  readonly validate: "lengths" | "full"
}

/**
 * A request with more items is refused as too large: ten bytes an item under the default limit of 20 MiB, and a data point with no more
 * than a time and a value has twenty. So a few kilobytes that inflate to millions of empty items cost little.
 */
export const maxItems = 2 << 20

/** More than `maxItems` items. */
export class TooManyItems extends Malformed {}

/** A request with more tenants is refused as malformed, since each becomes a batch of its own. */
export const maxTenants = 1000

class Share implements Piece {
  readonly tenant: string
  readonly chunks: Array<Uint8Array> = []
  items = 0
  sizeBytes = 0

  constructor(tenant: string) {
    this.tenant = tenant
  }

  add(chunk: Uint8Array): void {
    this.chunks.push(chunk)
    this.sizeBytes += chunk.length
  }
}

const readers = new Map<string, TenantReader>()

const readerOf = (key: string): TenantReader => {
  let reader = readers.get(key)
  if (reader === undefined) readers.set(key, (reader = new TenantReader(key)))
  return reader
}

/**
 * The receiver's one walk over a request: checks it, counts its items and splits it by tenant, without copying. It enters resource
 * groups, scope groups and metrics, and hops over items.
 *
 * `step` stops and goes on, so that a request of a million tiny items does not keep the event loop; small ones take one `intake`.
 */
export class Intake {
  private readonly bytes: Uint8Array
  private readonly tenants: TenantReader
  /** The level whose children are the items. */
  private readonly leaf: number
  private readonly validator: Validator

  private pos = 0
  private level = REQUEST
  private readonly ends: [number, number, number, number, number]
  /** Of the current resource group; of a metric's data fields only the last one stands, so its points are counted apart. */
  private groupAt = 0
  private groupTenant: string | undefined = undefined
  private items = 0
  private metricItems = 0
  /** Of the groups before. */
  private counted = 0

  private readonly shares: Array<Share> = []
  private byTenant: Map<string, Share> | undefined = undefined
  /** The top-level fields from here on belong to `run` and have not been cut off yet. */
  private runAt = 0
  private run: Share | undefined = undefined

  constructor(signal: Signal, bytes: Uint8Array, options: IntakeOptions) {
    this.bytes = bytes
    this.tenants = readerOf(options.tenantKey)
    this.leaf = leafLevel(signal)
    this.validator = new Validator(signal, bytes, options.validate === "full" ? "full" : "depth")
    this.ends = [bytes.length, 0, 0, 0, 0]
  }

  /**
   * Goes on for about `maxFields` fields; `undefined`: call again. Half a million take well under 20 ms. Afterwards: the pieces, one per
   * tenant in order of appearance (none if the request is empty), or what is wrong.
   */
  step(maxFields: number): ReadonlyArray<Piece> | Malformed | undefined {
    let budget = maxFields
    while (this.pos < this.bytes.length || this.level > REQUEST) {
      if (budget <= 0) return undefined
      const left = this.walk(budget)
      if (left instanceof Malformed) return left
      if (this.counted + this.items + this.metricItems > maxItems) {
        return new TooManyItems(this.pos, `more than ${maxItems} items in one request`)
      }
      budget = left
    }
    const verdict = this.validator.step(budget)
    if (verdict instanceof Malformed) return verdict
    return verdict ? this.finish() : undefined
  }

  /** Walks the fields of one message until it ends, a child is entered, or the budget is used up. Returns what is left of that. */
  private walk(budget: number): number | Malformed {
    const { bytes, level, leaf } = this
    const end = this.ends[level]!
    const childTag = childTags[level]!
    let pos = this.pos
    while (pos < end && budget-- > 0) {
      const valueAt = varintEnd(bytes, pos, end)
      const tag = valueAt < 0 ? 0 : tagValue(bytes, pos, valueAt)
      const next = tag === 0 ? -1 : valueEnd(bytes, valueAt, end, tag & 7)
      if (next < 0) return explain(bytes, pos, end)
      if (tag === childTag || (level === METRIC && isData(tag >>> 3))) {
        if ((tag & 7) !== LENGTH) return this.wrongType(pos, tag)
        if (level === leaf) this.metricItems++
        else {
          this.enter(pos, varintEnd(bytes, valueAt, end), next)
          return budget
        }
      } else if (tag >>> 3 === childTag >>> 3) return this.wrongType(pos, tag)
      else if (level === RESOURCE_GROUP && tag >>> 3 === 1) {
        if ((tag & 7) !== LENGTH) return this.wrongType(pos, tag)
        const tenant = this.groupTenant ?? this.tenants.read(bytes, varintEnd(bytes, valueAt, end), next)
        if (tenant instanceof Malformed) return tenant
        this.groupTenant = tenant
      } else if (level === REQUEST) this.assign(pos, this.shares[0])
      pos = next
    }
    this.pos = pos
    return pos === end && level > REQUEST ? (this.leave() ?? budget) : budget
  }

  private enter(at: number, start: number, end: number): void {
    if (this.level === REQUEST) {
      this.groupAt = at
      this.groupTenant = undefined
      this.items = 0
    }
    this.metricItems = 0
    this.pos = start
    this.ends[++this.level] = end
  }

  private leave(): Malformed | undefined {
    const { level } = this
    this.level--
    if (level === (this.leaf === DATA ? METRIC : SCOPE_GROUP)) {
      this.items += this.metricItems
      this.metricItems = 0
    }
    if (level !== RESOURCE_GROUP) return undefined
    const share = this.shareOf(this.groupTenant ?? defaultTenant)
    if (share === undefined) return new Malformed(this.groupAt, `more than ${maxTenants} tenants in one request`)
    share.items += this.items
    this.counted += this.items
    this.items = 0
    this.assign(this.groupAt, share)
    return undefined
  }

  private shareOf(tenant: string): Share | undefined {
    const { shares } = this
    const last = this.run
    if (last !== undefined && last.tenant === tenant) return last
    if (shares.length === 0) {
      shares.push(new Share(tenant))
      return shares[0]
    }
    this.byTenant ??= new Map([[shares[0]!.tenant, shares[0]!]])
    let share = this.byTenant.get(tenant)
    if (share === undefined) {
      if (shares.length === maxTenants) return undefined
      shares.push((share = new Share(tenant)))
      this.byTenant.set(tenant, share)
    }
    return share
  }

  /** The top-level field at `pos` belongs to `share`; before there is one it goes with whoever is first. */
  private assign(pos: number, share: Share | undefined): void {
    if (share === this.run) return
    if (this.run !== undefined) {
      this.run.add(this.bytes.subarray(this.runAt, pos))
      this.runAt = pos
    }
    this.run = share
  }

  private finish(): ReadonlyArray<Piece> {
    const { bytes, shares } = this
    if (shares.length === 0) {
      if (bytes.length === 0) return shares
      this.run = new Share(defaultTenant)
      shares.push(this.run)
    }
    if (this.runAt === 0) this.run!.add(bytes)
    else this.run!.add(bytes.subarray(this.runAt))
    return shares
  }

  private wrongType(pos: number, tag: number): Malformed {
    return new Malformed(pos, `field ${tag >>> 3} has wire type ${tag & 7}; expected ${LENGTH}`)
  }
}

/** `Intake` in one call. */
export const intake = (signal: Signal, bytes: Uint8Array, options: IntakeOptions): ReadonlyArray<Piece> | Malformed =>
  new Intake(signal, bytes, options).step(Infinity)!
