import { assert, describe, it } from "@effect/vitest"
import { fromJson } from "../../../support/otlp/fromJson.ts"
import { toJson } from "../../../../src/domain/otlp/json/ToJson.ts"
import { Malformed } from "../../../../src/domain/otlp/Malformed.ts"
import { validate } from "../../../../src/domain/otlp/Validator.ts"
import { signals } from "../../../../src/domain/Signal.ts"
import { randomRequest } from "../../../support/otlp/Payloads.ts"
import { Random } from "../../../support/otlp/Random.ts"
import { decode } from "../../../support/otlp/Reference.ts"

const utf8 = (text: string) => new TextEncoder().encode(text)
const ok = <A>(value: A | Malformed): A => {
  if (value instanceof Malformed) throw new Error(String(value))
  return value
}

const logWith = (record: string) => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`
type Record = { readonly [name: string]: unknown }
const readLog = (record: string): Record => {
  const request = decode("logs", ok(fromJson("logs", utf8(logWith(record))))) as {
    resourceLogs: [{ scopeLogs: [{ logRecords: [Record] }] }]
  }
  return request.resourceLogs[0].scopeLogs[0].logRecords[0]
}
const body = (value: string) => (readLog(`{"body":${value}}`)["body"] ?? {}) as Record
const point = (fields: string): Record => {
  const json = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{${fields}}]}}]}]}]}`
  const request = decode("metrics", ok(fromJson("metrics", utf8(json)))) as {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [Record] } }] }] }]
  }
  return request.resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0]
}
const malformed = (record: string): Malformed => {
  const result = fromJson("logs", utf8(logWith(record)))
  assert.instanceOf(result, Malformed, record)
  return result
}

