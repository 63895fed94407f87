import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Books } from "../../../../src/domain/Books.ts"
import { Refusal } from "../../../../src/domain/Refusal.ts"
import { type Piece, slabs } from "../../../../src/domain/SlabPool.ts"
import { memoryLimiter, softLimit } from "../../../../src/layers/analysis/processors/MemoryLimiter.ts"
import { unconnected } from "../../../../src/layers/graph/DeadEnd.ts"
import { GraphOutlet } from "../../../../src/layers/graph/GraphOutlet.ts"
import { PureNode } from "../../../../src/layers/graph/PureNode.ts"
import { RowCache } from "../../../../src/layers/graph/RowCache.ts"
import { opaqueBatch } from "../../../support/Accounts.ts"
import { Registry } from "../../../../src/layers/telemetry/Registry.ts"

const mebibyte = 1024 * 1024

const make = (settings: object) =>
  Effect.gen(function* () {
    const books = new Books()
    const rows = new RowCache(books, { kind: "processor", id: "memory_limiter" }, "traces")
    const config = yield* Schema.decodeUnknownEffect(memoryLimiter.config)(settings)
    const processing = yield* memoryLimiter.make(config, {
      id: "memory_limiter",
      books,
      telemetry: new Registry(),
      signal: "traces",
      pipeline: "traces",
      outlet: new GraphOutlet(rows, unconnected)
    })
    if (processing._tag !== "Pure") return yield* Effect.die("expected a function")
    return { processing, rows }
  })

describe("memory_limiter", () => {
  it.effect("refuses, before the body too, while requests occupy more than the soft limit", () =>
    Effect.gen(function* () {
      const { processing, rows } = yield* make({ check_interval: "1s", limit_mib: 10, spike_limit_mib: 2 })
      const inlet = new PureNode(processing, rows, unconnected)
      const batch = opaqueBatch()
      assert.strictEqual(processing.process(batch), batch)
      const pieces: Array<Piece> = []
      while (slabs.occupiedBytes <= 8 * mebibyte) pieces.push(slabs.allocate(mebibyte))
      assert.strictEqual(processing.process(batch), Refusal.memoryLimit)
      assert.strictEqual(inlet.refusal(0), Refusal.memoryLimit)
      pieces.pop()!.lease.release()
      assert.strictEqual(processing.process(batch), batch)
      // A body that is yet to come counts by what it announces; one that could never fit is refused for good.
      assert.strictEqual(inlet.refusal(2 * mebibyte), Refusal.memoryLimit)
      assert.deepInclude(inlet.refusal(9 * mebibyte), { reason: "memory_limiter", code: 8, retryAfterMillis: undefined })
      for (const piece of pieces) piece.lease.release()
    })
  )

  it("counts memory of small pieces while the slab they share is in use", () => {
    const before = slabs.occupiedBytes
    const pieces = Array.from({ length: 400 }, () => slabs.allocate(10_000))
    assert.isAtLeast(slabs.occupiedBytes - before, 2 * mebibyte)
    for (const piece of pieces) piece.lease.release()
    assert.isAtMost(slabs.occupiedBytes - before, mebibyte)
  })

  it.effect("limits as the collector reads them", () =>
    Effect.gen(function* () {
      const decode = (settings: object) => Schema.decodeUnknownEffect(memoryLimiter.config)(settings)
      const limit = (settings: object) => Effect.map(decode(settings), (config) => softLimit(config, 1000 * mebibyte))
      assert.strictEqual(yield* limit({ limit_mib: 100 }), 80 * mebibyte)
      assert.strictEqual(yield* limit({ limit_mib: 100, spike_limit_mib: 30, limit_percentage: 1 }), 70 * mebibyte)
      assert.strictEqual(yield* limit({ limit_percentage: 50 }), 400 * mebibyte)
      assert.strictEqual(yield* limit({ limit_percentage: 50, spike_limit_percentage: 20 }), 300 * mebibyte)
      assert.deepInclude(yield* limit({}), { setting: "limit_mib" })
      assert.deepInclude(yield* limit({ limit_mib: 10, spike_limit_mib: 10 }), { setting: "spike_limit_mib" })
      const failure = yield* Effect.flip(make({ limit_percentage: 10, spike_limit_percentage: 20 }))
      assert.deepInclude(failure, { _tag: "ComponentError", component: "memory_limiter" })
    })
  )
})
