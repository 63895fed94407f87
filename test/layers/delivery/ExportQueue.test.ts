import { assert, describe, it } from "@effect/vitest"
import { Books } from "../../../src/domain/Books.ts"
import type { Batch } from "../../../src/domain/Batch.ts"
import { ExportQueue } from "../../../src/layers/delivery/ExportQueue.ts"
import { opaqueBatch, RecordingAck } from "../../support/Accounts.ts"
import { settings } from "./Sender.ts"

const setUp = () => {
  const row = new Books().row({ kind: "exporter", id: "file" }, "default", "traces")
  const queue = new ExportQueue(() => row, settings({ sending_queue: { enabled: false } }).sending_queue)
  /** A request as a passage commits it: in so many batches. */
  const commit = (batches: number, items = 8192): ReadonlyArray<Batch> => {
    const ack = new RecordingAck()
    ack.open(batches)
    return Array.from({ length: batches }, () => {
      const batch = opaqueBatch({ items, sizeBytes: 100, ack })
      assert.isTrue(queue.reserve(items, 100))
      queue.push(batch)
      return batch
    })
  }
  return { queue, commit }
}

const limits = { maxItems: 8192, maxBytes: 1000 }

describe("ExportQueue", () => {
  it("lets a small request wait for one batch of a large one, and large ones take turns", () => {
    const { queue, commit } = setUp()
    const [first, second] = [commit(100), commit(100)]
    const [small] = commit(1, 10)
    const order = Array.from({ length: 201 }, () => queue.takeRun(limits)[0]!.batch)
    assert.strictEqual(order.indexOf(small!), 2)
    assert.deepStrictEqual(
      order.filter((batch) => batch !== small),
      first.flatMap((batch, i) => [batch, second[i]!])
    )
    assert.deepStrictEqual([queue.waitingBatches, queue.waitingItems, queue.waitingBytes, queue.heldBatches], [0, 0, 0, 201])
  })

  it("counts all of a large request as waiting, and still merges what of it fits into one request", () => {
    const { queue, commit } = setUp()
    commit(10, 1000)
    assert.deepStrictEqual([queue.waitingBatches, queue.waitingItems, queue.waitingBytes], [10, 10_000, 1000])
    assert.isTrue(queue.isRunComplete(limits))
    assert.strictEqual(queue.takeRun(limits).length, 8)
    assert.isFalse(queue.isRunComplete(limits))
    assert.strictEqual(queue.takeRun(limits).length, 2)
  })
})
