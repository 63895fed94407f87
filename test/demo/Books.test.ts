import { assert, describe, it } from "@effect/vitest"
import { imbalance, type TenantBooks } from "../../scripts/demo/Books.ts"

const even: TenantBooks = {
  made: 100,
  errors: 5,
  lostBySdks: 0,
  received: 100,
  filtered: 10,
  sampled: 60,
  lost: 0,
  held: 0,
  delivered: 30,
  backend: 30,
  backendErrors: 5,
  backendBytes: 9000,
  strangers: 0
}
const withAcme = (change: Partial<TenantBooks>) => imbalance({ acme: { ...even, ...change }, globex: even })

describe("the demo's books", () => {
  it("balance where every span is accounted for", () => {
    assert.isUndefined(withAcme({}))
  })

  it.each([
    [{ made: 101 }, "acme: the services sent 101 spans, the gateways received 100"],
    [{ lostBySdks: 1 }, "acme: the SDKs lost 1 spans"],
    [{ lost: 2 }, "acme: the gateways lost 2 spans"],
    [{ held: 3 }, "acme: the gateways hold 3 spans"],
    [{ sampled: 59 }, "acme: 100 received are not 10 filtered + 59 sampled + 30 delivered"],
    [{ backend: 29 }, "acme: the gateways delivered 30 spans, the backend counts 29"],
    [{ strangers: 1 }, "acme: its backend has 1 spans of others"]
  ] as const)("do not balance with %o", (change, problem) => {
    assert.strictEqual(withAcme(change), problem)
  })
})
