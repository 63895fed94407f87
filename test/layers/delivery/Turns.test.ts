import { assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { afterEach } from "vitest"
import { noMetadata } from "../../../src/domain/Batch.ts"
import { toJson } from "../../../src/domain/otlp/json/ToJson.ts"
import { lengthField } from "../../../src/domain/otlp/Write.ts"
import { joined } from "../../../src/layers/delivery/Gather.ts"
import { jsonText } from "../../../src/layers/delivery/JsonText.ts"
import type { ExportRequest } from "../../../src/layers/graph/Component.ts"
import { turns } from "../../../src/streams/Turns.ts"

afterEach(() => void vi.restoreAllMocks())

const requestOf = (spans: number): ExportRequest => {
  const span = Uint8Array.of(18, 3, 42, 1, 97)
  const bytes = new Uint8Array(spans * span.length)
  for (let i = 0; i < spans; i++) bytes.set(span, i * span.length)
  const chunks = [lengthField(1, lengthField(2, bytes))]
  return { signal: "traces", tenant: "default", metadata: noMetadata, chunks, items: spans, sizeBytes: chunks[0]!.length }
}

/** Runs it to its end; gives that, and the pieces that went in later turns. */
const counted = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const later = vi.spyOn(turns, "later")
    return Effect.map(effect, (result) => [result, later.mock.calls.length] as const)
  })

describe("what is exported", () => {
  it.effect("is written as JSON in bounded pieces, each in a later turn", () =>
    Effect.gen(function* () {
      const request = requestOf(100_000)
      const [text, pieces] = yield* counted(jsonText(request))
      assert.isAtLeast(pieces, Math.floor(request.sizeBytes / 65_536))
      // No part of the text is much longer than what two pieces write.
      for (const part of text) assert.isAtMost(part.length, 1 << 20)
      assert.deepStrictEqual(Buffer.concat(text), Buffer.from(toJson("traces", request.chunks) as Uint8Array))
    })
  )

  it.effect("is written at once where it is small", () =>
    Effect.gen(function* () {
      const [text, pieces] = yield* counted(jsonText(requestOf(100)))
      assert.deepStrictEqual([text.length, pieces], [1, 0])
    })
  )

  it.effect("fails where it cannot be written as JSON", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(jsonText({ ...requestOf(1), chunks: [Uint8Array.of(10, 5, 1)] }))
      assert.strictEqual(error.retryable, false)
    })
  )

  const parts = Array.from({ length: 64 }, (_, i) => new Uint8Array(128 << 10).fill(i))

  it.effect("is joined a bounded piece a turn", () =>
    Effect.gen(function* () {
      const [whole, pieces] = yield* counted(joined(parts))
      assert.isAtLeast(pieces, 7)
      assert.deepStrictEqual(whole, Buffer.concat(parts))
    })
  )
})
