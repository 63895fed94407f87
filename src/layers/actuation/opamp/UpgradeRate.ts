import { TokenBucket } from "../../../streams/TokenBucket.ts"

/** What a socket costs in addition that is gone within this time: a client that reconnects without end runs out at once. */
const hurriedMillis = 1000
const hurriedCost = 4

/** How many addresses are remembered; with more, those that have not come for longest are forgotten. */
const maxAddresses = 10_000

/**
 * How often each address may open a socket. An agent may be told to wait only before it has one: those that are closed come back at once,
 * some of them hundreds of times a second.
 */
export class UpgradeRate {
  private readonly buckets = new Map<string, TokenBucket>()
  private readonly limit: { readonly burst: number; readonly perSecond: number }

  constructor(limit: { readonly burst: number; readonly perSecond: number }) {
    this.limit = limit
  }

  /** Whether `address` may now. */
  tryTake(address: string, nowMillis: number): boolean {
    const bucket = this.buckets.get(address) ?? new TokenBucket({ capacity: this.limit.burst, perSecond: this.limit.perSecond, nowMillis })
    this.buckets.delete(address)
    this.buckets.set(address, bucket)
    if (this.buckets.size > maxAddresses) this.buckets.delete(this.buckets.keys().next().value!)
    return bucket.tryTake(1, nowMillis)
  }

  /** A socket of `address` has ended that stood for `livedMillis`. */
  ended(address: string, livedMillis: number, nowMillis: number): void {
    if (livedMillis < hurriedMillis) this.buckets.get(address)?.reserve(hurriedCost, nowMillis)
  }
}
