import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { forward } from "../../src/layers/analysis/connectors/Forward.ts"
import { routing } from "../../src/layers/analysis/connectors/Routing.ts"
import { type Connecting, type Connector, connector } from "../../src/layers/graph/Component.ts"
import { connectorContract } from "../../src/testing.ts"

/** By tenant, by item, and with what matches nothing dropped. */
const byTenant = { table: [{ condition: 'resource.attributes["tenant"] == "a"', pipelines: ["a", "b"] }], default_pipelines: ["b"] }
const byItem = { table: [{ context: "span", condition: 'span.attributes["n"] == 3', pipelines: ["a"] }] }

const cases: ReadonlyArray<readonly [Connector, unknown]> = [
  [forward, {}],
  [routing, byTenant],
  [{ ...routing, signals: ["traces"] }, byItem]
]

describe("connectors keep their contract", () => {
  for (const [component, config] of cases) {
    describe(JSON.stringify(config), () => {
      for (const { name, run } of connectorContract(component, { config, pipelines: ["a", "b"] })) it.live(name, () => run)
    })
  }
})

/** The breaches of the first case that fails. */
const breaches = (route: Connecting["route"]) => {
  const component = connector<object>({
    type: "custom",
    description: "A connector of a user.",
    signals: ["traces"],
    config: Schema.Struct({}),
    make: () => Effect.succeed({ route })
  })
  return Effect.map(Effect.flip(Effect.forEach(connectorContract(component), ({ run }) => run)), (violation) =>
    violation.breaches.join("\n")
  )
}

describe("the kit notices", () => {
  it.live("memory that is never let go", () =>
    Effect.gen(function* () {
      const found = yield* breaches((batch, emit) => {
        emit("traces/a", batch.share())
        return undefined
      })
      assert.include(found, "freed 0 times")
    })
  )

  it.live("items that go nowhere", () =>
    Effect.gen(function* () {
      const found = yield* breaches((batch) => {
        batch.lease.release()
        return undefined
      })
      assert.match(found, /told of the end of 0|accounted for/)
    })
  )
})
