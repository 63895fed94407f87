import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { Books } from "../../../src/domain/Books.ts"
import { make } from "../../../src/layers/delivery/ExporterNode.ts"
import type { ExportQueue } from "../../../src/layers/delivery/ExportQueue.ts"
import type { ExportRequest, Push } from "../../../src/layers/graph/Component.ts"
import { Seeded } from "../../support/Seeded.ts"
import { permanent, tooLarge, transient } from "./ScriptedPush.ts"
import { offer, request, type Sent, settings } from "./Sender.ts"

const exporter = { kind: "exporter", id: "otlp/soak" } as const
const tenants = ["a", "b"]
/** A request that holds one of these is refused for good. */
const poison = 255

const config = (random: Seeded): unknown => ({
  timeout: "40ms",
  retry_on_failure: { initial_interval: "1ms", max_interval: "5ms", max_elapsed_time: random.pick(["0s", "30ms"]) },
  sending_queue: {
    num_consumers: random.between(1, 5),
    queue_size: random.between(5, 60),
    wait_for_result: random.next() < 0.2,
    ...(random.next() < 0.3 ? { batch: { flush_timeout: "2ms", min_size: 30, max_size: 200 } } : {})
  }
})

/** A backend that does whatever the seed says, but knows what it has taken. */
class MoodyBackend {
  taken = 0
  rejected = 0
  private readonly random: Seeded

  constructor(random: Seeded) {
    this.random = random
  }

  readonly push: Push = (sent) =>
    Effect.suspend(() => {
      const { random } = this
      if (sent.chunks.some((chunk) => chunk[0] === poison)) return Effect.fail(permanent())
      const mood = random.next()
      if (mood < 0.2) return Effect.fail(transient(random.next() < 0.3 ? 2 : undefined))
      if (mood < 0.25) return Effect.never
      if (mood < 0.3 && sent.chunks.length > 1) return Effect.fail(tooLarge)
      if (mood < 0.4) return Effect.as(Effect.sleep(random.between(0, 10)), this.take(sent, 0))
      return Effect.succeed(this.take(sent, mood < 0.5 ? random.between(1, 5) : 0))
    })

  private take(sent: ExportRequest, rejecting: number): { readonly rejected: number } {
    const rejected = Math.min(rejecting, sent.items)
    this.taken += sent.items - rejected
    this.rejected += rejected
    return { rejected }
  }
}

describe("ExporterNode under a moody backend", () => {
  for (let seed = 1; seed <= 8; seed++) {
    it.live(`the books balance, with hand-overs on the way; seed ${seed}`, () =>
      Effect.gen(function* () {
        const random = new Seeded(seed)
        const books = new Books()
        const backend = new MoodyBackend(random)
        const rows = tenants.map((tenant) => books.row(exporter, tenant, "traces"))
        const held = () => rows.reduce((sum, row) => sum + row.held, 0)
        const start = Effect.fnUntraced(function* (inherited?: ExportQueue) {
          const scope = yield* Scope.make()
          const node = yield* make({
            id: exporter.id,
            signal: "traces",
            settings: settings(config(random)),
            push: backend.push,
            books,
            ...(inherited === undefined ? {} : { queue: inherited })
          }).pipe(Scope.provide(scope))
          node.activate()
          return { queue: node.queue, close: Scope.close(scope, Exit.void) }
        })

        let node = yield* start()
        const { queue } = node
        const accepted: Array<Sent> = []
        const bad = new Set<Sent>()
        const closing: Array<Fiber.Fiber<void>> = []
        for (let round = 0; round < 400; round++) {
          const isBad = random.next() < 0.03
          const one = request(random.between(1, 40), {
            origin: { tenant: random.pick(tenants) },
            bytes: new Uint8Array(random.between(1, 50)).fill(isBad ? poison : 1)
          })
          if (offer(queue, one)) {
            accepted.push(one)
            if (isBad) bad.add(one)
          }
          if (random.next() < 0.05) one.ack.cancelled = true
          assert.strictEqual(held(), queue.heldItems)
          if (random.next() < 0.1) yield* Effect.sleep(random.between(0, 3))
          if (random.next() < 0.02) {
            const next = yield* start(queue)
            closing.push(yield* Effect.forkChild(node.close))
            node = next
          }
        }
        yield* queue.drain(5000)
        yield* node.close
        yield* Fiber.joinAll(closing)

        assert.strictEqual(held(), 0)
        assert.strictEqual(queue.heldItems, 0)
        assert.strictEqual(queue.inFlight, 0)
        assert.isTrue(accepted.every(({ ack, lease }) => ack.isSettled && lease.freed))
        for (const { ack, batch } of accepted) assert.strictEqual(ack.delivered + ack.dropped + ack.returned, batch.items)
        const sum = (pick: (one: Sent) => number, of: Iterable<Sent> = accepted) => [...of].reduce((total, one) => total + pick(one), 0)
        const delivered = rows.reduce((total, row) => total + row.delivered, 0)
        const dropped = (reason: "permanent_error" | "partial_success" | "shutdown") =>
          rows.reduce((total, row) => total + (row.dropped.get(reason) ?? 0), 0)
        assert.strictEqual(
          delivered,
          sum(({ ack }) => ack.delivered)
        )
        assert.isAtLeast(backend.taken, delivered)
        assert.isAtLeast(backend.rejected, dropped("partial_success"))
        assert.strictEqual(dropped("shutdown"), 0)
        // Only the poison itself was dropped for good, not what it was merged with.
        assert.isAtMost(
          dropped("permanent_error"),
          sum(({ batch }) => batch.items, bad)
        )
        assert.strictEqual(
          sum(({ ack }) => ack.delivered, bad),
          0
        )
      })
    )
  }
})
