import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Books } from "../../../src/domain/Books.ts"
import { make } from "../../../src/layers/delivery/ExporterNode.ts"
import type { ExportRequest } from "../../../src/layers/graph/Component.ts"
import { decode, itemsOf } from "../../support/Otlp.ts"
import { idOf, request as otlpRequest } from "../../support/Requests.ts"
import { scriptedPush, tooLarge, permanent } from "./ScriptedPush.ts"
import { offer, request, settings } from "./Sender.ts"

const idsIn = ({ chunks }: ExportRequest): ReadonlyArray<string> => itemsOf("traces", decode("traces", Buffer.concat(chunks))).map(idOf)

const ids = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, i) => `id-${i}`)

const start = Effect.fnUntraced(function* (yaml: unknown) {
  const backend = yield* scriptedPush
  const books = new Books()
  const node = yield* make({ id: "otlp", signal: "traces", settings: settings(yaml), push: backend.push, books })
  node.activate()
  return { ...backend, queue: node.queue, row: books.row({ kind: "exporter", id: "otlp" }, "default", "traces") }
})

describe("a batch that is too large for one request", () => {
  it.effect("is cut at max_size, in order, and settles as one", () =>
    Effect.gen(function* () {
      const node = yield* start({ sending_queue: { batch: { min_size: 0, max_size: 4 } } })
      const one = request(10, { bytes: otlpRequest("traces", ids(10), "default") })
      offer(node.queue, one)
      const seen: Array<ReadonlyArray<string>> = []
      for (let i = 0; i < 3; i++) {
        const attempt = yield* node.next
        seen.push(idsIn(attempt.request))
        assert.strictEqual(node.queue.heldItems, node.row.held)
        assert.isFalse(one.ack.isSettled)
        yield* i === 1 ? attempt.fail(permanent()) : attempt.succeed()
      }
      yield* Effect.promise(() => one.settled)
      assert.deepStrictEqual(
        seen.map((part) => part.length),
        [4, 4, 2]
      )
      assert.deepStrictEqual(seen.flat(), ids(10))
      assert.deepStrictEqual([one.ack.delivered, one.ack.dropped], [6, 4])
      assert.isTrue(one.lease.freed)
      assert.strictEqual(node.row.held, 0)
      assert.strictEqual(node.queue.heldBytes, 0)
    })
  )

  it.effect("is cut below gRPC's message limit", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      const all = ids(60_000)
      const one = request(all.length, { bytes: otlpRequest("traces", all, "default") })
      assert.isAbove(one.batch.sizeBytes, 2 * 3_900_000)
      offer(node.queue, one)
      const seen: Array<string> = []
      while (!one.ack.isSettled) {
        const attempt = yield* node.next
        assert.isAtMost(attempt.request.sizeBytes, 3_900_000)
        seen.push(...idsIn(attempt.request))
        yield* attempt.succeed()
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      assert.deepStrictEqual(seen, all)
    })
  )

  it.effect("is halved when the backend says so, down to the item that is to blame", () =>
    Effect.gen(function* () {
      const node = yield* start({})
      const sent = [
        request(7, { bytes: otlpRequest("traces", ids(7), "default") }),
        request(1, { bytes: otlpRequest("traces", ["x"], "default") })
      ]
      for (const one of sent) offer(node.queue, one)
      const taken: Array<string> = []
      while (node.row.held > 0) {
        const attempt = yield* node.next
        const inside = idsIn(attempt.request)
        if (inside.includes("id-3")) yield* attempt.fail(tooLarge)
        else {
          taken.push(...inside)
          yield* attempt.succeed()
        }
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        assert.strictEqual(node.queue.heldItems, node.row.held)
      }
      assert.deepStrictEqual(taken, [...ids(3), "id-4", "id-5", "id-6", "x"])
      assert.strictEqual(node.row.dropped.get("too_large"), 1)
      assert.isTrue(sent.every(({ ack, lease }) => ack.isSettled && lease.freed))
    })
  )
})