describe("fromJson", () => {
  it("reads ids in any case of hex", () => {
    const { traceId, spanId } = readLog('{"traceId":"5B8efff798038103d269B633813FC60C","spanId":"EEE19b7ec3c1b174"}')
    assert.strictEqual(Buffer.from(traceId as Array<number>).toString("hex"), "5b8efff798038103d269b633813fc60c")
    assert.strictEqual(Buffer.from(spanId as Array<number>).toString("hex"), "eee19b7ec3c1b174")
    assert.strictEqual(malformed('{"traceId":"xyz0"}').message, '"traceId": expected an even number of hexadecimal digits')
    malformed('{"traceId":"abc"}')
    malformed('{"traceId":7}')
  })

  it("reads 64-bit integers as string or number, exactly", () => {
    for (const text of ["0", "1", "-1", "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808"]) {
      assert.strictEqual(body(`{"intValue":"${text}"}`)["intValue"], text)
      assert.strictEqual(body(`{"intValue":${text}}`)["intValue"], text)
      assert.strictEqual(point(`"asInt":"${text}"`)["asInt"], text)
    }
    for (const text of ["1700000000123456789", "18446744073709551615", "9007199254740993"]) {
      assert.strictEqual(readLog(`{"timeUnixNano":"${text}"}`)["timeUnixNano"], text)
      assert.strictEqual(readLog(`{"timeUnixNano":${text}}`)["timeUnixNano"], text)
    }
    assert.strictEqual(body('{"intValue":1e3}')["intValue"], "1000")
    assert.strictEqual(body('{"intValue":12.50e1}')["intValue"], "125")
    assert.strictEqual(body('{"intValue":-1.7e18}')["intValue"], "-1700000000000000000")
    assert.strictEqual(body('{"intValue":0e99}')["intValue"], "0")
    for (const text of [
      "1.5",
      "9223372036854775808",
      "-9223372036854775809",
      "1e19",
      '""',
      '" 1"',
      '"0x10"',
      "true",
      "[]",
      '"1e400"',
      "1e99"
    ]) {
      malformed(`{"body":{"intValue":${text}}}`)
    }
    for (const text of ["-1", "18446744073709551616", '"99999999999999999999999"']) malformed(`{"timeUnixNano":${text}}`)
    for (const text of ["-1", "4294967296", "0.5"]) malformed(`{"flags":${text}}`)
  })

  it("reads doubles as the engine does, and the names of those that JSON lacks", () => {
    const rng = new Random(5)
    const bits = new DataView(new ArrayBuffer(8))
    for (let i = 0; i < 5000; i++) {
      bits.setInt32(0, rng.below(2 ** 32) | 0)
      bits.setInt32(4, rng.below(2 ** 32) | 0)
      const value = i % 2 === 0 ? bits.getFloat64(0) : rng.below(1e9) / 10 ** rng.below(12)
      if (Number.isFinite(value)) assert.strictEqual(point(`"asDouble":${String(value)}`)["asDouble"], value)
    }
    for (const text of ["0.1", "1e308", "123456789012345", "1234567890123456789", "0.30000000000000004", "5e-324", "1E+2", "-0.0"]) {
      assert.isTrue(Object.is(point(`"asDouble":${text}`)["asDouble"], Number(text)), text)
      assert.isTrue(Object.is(point(`"asDouble":"${text}"`)["asDouble"], Number(text)), text)
    }
    assert.isNaN(point('"asDouble":"NaN"')["asDouble"])
    assert.strictEqual(point('"asDouble":"Infinity"')["asDouble"], Infinity)
    assert.strictEqual(point('"asDouble":"-Infinity"')["asDouble"], -Infinity)
    for (const text of ["1e999", '"inf"', '""', "NaN", `${"1".repeat(5000)}`]) malformed(`{"body":{"doubleValue":${text}}}`)
  })

  it("reads base64 of both alphabets, padded or not", () => {
    const bytes = Uint8Array.from([251, 255, 191, 0])
    const standard = Buffer.from(bytes).toString("base64")
    for (const text of [
      standard,
      standard.replaceAll("=", ""),
      Buffer.from(bytes).toString("base64url"),
      standard.replaceAll("/", "\\/")
    ]) {
      assert.deepStrictEqual(body(`{"bytesValue":"${text}"}`)["bytesValue"], [...bytes])
    }
    assert.deepStrictEqual(body('{"bytesValue":""}')["bytesValue"], [])
    for (const text of ["a", "ab=c", "a b=", "é"]) malformed(`{"body":{"bytesValue":"${text}"}}`)
  })

  it("reads text with every escape, and keeps surrogate halves out", () => {
    const text = 'a"\\/\b\f\n\r\t\u0000é☃😀'
    assert.strictEqual(body(`{"stringValue":${JSON.stringify(text)}}`)["stringValue"], text)
    assert.strictEqual(body('{"stringValue":"\\u0061\\u00e9\\u2603\\ud83d\\ude00\\/"}')["stringValue"], "aé☃😀/")
    assert.strictEqual(body('{"stringValue":"\\ud83dx\\ude00\\ud83d"}')["stringValue"], "\ufffdx\ufffd\ufffd")
    assert.strictEqual(body('{"\\u0073tringValue":"x"}')["stringValue"], "x")
    for (const raw of ['"\\x"', '"\\u12g4"', '"\n"', '"abc', '"\\']) malformed(`{"body":{"stringValue":${raw}}}`)
  })

  it("takes numbers of enums, and tolerates names", () => {
    assert.strictEqual(readLog('{"severityNumber":17}')["severityNumber"], 17)
    assert.strictEqual(readLog('{"severityNumber":"SEVERITY_NUMBER_ERROR"}')["severityNumber"], 17)
    assert.strictEqual(readLog('{"severityNumber":"SEVERITY_NUMBER_FATAL4"}')["severityNumber"], 24)
    assert.strictEqual(readLog('{"severityNumber":99}')["severityNumber"], 99)
    malformed('{"severityNumber":"ERROR"}')
    malformed('{"severityNumber":4294967296}')
  })

  it("ignores unknown fields of any shape, and takes null for absent", () => {
    const unknown = '"x":{"a":[1,{"b":null},"c",[],true],"traceId":7},"y":-1.5e3,"z":null,"":0'
    assert.deepStrictEqual(readLog(`{${unknown},"severityText":"a","body":null,"attributes":null,"traceId":null,${unknown}}`), {
      severityText: "a"
    })
    assert.deepStrictEqual(body('{"arrayValue":{"values":[null,{"intValue":1}]}}'), {
      arrayValue: { values: [{}, { intValue: "1" }] }
    })
    malformed('{"x":{"a":[1,]}}')
    malformed('{"x":01}')
    malformed('{"x":tru}')
  })

  it("knows the names of the .proto files too", () => {
    const record = '{"severity_text":"a","observed_time_unix_nano":"5","body":{"array_value":{"values":[{"string_value":"x"}]}}}'
    assert.deepStrictEqual(readLog(record), {
      severityText: "a",
      observedTimeUnixNano: "5",
      body: { arrayValue: { values: [{ stringValue: "x" }] } }
    })
  })

  it("treats a key that occurs twice as the wire does", () => {
    const record = '{"severityText":"a","severityText":"","attributes":[{"key":"x"}],"attributes":[{"key":"y"}],"flags":3,"flags":0}'
    assert.deepStrictEqual(readLog(record), { severityText: "", attributes: [{ key: "x" }, { key: "y" }], flags: 0 })
  })

  it("says where and what is wrong", () => {
    const cases: ReadonlyArray<readonly [string, number, string]> = [
      ["", 0, "expected an object, but the text ends"],
      ["[]", 0, "expected an object"],
      ["{} x", 3, "expected the end of the text"],
      ['{"resourceLogs":{}}', 16, '"resourceLogs": expected an array'],
      ['{"resourceLogs":[1]}', 17, '"resourceLogs": expected an object'],
      ['{"resourceLogs":[{}', 19, "expected , or ], but the text ends"],
      ['{"a" 1}', 5, "expected :"],
      ['{"a":1,}', 7, "expected a name in quotes"],
      ["{'a':1}", 1, "expected a name in quotes"]
    ]
    for (const [text, offset, message] of cases) {
      const result = fromJson("logs", utf8(text))
      assert.deepStrictEqual(result, new Malformed(offset, message), text)
    }
    const invalid = Uint8Array.from([...utf8('{"a":"é'), 0xff, ...utf8('"}')])
    assert.deepStrictEqual(fromJson("logs", invalid), new Malformed(8, "the text is not valid UTF-8"))
  })

  it("limits nesting to what the binary form allows", () => {
    const nested = (levels: number) => {
      let value = '{"intValue":1}'
      for (let i = 0; i < levels; i++) value = `{"arrayValue":{"values":[${value}]}}`
      return fromJson("logs", utf8(logWith(`{"body":${value}}`)))
    }
    const deepest = ok(nested(48))
    assert.strictEqual(validate("logs", deepest), undefined)
    assert.instanceOf(toJson("logs", [deepest]), Uint8Array)
    assert.instanceOf(nested(49), Malformed)
    for (const text of [
      '{"x":' + "[".repeat(100_000),
      '{"x":' + '{"y":'.repeat(100_000),
      '{"x":' + "[".repeat(101) + "]".repeat(101) + "}"
    ]) {
      assert.instanceOf(fromJson("traces", utf8(text)), Malformed)
    }
    assert.instanceOf(fromJson("traces", utf8('{"x":' + "[".repeat(100) + "]".repeat(100) + "}")), Uint8Array)
  })

  it("accepts of mutated text only what is JSON, and makes only valid requests of it", () => {
    const rng = new Random(11)
    const pieces = ["{", "}", "[", "]", ",", ":", '"', "\\", "null", "true", "1", "-", "e", ".", "\\u12", "\u00e9", " ", '"a":1,']
    let accepted = 0
    for (let i = 0; i < 3000; i++) {
      const signal = signals[i % 3]!
      const bytes = ok(toJson(signal, [randomRequest(signal, rng, { resources: 1, scopes: 1, items: 2, attributes: 2 })]))
      let text = Buffer.from(bytes).toString("latin1")
      for (let n = 1 + rng.below(2); n > 0; n--) {
        const at = rng.below(text.length + 1)
        text = text.slice(0, at) + Buffer.from(rng.pick(pieces)).toString("latin1") + text.slice(at + rng.below(3))
      }
      const mutated = Buffer.from(text, "latin1")
      const result = fromJson(signal, mutated)
      if (result instanceof Malformed) {
        assert.isTrue(result.offset >= 0 && result.offset <= mutated.length)
        continue
      }
      accepted++
      JSON.parse(mutated.toString("utf8"))
      assert.strictEqual(validate(signal, result), undefined)
      decode(signal, result)
    }
    assert.isAbove(accepted, 100)
  })
})
