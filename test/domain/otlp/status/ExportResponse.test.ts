import { assert, describe, it } from "@effect/vitest"
import {
  decodeResponse,
  decodeResponseJson,
  encodeResponse,
  encodeResponseJson
} from "../../../../src/domain/otlp/status/ExportResponse.ts"
import { signals } from "../../../../src/domain/Signal.ts"
import { responseType } from "./official.ts"
import { randomBytes, seeded } from "./random.ts"

const countName = { traces: "rejectedSpans", metrics: "rejectedDataPoints", logs: "rejectedLogRecords" } as const
const bytesOf = (text: string) => new TextEncoder().encode(text)

describe("Export*ServiceResponse", () => {
  it("leaves partial_success unset for full success", () => {
    assert.strictEqual(encodeResponse(undefined).length, 0)
    for (const signal of signals) assert.strictEqual(new TextDecoder().decode(encodeResponseJson(signal, undefined)), "{}")
    assert.deepStrictEqual(decodeResponse(new Uint8Array(0)), { rejected: 0, message: "" })
    // What Go collectors answer: an empty partial_success.
    assert.deepStrictEqual(decodeResponse(Uint8Array.of(0x0a, 0x00)), { rejected: 0, message: "" })
    assert.deepStrictEqual(decodeResponseJson("traces", bytesOf('{"partialSuccess":{}}')), { rejected: 0, message: "" })
  })

  it("is what the official types write and read, for every signal", () => {
    for (const signal of signals) {
      const type = responseType[signal]
      const name = countName[signal]
      for (const rejected of [0, 1, 127, 128, 3_000_000_000, 2 ** 52]) {
        const message = `rejected ${rejected} ✗`
        const mine = encodeResponse({ rejected, message })
        const theirs = type.toObject(type.decode(mine), { longs: Number, defaults: true }) as {
          partialSuccess: Record<string, unknown>
        }
        assert.deepStrictEqual({ ...theirs.partialSuccess }, { [name]: rejected, errorMessage: message })
        assert.deepStrictEqual(
          decodeResponse(type.encode(type.fromObject({ partialSuccess: { [name]: rejected, errorMessage: message } })).finish()),
          {
            rejected,
            message
          }
        )
        const json = JSON.parse(new TextDecoder().decode(encodeResponseJson(signal, { rejected, message }))) as unknown
        assert.deepStrictEqual(json, { partialSuccess: { [name]: String(rejected), errorMessage: message } })
        assert.deepStrictEqual(decodeResponseJson(signal, encodeResponseJson(signal, { rejected, message })), { rejected, message })
      }
    }
  })

  it("takes counts as strings, numbers and under the original names", () => {
    for (const text of [
      '{"partialSuccess":{"rejectedSpans":"3"}}',
      '{"partialSuccess":{"rejectedSpans":3}}',
      '{"partial_success":{"rejected_spans":3},"unknown":[{}]}'
    ]) {
      assert.strictEqual(decodeResponseJson("traces", bytesOf(text))?.rejected, 3)
    }
  })

  it("turns hostile counts into counts, and what is no response into undefined", () => {
    assert.strictEqual(decodeResponse(encodeResponse({ rejected: -5, message: "" }))?.rejected, 0)
    for (const count of ['"-3"', "-3", '"x"', "null", "{}", "true"]) {
      assert.strictEqual(decodeResponseJson("logs", bytesOf(`{"partialSuccess":{"rejectedLogRecords":${count}}}`))?.rejected, 0)
    }
    assert.strictEqual(decodeResponseJson("logs", bytesOf('{"partialSuccess":{"rejectedLogRecords":1e300}}'))?.rejected, 2 ** 53 - 1)
    assert.strictEqual(decodeResponse(Uint8Array.of(0x0a, 0x05, 0x08)), undefined)
    assert.strictEqual(decodeResponse(Uint8Array.of(0x0a, 0x01, 0x08)), undefined)
    assert.strictEqual(decodeResponseJson("logs", bytesOf("[1]")), undefined)
    const random = seeded(3)
    for (let i = 0; i < 20_000; i++) {
      const bytes = randomBytes(random, 24)
      const response = decodeResponse(bytes)
      assert.isTrue(response === undefined || (Number.isSafeInteger(response.rejected) && response.rejected >= 0))
      decodeResponseJson("metrics", bytes)
    }
  })
})
