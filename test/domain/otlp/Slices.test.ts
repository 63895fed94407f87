import { assert, describe, it } from "@effect/vitest"
import type { Part } from "../../../src/domain/otlp/Cut.ts"
import { intake } from "../../../src/domain/otlp/Intake.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { lengthField } from "../../../src/domain/otlp/Write.ts"
import { slices, type SliceLimits, type SlicesEnd } from "../../../src/domain/otlp/Slices.ts"
import { signals, type Signal } from "../../../src/domain/Signal.ts"
import { distort } from "../../support/otlp/Distort.ts"
import { randomRequest } from "../../support/otlp/Payloads.ts"
import { Random } from "../../support/otlp/Random.ts"
import { decode, groupsOf, itemsOf, type Plain } from "../../support/otlp/Reference.ts"

const flat = (signal: Signal, request: Plain) =>
  groupsOf(signal, request).flatMap(({ resource, scope, items }) => items.map((item) => ({ resource, scope, item })))

const run = (signal: Signal, chunks: ReadonlyArray<Uint8Array>, limits: SliceLimits) => {
  const parts: Array<Part> = []
  let pauses = 0
  const steps = slices(signal, chunks, limits)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return { parts, pauses, end: step.value satisfies SlicesEnd }
    if (step.value === undefined) pauses++
    else parts.push(step.value)
  }
}

const empties = (tag: number, count: number) => new Uint8Array(2 * count).map((_, i) => (i % 2 === 0 ? tag : 0))

describe("slices", () => {
  it("keep every item with its resource and scope, in order, within the limits", () => {
    for (let seed = 0; seed < 300; seed++) {
      for (const signal of signals) {
        const rng = new Random(seed)
        const plain = randomRequest(signal, rng)
        const chunks = [rng.chance(0.5) ? distort(signal, rng, plain) : plain, randomRequest(signal, rng)]
        const maxItems = rng.pick([1, 2, 5, 1000])
        const { parts, end } = run(signal, chunks, {
          maxItems,
          maxBytes: rng.pick([50, 500, Infinity]),
          maxFields: rng.pick([3, 10, 1000]),
          maxRepeated: Infinity
        })
        if (end === "too large") {
          // A metric of several data fields that has more points than a slice may have.
          assert.strictEqual(signal, "metrics")
          continue
        }
        const pieces = parts.map((part) => decode(signal, Buffer.concat(part.chunks)))
        assert.deepStrictEqual(
          pieces.flatMap((piece) => flat(signal, piece)),
          flat(signal, decode(signal, Buffer.concat(chunks)))
        )
        let counted = 0
        for (const [i, { items, sizeBytes, chunks: own }] of parts.entries()) {
          counted += items
          assert.strictEqual(items, itemsOf(signal, pieces[i]!).length)
          assert.strictEqual(sizeBytes, Buffer.concat(own).length)
          assert.isAtMost(items, maxItems)
        }
        const taken = intake(signal, Buffer.concat(chunks), { tenantKey: "", validate: "lengths" })
        if (taken instanceof Malformed) throw new Error(String(taken))
        assert.strictEqual(
          counted,
          taken.reduce((sum, { items }) => sum + items, 0)
        )
      }
    }
  })

  it("end before they have too many bytes, but for an item that is larger alone", () => {
    const sizes = [10, 10, 10, 100, 10, 85, 10, 5]
    const spans = sizes.map((size) => lengthField(2, new Uint8Array(size - 2).fill(8)))
    const { parts } = run("traces", [lengthField(1, lengthField(2, Buffer.concat(spans)))], {
      maxItems: 1000,
      maxBytes: 100,
      maxFields: 1000,
      maxRepeated: 1000
    })
    assert.deepStrictEqual(
      parts.map((part) => part.items),
      [3, 1, 2, 2]
    )
  })

  it("copy nothing where everything fits", () => {
    const bytes = randomRequest("traces", new Random(7), { resources: 5 })
    const { parts } = run("traces", [bytes], { maxItems: 1000, maxBytes: Infinity, maxFields: 1000, maxRepeated: 0 })
    assert.deepStrictEqual(parts, [
      { chunks: [bytes], items: itemsOf("traces", decode("traces", bytes)).length, sizeBytes: bytes.length, continued: 0 }
    ] as never)
  })

  it("pause in groups without items and in fields that are no items", () => {
    const limits = { maxItems: 10, maxBytes: Infinity, maxFields: 1000, maxRepeated: 1 << 20 }
    const span = lengthField(2, empties(18, 1))
    const groups = run("traces", [lengthField(1, Buffer.concat([empties(18, 100_000), span]))], limits)
    assert.isAtLeast(groups.pauses, 99)
    assert.deepStrictEqual(
      groups.parts.map((part) => part.items),
      [1]
    )
    const unknown = run("traces", [lengthField(1, Buffer.concat([empties(122, 100_000), span]))], limits)
    assert.isAtLeast(unknown.pauses, 99)
    assert.strictEqual(unknown.end, "whole")
  })

  it("end where headers would be repeated too often, and at malformed bytes", () => {
    const group = lengthField(1, Buffer.concat([lengthField(1, new Uint8Array(1000)), lengthField(2, empties(18, 100))]))
    assert.strictEqual(run("traces", [group], { maxItems: 1, maxBytes: Infinity, maxFields: 1000, maxRepeated: 50_000 }).end, "too large")
    for (const bytes of [[0, 0], [10, 5], [10, 2, 18, 9], [10, 2, 0, 0], [0x80]]) {
      for (const signal of signals) {
        const { end } = run(signal, [Uint8Array.from(bytes)], { maxItems: 1, maxBytes: Infinity, maxFields: 1, maxRepeated: 1000 })
        assert.strictEqual(end, "malformed")
      }
    }
  })
})
