import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { fromJson } from "../../../support/otlp/fromJson.ts"
import { toJson } from "../../../../src/domain/otlp/json/ToJson.ts"
import { Malformed } from "../../../../src/domain/otlp/Malformed.ts"
import { signals } from "../../../../src/domain/Signal.ts"
import { randomRequest } from "../../../support/otlp/Payloads.ts"
import { Random } from "../../../support/otlp/Random.ts"

const utf8 = (text: string) => new TextEncoder().encode(text)
const wrap = (tag: number, bytes: ReadonlyArray<number>): ReadonlyArray<number> => [tag, bytes.length, ...bytes]
const logBody = (value: ReadonlyArray<number>) => Uint8Array.from(wrap(0x0a, wrap(0x12, wrap(0x12, wrap(0x2a, value)))))
const textOf = (bytes: Uint8Array | Malformed) => new TextDecoder("utf-8", { fatal: true }).decode(bytes as Uint8Array)

describe("toJson", () => {
  it("is one line, escaped, without a newline", () => {
    const line = textOf(toJson("logs", [logBody(wrap(0x0a, [...utf8('a"\\\n\u0001é')]))]))
    assert.strictEqual(line, '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a\\"\\\\\\n\\u0001é"}}]}]}]}')
  })

  it("is an empty object for an empty request", () => {
    for (const signal of signals) {
      assert.strictEqual(textOf(toJson(signal, [])), "{}")
      assert.strictEqual(textOf(toJson(signal, [new Uint8Array(0)])), "{}")
    }
  })

  it("replaces what is not UTF-8", () => {
    const line = textOf(toJson("logs", [logBody(wrap(0x0a, [0x61, 0xff, 0xc3, 0x62]))]))
    assert.include(line, '"stringValue":"a\ufffd\ufffdb"')
  })

  it("writes what the reference decoder of the tests does not know: entity references, event names, metadata", () => {
    const logs =
      '{"resourceLogs":[{"resource":{"entityRefs":[{"schemaUrl":"u","type":"service","idKeys":["a","b"],"descriptionKeys":["c"]}]},' +
      '"scopeLogs":[{"logRecords":[{"eventName":"e"}]}]}]}'
    assert.strictEqual(textOf(toJson("logs", [fromJson("logs", utf8(logs)) as Uint8Array])), logs)
    const metrics =
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","metadata":[{"key":"k","value":{"boolValue":false}}]}]}]}]}'
    assert.strictEqual(textOf(toJson("metrics", [fromJson("metrics", utf8(metrics)) as Uint8Array])), metrics)
  })

  it("answers malformed bytes with a value, and never throws", () => {
    assert.instanceOf(toJson("logs", [Uint8Array.of(0x0a, 0x05, 0x01)]), Malformed)
    assert.instanceOf(toJson("metrics", [Uint8Array.of(0x0b)]), Malformed)
    const rng = new Random(23)
    for (let i = 0; i < 6000; i++) {
      const signal = signals[i % 3]!
      const bytes = randomRequest(signal, rng, { resources: 2, scopes: 2, items: 2, attributes: 2 }).slice()
      if (bytes.length === 0) continue
      for (let n = rng.below(4); n >= 0; n--) bytes[rng.below(bytes.length)] = rng.below(256)
      const result = toJson(signal, [bytes])
      if (!(result instanceof Malformed)) JSON.parse(textOf(result))
    }
  })
})

// golden/*.sent.jsonl was sent to the OpenTelemetry Collector v0.161.0 as OTLP/JSON; golden/*.jsonl is what its file exporter wrote.
describe("the Collector's file exporter", () => {
  const golden = (name: string) => readFileSync(new URL(`golden/${name}.jsonl`, import.meta.url))
  for (const signal of signals) {
    it(`wrote ${signal} that come back byte for byte`, () => {
      const line = golden(signal).toString().trimEnd()
      const bytes = fromJson(signal, utf8(line)) as Uint8Array
      assert.strictEqual(textOf(toJson(signal, [bytes])), line)
    })

    it(`writes the same ${signal} from the same request`, () => {
      const sent = toJson(signal, [fromJson(signal, golden(`${signal}.sent`)) as Uint8Array])
      assert.deepStrictEqual(JSON.parse(textOf(sent)), JSON.parse(golden(signal).toString()))
    })
  }
})
