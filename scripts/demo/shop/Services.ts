import { call, type Call, type Outcome } from "./Route.ts"

export const serviceNames = ["storefront", "checkout", "payments"] as const
export type ServiceName = (typeof serviceNames)[number]

/** What a service does with a request, by method and path. */
export type Routes = { readonly [route: string]: (call: Call) => Outcome | Promise<Outcome> }

/** Where the services are: base addresses. */
export type Shop = { readonly [S in ServiceName]: string }

const alive: Routes = { "GET /healthz": () => ({ status: 200 }) }

export const routesOf = (service: ServiceName, { checkout, payments }: Shop): Routes => {
  switch (service) {
    case "storefront":
      return {
        ...alive,
        "GET /products": ({ query }) => ({ status: 200, attributes: { "shop.category": query.get("category") ?? "all" } }),
        "POST /buy": async (request) => {
          const status = await call(request, "POST", checkout, `/checkout?${request.query}`)
          return { status, attributes: { "shop.basket.items": Number(request.query.get("items")) } }
        }
      }
    case "checkout":
      return {
        ...alive,
        "POST /checkout": async (request) => ({ status: await call(request, "POST", payments, `/charge?${request.query}`) }),
        "GET /cart": ({ query }) =>
          query.get("fails") === "1"
            ? { status: 503, problem: "the cart store did not answer in time" }
            : { status: 200, attributes: { "shop.basket.items": Number(query.get("items")) } }
      }
    case "payments":
      return {
        ...alive,
        "POST /charge": ({ query }) => (query.get("card") === "declined" ? { status: 402, problem: "card declined" } : { status: 200 })
      }
  }
}
