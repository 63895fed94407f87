import type { BackendReport } from "./backend.ts"
import { byTenant, type ByTenant, type Tenant, tenants } from "./Configuration.ts"
import type { ServiceReport } from "./shop/service.ts"

/** The spans of one tenant, from end to end. */
export interface TenantBooks {
  /** Ended in the services, and lost by their SDKs. */
  readonly made: number
  readonly errors: number
  readonly lostBySdks: number
  /** What the gateways' books say. */
  readonly received: number
  readonly filtered: number
  readonly sampled: number
  /** Dropped for any other reason. */
  readonly lost: number
  readonly held: number
  readonly delivered: number
  /** What the tenant's backend has counted. */
  readonly backend: number
  readonly backendErrors: number
  readonly backendBytes: number
  /** Of them spans of another tenant. */
  readonly strangers: number
}

export type Books = ByTenant<TenantBooks>

/** What the gateways alone say. */
export type GatewayBooks = ByTenant<Pick<TenantBooks, "received" | "filtered" | "sampled" | "lost" | "held" | "delivered">>

const wanted: ReadonlySet<string> = new Set(["sampled", "filtered"])

/** Reads the books of gateways from where they serve them to Prometheus. */
export const readGateways = async (metricsPorts: ReadonlyArray<number>): Promise<GatewayBooks> => {
  const texts = await Promise.all(metricsPorts.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()))
  const samples = texts.flatMap(samplesOf)
  const sum = (tenant: Tenant, name: string, holds: (labels: Labels) => boolean) =>
    samples
      .filter((one) => one.name === name && one.labels["tenant"] === tenant && one.labels["signal"] === "traces" && holds(one.labels))
      .reduce((total, { value }) => total + value, 0)
  const dropped = (tenant: Tenant, holds: (reason: string) => boolean) =>
    sum(tenant, "weir_dropped_items_total", ({ reason }) => holds(reason!))
  return byTenant((tenant) => ({
    received: sum(tenant, "weir_accepted_items_total", ({ kind }) => kind === "receiver"),
    filtered: dropped(tenant, (reason) => reason === "filtered"),
    sampled: dropped(tenant, (reason) => reason === "sampled"),
    lost: dropped(tenant, (reason) => !wanted.has(reason)),
    held: sum(tenant, "weir_held_items", () => true),
    delivered: sum(tenant, "weir_delivered_items_total", ({ kind }) => kind === "exporter")
  }))
}

export const booksOf = (services: ReadonlyArray<ServiceReport>, gateways: GatewayBooks, backends: ByTenant<BackendReport>): Books =>
  byTenant((tenant) => ({
    made: services.reduce((sum, report) => sum + report[tenant]!.made, 0),
    errors: services.reduce((sum, report) => sum + report[tenant]!.errors, 0),
    lostBySdks: services.reduce((sum, report) => sum + report[tenant]!.lost, 0),
    ...gateways[tenant],
    backend: backends[tenant].spans,
    backendErrors: backends[tenant].errors,
    backendBytes: backends[tenant].bytes,
    strangers: backends[tenant].strangers
  }))

/** Why the books do not balance; `undefined` if every span is accounted for. */
export const imbalance = (books: Books): string | undefined => {
  for (const tenant of tenants) {
    const { made, lostBySdks, received, filtered, sampled, lost, held, delivered, backend, strangers } = books[tenant]
    if (lostBySdks > 0) return `${tenant}: the SDKs lost ${lostBySdks} spans`
    if (made !== received) return `${tenant}: the services sent ${made} spans, the gateways received ${received}`
    if (lost > 0) return `${tenant}: the gateways lost ${lost} spans`
    if (held !== 0) return `${tenant}: the gateways hold ${held} spans`
    if (received !== filtered + sampled + delivered)
      return `${tenant}: ${received} received are not ${filtered} filtered + ${sampled} sampled + ${delivered} delivered`
    if (delivered !== backend) return `${tenant}: the gateways delivered ${delivered} spans, the backend counts ${backend}`
    if (strangers > 0) return `${tenant}: its backend has ${strangers} spans of others`
  }
  return undefined
}

type Labels = { readonly [name: string]: string }

const samplesOf = (text: string): ReadonlyArray<{ readonly name: string; readonly labels: Labels; readonly value: number }> =>
  text.split("\n").flatMap((line) => {
    const match = /^(weir_\w+)\{(.*)\} (\S+)/.exec(line)
    if (match === null) return []
    const labels = Object.fromEntries([...match[2]!.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
    return [{ name: match[1]!, labels, value: Number(match[3]) }]
  })
