import { assert, describe, it } from "@effect/vitest"
import { FromJson } from "../../../../src/domain/otlp/json/FromJson.ts"
import { fromJson } from "../../../support/otlp/fromJson.ts"
import { ToJson, toJson } from "../../../../src/domain/otlp/json/ToJson.ts"
import { Malformed } from "../../../../src/domain/otlp/Malformed.ts"
import { signals, type Signal } from "../../../../src/domain/Signal.ts"
import { distort } from "../../../support/otlp/Distort.ts"
import { randomRequest } from "../../../support/otlp/Payloads.ts"
import { Random } from "../../../support/otlp/Random.ts"
import { decode, encode, type Plain } from "../../../support/otlp/Reference.ts"

const text = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes)
const ok = <A>(value: A | Malformed): A => {
  if (value instanceof Malformed) throw new Error(String(value))
  return value
}

const idNames = new Set(["traceId", "spanId", "parentSpanId"])
const integerNames = /UnixNano$|^count$|^zeroCount$/
const optionalNames = new Set(["asDouble", "asInt", "boolValue", "intValue", "doubleValue", "stringValue", "bytesValue", "min", "max"])

/** What the reference decoder says, in the words of OTLP/JSON: the independent expectation for `toJson`. */
const expectedJson = (value: unknown, name = ""): unknown => {
  if (Array.isArray(value)) {
    if (idNames.has(name)) return Buffer.from(value as Array<number>).toString("hex")
    if (name === "bytesValue") return Buffer.from(value as Array<number>).toString("base64")
    return value.map((element) => expectedJson(element, "[]"))
  }
  if (typeof value === "number") return Number.isNaN(value) ? "NaN" : Number.isFinite(value) ? value : value > 0 ? "Infinity" : "-Infinity"
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, expectedJson(inner, key)] as const)
      .filter(([key, inner]) => {
        if (Array.isArray(inner)) return inner.length > 0
        if (optionalNames.has(key)) return true
        // `sum` is optional in histograms; a summary's is told apart by its points' fields, so both may be there.
        return key === "sum" || !(inner === "" || (inner === "0" && integerNames.test(key)) || inner === false || Object.is(inner, 0))
      })
  )
}

const withoutSummarySums = (json: unknown): unknown =>
  JSON.parse(JSON.stringify(json), (key: string, value: unknown) => {
    if (key !== "summary") return value
    for (const point of (value as { dataPoints?: Array<{ sum?: unknown }> }).dataPoints ?? []) if (point.sum === 0) delete point.sum
    return value
  })

const forEachRequest = (count: number, check: (signal: Signal, bytes: Uint8Array, rng: Random) => void) => {
  for (const signal of signals) {
    for (let seed = 1; seed <= count; seed++) {
      const rng = new Random(seed)
      check(signal, randomRequest(signal, rng), rng)
    }
  }
}

/** Zeros of fields without presence do not survive JSON, nor does it matter: a decoder reads them all the same. */
const meaning = (signal: Signal, bytes: Uint8Array): unknown => withoutSummarySums(expectedJson(decode(signal, bytes)))

describe("OTLP/JSON", () => {
  it("says what the reference decoder reads in the bytes", () => {
    forEachRequest(150, (signal, bytes) => {
      const json = JSON.parse(text(ok(toJson(signal, [bytes])))) as Plain
      assert.deepStrictEqual(withoutSummarySums(json), meaning(signal, bytes))
    })
  })

  it("becomes bytes in which the reference decoder reads the same", () => {
    forEachRequest(150, (signal, bytes) => {
      const back = ok(fromJson(signal, ok(toJson(signal, [bytes]))))
      assert.deepStrictEqual(meaning(signal, back), meaning(signal, bytes))
    })
  })

  it("is stable: bytes that came from JSON return to it byte for byte", () => {
    forEachRequest(60, (signal, bytes) => {
      const json = ok(toJson(signal, [bytes]))
      assert.strictEqual(text(ok(toJson(signal, [ok(fromJson(signal, json))]))), text(json))
    })
  })

  it("gives the same whether the wire is tidy or odd", () => {
    forEachRequest(80, (signal, bytes, rng) => {
      const odd = distort(signal, rng, bytes)
      const json = JSON.parse(text(ok(toJson(signal, [odd])))) as unknown
      assert.deepStrictEqual(withoutSummarySums(json), meaning(signal, bytes))
    })
  })

  it("takes a request in chunks, and in slices of any size", () => {
    forEachRequest(15, (signal, bytes, rng) => {
      const other = randomRequest(signal, rng)
      const whole = ok(toJson(signal, [Uint8Array.from([...bytes, ...other])]))
      assert.strictEqual(text(ok(toJson(signal, [bytes, other]))), text(whole))
      const writing = new ToJson(signal, [bytes, other])
      let json: ReadonlyArray<Uint8Array> | Malformed | undefined
      while (json === undefined) json = writing.step(1 + rng.below(50))
      if (json instanceof Malformed) throw new Error(String(json))
      assert.strictEqual(Buffer.concat(json).toString(), text(whole))
      const reading = new FromJson(signal, whole)
      let back: Uint8Array | Malformed | undefined
      while (back === undefined) back = reading.step(1 + rng.below(50))
      assert.deepStrictEqual(ok(back), ok(fromJson(signal, whole)))
    })
  })

  it("merges what the wire says twice, as a decoder does", () => {
    const span = (value: object) => encode("traces", { resourceSpans: [{ scopeSpans: [{ spans: [value] }] }] })
    const inner = (bytes: Uint8Array) => bytes.subarray(6)
    // One span whose fields occur twice: the concatenation of two encodings.
    const twice = [
      inner(span({ name: "a", attributes: [{ key: "x", value: { intValue: 1 } }], status: { message: "m" } })),
      inner(span({ name: "b", attributes: [{ key: "y" }], status: { code: 2 } }))
    ]
    const content = Uint8Array.from(twice.flatMap((part) => [...part]))
    const wrap = (tag: number, bytes: Uint8Array) => Uint8Array.from([tag, bytes.length, ...bytes])
    const request = wrap(0x0a, wrap(0x12, wrap(0x12, content)))
    const expected = {
      name: "b",
      attributes: [{ key: "x", value: { intValue: "1" } }, { key: "y" }],
      status: { message: "m", code: 2 }
    }
    assert.deepStrictEqual(JSON.parse(text(ok(toJson("traces", [request])))), {
      resourceSpans: [{ scopeSpans: [{ spans: [expected] }] }]
    })
    // Both sides of a oneof: the last one stands.
    const both = Uint8Array.from([0x0a, 1, 0x6b, 0x12, 5, 0x0a, 1, 0x73, 0x18, 7])
    const attribute = wrap(0x0a, wrap(0x0a, wrap(0x0a, both)))
    assert.deepStrictEqual(JSON.parse(text(ok(toJson("logs", [attribute])))), {
      resourceLogs: [{ resource: { attributes: [{ key: "k", value: { intValue: "7" } }] } }]
    })
  })
})
