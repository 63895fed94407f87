/** A service of the shop, a process: HTTP in, HTTP out, and telemetry by one provider for each tenant and gateway. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { SpanKind, trace } from "@opentelemetry/api"
import type { IdGenerator } from "@opentelemetry/sdk-trace-base"
import { endWith, sayReady, serveQuestions } from "../Ipc.ts"
import { seeded, seedFor } from "../Random.ts"
import { agentLane, type Lane, officialLane, type Sent } from "./Lane.ts"
import { baggageOf, contextOf, finish } from "./Route.ts"
import { routesOf, type ServiceName, type Shop } from "./Services.ts"

export interface ServiceOptions {
  readonly service: ServiceName
  readonly seed: number
  readonly tenants: ReadonlyArray<string>
  /** Base addresses of the gateways' receivers. */
  readonly gateways: ReadonlyArray<string>
  readonly shop: Shop
}

/** By tenant. */
export type ServiceReport = { readonly [tenant: string]: Sent }

const options: ServiceOptions = JSON.parse(process.argv[2]!)
const { service, tenants, gateways } = options
const random = seeded(seedFor(options.seed, service))

const hex = (bytes: number): string =>
  Array.from({ length: bytes }, () =>
    Math.floor(random() * 256)
      .toString(16)
      .padStart(2, "0")
  ).join("")
const ids: IdGenerator = { generateTraceId: () => hex(16), generateSpanId: () => hex(8) }

/** One of the three is instrumented with `weir/agent`, the others with the official SDK alone. */
const makeLane = service === "payments" ? agentLane : officialLane
const lanes = new Map<string, ReadonlyArray<Lane>>(
  tenants.map((tenant) => [tenant, gateways.map((endpoint) => makeLane({ service, tenant, endpoint, ids }))])
)
const all = [...lanes.values()].flat()
const routes = routesOf(service, options.shop)

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const context = contextOf(request.headers)
  const { tenant, gateway } = baggageOf(context)
  const url = new URL(request.url!, "http://shop")
  const route = `${request.method} ${url.pathname}`
  const handle = routes[route]
  const lane = lanes.get(tenant)?.[gateway]
  request.resume()
  if (handle === undefined || lane === undefined) {
    response.writeHead(404).end()
    return
  }
  const { tracer } = lane
  // The work itself is imagined: what would have taken a few milliseconds began so long ago.
  const startTime = new Date(Date.now() - 2 - Math.floor(random() * 20))
  const attributes = { "http.request.method": request.method!, "http.route": url.pathname, "url.path": url.pathname, "url.scheme": "http" }
  const span = tracer.startSpan(route, { kind: SpanKind.SERVER, startTime, attributes }, context)
  const outcome = await handle({ context: trace.setSpan(context, span), tracer, query: url.searchParams })
  finish(span, outcome)
  response.writeHead(outcome.status).end()
}

const server = createServer((request, response) => {
  // A neighbour that is gone is gone for good: the shop is closing.
  void answer(request, response).catch(() => response.destroy())
})

const none: Sent = { made: 0, errors: 0, lost: 0 }
const add = (a: Sent, b: Sent): Sent => ({ made: a.made + b.made, errors: a.errors + b.errors, lost: a.lost + b.lost })

const report = (): ServiceReport =>
  Object.fromEntries([...lanes].map(([tenant, ofTenant]) => [tenant, ofTenant.map((lane) => lane.sent()).reduce(add, none)]))

serveQuestions({
  report,
  /** Delivers what waits first. */
  settle: async () => {
    await Promise.all(all.map((lane) => lane.flush()))
    return report()
  }
})
endWith(async () => {
  server.close()
  server.closeAllConnections()
  await Promise.all(all.map((lane) => lane.shutdown()))
})
server.listen(Number(new URL(options.shop[service]).port), "127.0.0.1", sayReady)
