import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Books } from "../../src/domain/Books.ts"
import { batch } from "../../src/layers/analysis/processors/Batch.ts"
import { filter } from "../../src/layers/analysis/processors/Filter.ts"
import { memoryLimiter } from "../../src/layers/analysis/processors/MemoryLimiter.ts"
import { probabilisticSampler } from "../../src/layers/analysis/processors/ProbabilisticSampler.ts"
import { transform } from "../../src/layers/analysis/processors/Transform.ts"
import { type Processing, type Processor, processor } from "../../src/layers/graph/Component.ts"
import { processorContract } from "../../src/testing.ts"

const cases: ReadonlyArray<readonly [Processor, unknown]> = [
  [batch, {}],
  [batch, { send_batch_size: 8, send_batch_max_size: 8, timeout: "50ms", max_items: 60 }],
  [memoryLimiter, { limit_mib: 100 }],
  [probabilisticSampler, { mode: "equalizing", sampling_percentage: 50, fail_closed: false }],
  [filter, { trace_conditions: ['span.attributes["n"] == 3'], log_conditions: ['log.attributes["n"] == 3'] }],
  [transform, { trace_statements: ['set(span.attributes["x"], "y")'], log_statements: ['delete_key(log.attributes, "n")'] }]
]

describe("processors keep their contract", () => {
  for (const [component, config] of cases) {
    describe(JSON.stringify(config), () => {
      for (const { name, run } of processorContract(component, { config })) it.live(name, () => run)
    })
  }

  it.live("one that needs time does too", () =>
    Effect.forEach(
      processorContract(make({ _tag: "Effectful", concurrency: 2, process: (one) => Effect.as(Effect.sleep(5), one) })),
      ({ run }) => run
    )
  )
})

const make = (processing: Processing): Processor =>
  processor<object>({
    type: "custom",
    description: "A processor of a user.",
    signals: ["traces"],
    config: Schema.Struct({}),
    make: () => Effect.succeed(processing)
  })

/** The breaches of the first case that fails. */
const breaches = (processing: Processing) =>
  Effect.map(Effect.flip(Effect.forEach(processorContract(make(processing)), ({ run }) => run)), (violation) =>
    violation.breaches.join("\n")
  )

describe("the kit notices", () => {
  it.live("bytes changed in place", () =>
    Effect.gen(function* () {
      const found = yield* breaches({
        _tag: "Pure",
        process: (one) => {
          one.chunks[0]![0]! ^= 1
          return one
        }
      })
      assert.include(found, "changed in place")
    })
  )

  it.live("memory that is never let go", () =>
    Effect.gen(function* () {
      const found = yield* breaches({ _tag: "Pure", process: (one) => one.share() })
      assert.include(found, "freed 0 times")
    })
  )

  it.live("an acknowledgement that never ends", () =>
    Effect.gen(function* () {
      const books = new Books()
      const found = yield* breaches({
        _tag: "Holding",
        drain: Effect.void,
        holder: {
          reserve: () => true,
          unreserve: () => {},
          push: (one) => one.lease.release(),
          row: (one) => books.row({ kind: "processor", id: "custom" }, one.tenant, one.signal),
          whenFull: "refuse",
          onRoom: () => {},
          waitForResult: false
        }
      })
      assert.include(found, "settled 0 times")
    })
  )
})
