import { assert, describe, it } from "@effect/vitest"
import { decodeEntry, decodeValue, encodeValue, readDouble, type Value } from "../../../src/domain/otlp/AnyValue.ts"
import { Keys } from "../../../src/domain/otlp/Attributes.ts"
import { END, Groups, HEAD, HEAD_END, PAYLOAD } from "../../../src/domain/otlp/Groups.ts"
import * as L from "../../../src/domain/otlp/Logs.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import * as M from "../../../src/domain/otlp/Metrics.ts"
import { normalise } from "../../../src/domain/otlp/Normalise.ts"
import * as T from "../../../src/domain/otlp/Traces.ts"
import { decodeUtf8 } from "../../../src/domain/otlp/Utf8.ts"
import { varintLow, varintEnd } from "../../../src/domain/otlp/Wire.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import { signals } from "../../../src/domain/Signal.ts"
import { distort } from "../../support/otlp/Distort.ts"
import { randomRequest } from "../../support/otlp/Payloads.ts"
import { Random } from "../../support/otlp/Random.ts"
import { decode, groupsOf, itemsOf, type Plain } from "../../support/otlp/Reference.ts"

type Pair = { readonly key?: string; readonly value?: Plain }

/** What the reference decoder makes of an AnyValue, as a `Value`. */
const valueOf = (any: Plain | undefined): Value => {
  const [name, inner] = Object.entries(any ?? {})[0] ?? []
  switch (name) {
    case undefined:
      return null
    case "intValue":
      return BigInt(inner as string)
    case "bytesValue":
      return Uint8Array.from(inner as ReadonlyArray<number>)
    case "arrayValue":
      return (((inner as Plain)["values"] ?? []) as ReadonlyArray<Plain>).map(valueOf)
    case "kvlistValue": {
      const map = new Map<string, Value>()
      for (const { key = "", value } of ((inner as Plain)["values"] ?? []) as ReadonlyArray<Pair>)
        if (!map.has(key)) map.set(key, valueOf(value))
      return map
    }
    default:
      return inner as Value
  }
}

const index = <V extends Groups>(view: V, bytes: Uint8Array): V => {
  const fault = view.index(bytes)
  if (fault !== undefined) throw new Error(String(fault))
  return view
}

const each = (signal: Signal, check: (bytes: Uint8Array, request: Plain, seed: number) => void): void => {
  for (let seed = 0; seed < 60; seed++) {
    const rng = new Random(seed)
    const plain = randomRequest(signal, rng)
    check(plain, decode(signal, plain), seed)
    check(distort(signal, rng, plain), decode(signal, plain), seed)
  }
}

const wordAt = (bytes: Uint8Array, at: number): DataView => new DataView(bytes.buffer, bytes.byteOffset + at, 8)

/** Readers of a column for a row: `undefined` where the field is absent. */
const columns = (bytes: Uint8Array, data: Int32Array, row: number) => {
  const present = <A>(column: number, read: (at: number) => A): A | undefined =>
    data[row + column]! < 0 ? undefined : read(data[row + column]!)
  return {
    text: (column: number) => present(column, (at) => decodeUtf8(bytes, at, data[row + column + 1]!)),
    raw: (column: number) => present(column, (at) => [...bytes.subarray(at, data[row + column + 1])]),
    varint: (column: number) => present(column, (at) => varintLow(bytes, at, varintEnd(bytes, at, bytes.length))),
    unsigned: (column: number) => present(column, (at) => String(wordAt(bytes, at).getBigUint64(0, true))),
    signed: (column: number) => present(column, (at) => String(wordAt(bytes, at).getBigInt64(0, true))),
    double: (column: number) => present(column, (at) => readDouble(bytes, at))
  }
}

const key = "service.name"

const checkAttribute = (bytes: Uint8Array, pos: number, end: number, field: number, list: unknown): void => {
  const keys = new Keys(["nowhere", key, ""])
  assert.isUndefined(keys.find(bytes, pos < 0 ? end : pos, end, field))
  for (const [i, name] of ["nowhere", key, ""].entries()) {
    const pair = ((list ?? []) as ReadonlyArray<Pair>).find((candidate) => (candidate.key ?? "") === name)
    assert.strictEqual(keys.at[i]! >= 0, pair !== undefined)
    if (pair !== undefined)
      assert.deepStrictEqual(decodeEntry(bytes, keys.types[i]!, keys.valueStart[i]!, keys.valueEnd[i]!), valueOf(pair.value))
  }
}

