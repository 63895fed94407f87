import { gatewayCount, type Tenant, tenants } from "./Configuration.ts"
import { type Pace, stormRate } from "./Pace.ts"
import { seeded, seedFor } from "./Random.ts"
import type { Shop } from "./shop/Services.ts"

export const stormyTenant: Tenant = "acme"

const tickMillis = 50
/** What could not be sent in time is left out, so that a pause of the machine does not become a storm of its own. */
const mostBehindSeconds = 1
const mostInFlight = 200

/** Of a gateway's storm requests one in so many fails, of its purchases one in so many is paid with a card that is declined. */
const oneFailureIn = 25
const oneDeclinedIn = 6

/**
 * The people (and the one broken program) that use the shop. What they do follows from the seed. They take turns over tenants and
 * gateways, so that every gateway carries the same mix.
 */
export class Visitors {
  private readonly shop: Shop
  private readonly random: () => number
  private readonly visits: Stream
  private readonly storm: Stream
  private timer: NodeJS.Timeout | undefined
  private inFlight = new Set<Promise<void>>()
  private ticks = 0

  constructor(shop: Shop, pace: Pace, seed: number) {
    this.shop = shop
    this.random = seeded(seedFor(seed, "visitors"))
    this.visits = new Stream(pace.visitsPerSecond, (turn) => this.visit(turn))
    this.storm = new Stream(stormRate(pace, tenants.length), (turn) => this.poll(turn))
  }

  open(): void {
    this.visits.start()
    this.timer = setInterval(() => {
      this.visits.tick()
      this.storm.tick()
      if (this.ticks++ % (1000 / tickMillis) === 0) this.probe()
    }, tickMillis)
  }

  beginStorm(): void {
    this.storm.start()
  }

  endStorm(): void {
    this.storm.stop()
  }

  /** Nobody comes any more; resolves when the last has left. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    this.visits.stop()
    this.storm.stop()
    await Promise.all(this.inFlight)
  }

  /** Tenants and gateways in turn; of each pair's visits every second one buys. */
  private visit(turn: number): void {
    const { tenant, gateway, round } = pairOf(turn)
    const items = 1 + Math.floor(this.random() * 9)
    if (round % 2 === 0) return this.send("GET", `${this.shop.storefront}/products?category=${items}`, tenant, gateway)
    const card = ((round >> 1) + 3 * tenants.indexOf(tenant) + gateway) % oneDeclinedIn === 0 ? "declined" : "good"
    this.send("POST", `${this.shop.storefront}/buy?items=${items}&card=${card}`, tenant, gateway)
  }

  /** The broken program: it asks for the same cart over and over. */
  private poll(turn: number): void {
    const gateway = turn % gatewayCount
    const fails = (Math.floor(turn / gatewayCount) + 6 * gateway) % oneFailureIn === 0 ? 1 : 0
    this.send("GET", `${this.shop.checkout}/cart?items=${1 + Math.floor(this.random() * 9)}&fails=${fails}`, stormyTenant, gateway)
  }

  /** A load balancer asks every service whether it lives. */
  private probe(): void {
    const second = Math.floor(this.ticks / (1000 / tickMillis))
    const { tenant, gateway } = pairOf(second)
    for (const service of Object.values(this.shop)) this.send("GET", `${service}/healthz`, tenant, gateway)
  }

  private send(method: string, url: string, tenant: Tenant, gateway: number): void {
    if (this.inFlight.size >= mostInFlight) return
    const asked = ask(method, url, { baggage: `tenant=${tenant},gateway=${gateway}` })
    this.inFlight.add(asked)
    void asked.then(() => this.inFlight.delete(asked))
  }
}

const pairOf = (turn: number) => ({
  tenant: tenants[turn % tenants.length]!,
  gateway: Math.floor(turn / tenants.length) % gatewayCount,
  round: Math.floor(turn / tenants.length / gatewayCount)
})

/** What the visitor is told does not matter here. */
const ask = async (method: string, url: string, headers: { readonly [name: string]: string }): Promise<void> => {
  try {
    const answer = await fetch(url, { method, headers })
    await answer.arrayBuffer()
  } catch {
    // The shop is closing.
  }
}

/** Things that happen at a rate. */
class Stream {
  private readonly rate: number
  private readonly happen: (turn: number) => void
  private turn = 0
  private due = 0
  private lastMillis: number | undefined

  constructor(rate: number, happen: (turn: number) => void) {
    this.rate = rate
    this.happen = happen
  }

  start(): void {
    this.lastMillis = performance.now()
    this.due = 0
  }

  stop(): void {
    this.lastMillis = undefined
  }

  tick(): void {
    if (this.lastMillis === undefined) return
    const now = performance.now()
    this.due += this.rate * Math.min(mostBehindSeconds, (now - this.lastMillis) / 1000)
    this.lastMillis = now
    for (; this.due >= 1; this.due--) this.happen(this.turn++)
  }
}
