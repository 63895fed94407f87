import { assert, describe, it } from "@effect/vitest"
import { History, historySeconds, keyOf } from "../../src/console/feed/History.ts"
import { fixture } from "../browser/support/Fixture.ts"

const rate = (tenant: string, items: number) => ({
  ...fixture.overview.rates[0]!,
  tenant,
  received: { items, bytes: 0, errors: 0 },
  dropped: { sampled: 1, queue_full: 2 }
})
const key = (tenant: string) => keyOf(rate(tenant, 0))

describe("History", () => {
  it("remembers two minutes of everything together and of each tenant", () => {
    const history = new History()
    for (let second = 1; second <= 200; second++) history.add({ ...fixture.overview, rates: [rate("a", second), rate("b", 1)] })
    assert.strictEqual(history.total().length, historySeconds)
    assert.deepStrictEqual(history.total().at(-1), { received: 201, delivered: 3540, wanted: 2, lost: 4 })
    assert.deepStrictEqual([history.of(key("a"))[0], history.of(key("a")).at(-1)], [81, 200])
    assert.deepStrictEqual(history.of("nobody"), [])
  })

  it("forgets tenants that are silent for two minutes, and takes no more than it can hold", () => {
    const history = new History()
    history.add({ ...fixture.overview, rates: Array.from({ length: 1000 }, (_, index) => rate(`t${index}`, 1)) })
    assert.deepStrictEqual([history.of(key("t199")), history.of(key("t200"))], [[1], []])
    for (let second = 0; second < historySeconds; second++) history.add({ ...fixture.overview, rates: [] })
    assert.deepStrictEqual(history.of(key("t0")), [])
    history.add({ ...fixture.overview, rates: [rate("late", 7)] })
    assert.deepStrictEqual(history.of(key("late")), [7])
  })
})