describe("views", () => {
  it("read the groups as the reference decoder does", () => {
    for (const signal of signals) {
      const view = new Groups(signal)
      each(signal, (bytes, request) => {
        index(view, bytes)
        const groups = groupsOf(signal, request)
        assert.strictEqual(view.scopes.count, groups.length)
        for (const [i, { resource, scope }] of groups.entries()) {
          const at = i * view.scopes.width
          const above = view.scopes.data[at + 9]! * view.resources.width
          const { data } = view.resources
          if (data[above + HEAD]! >= 0) checkAttribute(view.bytes, data[above + HEAD]!, data[above + HEAD_END]!, 1, resource["attributes"])
          if (view.scopes.data[at + HEAD]! >= 0) {
            checkAttribute(view.bytes, view.scopes.data[at + HEAD]!, view.scopes.data[at + HEAD_END]!, 3, scope["attributes"])
          }
        }
      })
    }
  })

  it("read spans as the reference decoder does", () => {
    const view = new T.Traces()
    each("traces", (bytes, request) => {
      index(view, bytes)
      const spans = itemsOf("traces", request)
      assert.strictEqual(view.items, spans.length)
      for (const [i, span] of spans.entries()) {
        const { data, width } = view.spans
        const row = i * width
        const read = columns(view.bytes, data, row)
        const status = span["status"] as Plain | undefined
        assert.deepStrictEqual(
          [
            read.raw(T.TRACE_ID),
            read.raw(T.SPAN_ID),
            read.raw(T.PARENT_SPAN_ID),
            read.text(T.TRACE_STATE),
            read.text(T.NAME),
            read.varint(T.KIND),
            read.unsigned(T.START_TIME),
            read.unsigned(T.END_TIME),
            read.varint(T.STATUS_CODE),
            read.text(T.STATUS_MESSAGE),
            data[row + T.FIRST_EVENT]! >= 0,
            data[row + T.FIRST_LINK]! >= 0
          ] as unknown,
          [
            span["traceId"],
            span["spanId"],
            span["parentSpanId"],
            span["traceState"],
            span["name"],
            span["kind"],
            span["startTimeUnixNano"],
            span["endTimeUnixNano"],
            status?.["code"],
            status?.["message"],
            span["events"] !== undefined,
            span["links"] !== undefined
          ]
        )
        checkAttribute(view.bytes, data[row + T.FIRST_ATTRIBUTE]!, view.records.data[i * view.records.width + END]!, 9, span["attributes"])
      }
    })
  })

  it("read log records as the reference decoder does", () => {
    const view = new L.Logs()
    each("logs", (bytes, request) => {
      index(view, bytes)
      const logs = itemsOf("logs", request)
      assert.strictEqual(view.items, logs.length)
      for (const [i, log] of logs.entries()) {
        const { data, width } = view.logs
        const row = i * width
        const read = columns(view.bytes, data, row)
        assert.deepStrictEqual(
          [
            read.unsigned(L.TIME),
            read.unsigned(L.OBSERVED_TIME),
            read.varint(L.SEVERITY_NUMBER),
            read.text(L.SEVERITY_TEXT),
            read.raw(L.TRACE_ID),
            read.raw(L.SPAN_ID),
            data[row + L.BODY]! < 0 ? undefined : decodeValue(view.bytes, data[row + L.BODY]!, data[row + L.BODY + 1]!)
          ] as unknown,
          [
            log["timeUnixNano"],
            log["observedTimeUnixNano"],
            log["severityNumber"],
            log["severityText"],
            log["traceId"],
            log["spanId"],
            log["body"] === undefined ? undefined : valueOf(log["body"] as Plain)
          ]
        )
        checkAttribute(view.bytes, data[row + L.FIRST_ATTRIBUTE]!, view.records.data[i * view.records.width + END]!, 6, log["attributes"])
      }
    })
  })

  it("read metrics and data points of every type as the reference decoder does", () => {
    const view = new M.Metrics()
    const types = { gauge: M.GAUGE, sum: M.SUM, histogram: M.HISTOGRAM, exponentialHistogram: M.EXPONENTIAL_HISTOGRAM, summary: M.SUMMARY }
    each("metrics", (bytes, request) => {
      index(view, bytes)
      const metrics = ((request["resourceMetrics"] ?? []) as ReadonlyArray<Plain>)
        .flatMap((group) => (group["scopeMetrics"] ?? []) as ReadonlyArray<Plain>)
        .flatMap((group) => (group["metrics"] ?? []) as ReadonlyArray<Plain>)
      assert.strictEqual(view.metrics.count, metrics.length)
      assert.strictEqual(view.items, itemsOf("metrics", request).length)
      let item = 0
      for (const [i, metric] of metrics.entries()) {
        const row = i * view.metrics.width
        const read = columns(view.bytes, view.metrics.data, row)
        const [name, type] = Object.entries(types).find(([candidate]) => metric[candidate] !== undefined) ?? ["", -1]
        const inner = (metric[name] ?? {}) as Plain
        assert.deepStrictEqual(
          [read.text(M.NAME), read.text(M.UNIT), view.metrics.data[row + M.TYPE], read.varint(M.TEMPORALITY)] as unknown,
          [metric["name"], metric["unit"], type, inner["aggregationTemporality"]]
        )
        for (const point of (inner["dataPoints"] ?? []) as ReadonlyArray<Plain>) {
          const at = item++ * view.points.width
          const { data } = view.points
          const fields = columns(view.bytes, data, at)
          assert.strictEqual(data[at + M.POINT_METRIC], i)
          assert.deepStrictEqual(
            [
              fields.unsigned(M.START_TIME),
              fields.unsigned(M.TIME),
              fields.double(M.AS_DOUBLE),
              fields.signed(M.AS_INT),
              fields.unsigned(M.COUNT),
              fields.double(M.POINT_SUM),
              fields.double(M.MAX),
              fields.unsigned(M.ZERO_COUNT),
              data[at + M.FIRST_EXEMPLAR]! >= 0,
              data[at + M.POSITIVE]! >= 0
            ] as unknown,
            [
              point["startTimeUnixNano"],
              point["timeUnixNano"],
              point["asDouble"],
              point["asInt"],
              point["count"],
              point["sum"],
              point["max"],
              point["zeroCount"],
              point["exemplars"] !== undefined,
              point["positive"] !== undefined
            ]
          )
          checkAttribute(view.bytes, data[at + M.FIRST_ATTRIBUTE]!, data[at + M.POINT_END]!, M.attributesField(type), point["attributes"])
        }
      }
    })
  })

  it("encode values that decode to themselves", () => {
    const values: ReadonlyArray<Value> = [
      null,
      "",
      "ü",
      true,
      false,
      0n,
      -1n,
      9007199254740993n,
      -(2n ** 63n),
      1.5,
      -0,
      Infinity,
      new Uint8Array([1, 255])
    ]
    const nested: Value = new Map<string, Value>([
      ["list", values],
      ["", new Map()]
    ])
    for (const value of [...values, nested]) {
      const bytes = encodeValue(value)
      assert.deepStrictEqual(decodeValue(bytes, 0, bytes.length), value)
    }
  })

  it("say no to values that nest without end", () => {
    let deep: Value = null
    for (let i = 0; i < 101; i++) deep = [deep]
    const bytes = encodeValue(deep)
    assert.instanceOf(decodeValue(bytes, 0, bytes.length), Malformed)
  })

  it("read oddly written requests from normalised bytes", () => {
    const field = (number: number, ...payload: ReadonlyArray<number>) => [(number << 3) | 2, payload.length, ...payload]
    const attribute = (name: string) => field(1, ...field(1, ...new TextEncoder().encode(name)), ...field(2, ...field(1, 120)))
    const status = [...field(15, 0x18, 1), ...field(5, 97), ...field(5, 98), ...field(15, ...field(2, 99))]
    const bytes = Uint8Array.from(
      field(1, ...field(1, ...attribute("a")), ...field(2, ...field(2, ...status)), ...field(1, ...attribute("b")))
    )
    const joined = normalise("traces", bytes)
    if (joined instanceof Malformed) throw new Error(String(joined))
    assert.deepStrictEqual(decode("traces", joined) as unknown, {
      resourceSpans: [
        {
          resource: { attributes: ["a", "b"].map((name) => ({ key: name, value: { stringValue: "x" } })) },
          scopeSpans: [{ spans: [{ name: "b", status: { message: "c", code: 1 } }] }]
        }
      ]
    })
    const view = index(new T.Traces(), bytes)
    assert.deepStrictEqual(view.bytes, joined)
    assert.strictEqual(columns(view.bytes, view.spans.data, 0).text(T.NAME), "b")
    const both = Uint8Array.from(field(1, ...field(2, ...field(2, ...field(5, ...field(1), ...field(1)), ...field(7, ...field(1))))))
    assert.strictEqual(index(new M.Metrics(), both).items, 1)
    assert.strictEqual(view.records.data[PAYLOAD]! > 0, true)
  })

  it("leave normal requests as they are when normalising", () => {
    for (const signal of signals) {
      each(signal, (bytes, request) => {
        const normal = normalise(signal, bytes)
        if (normal instanceof Malformed) throw new Error(String(normal))
        assert.deepStrictEqual(decode(signal, normal), request)
      })
    }
  })
})
