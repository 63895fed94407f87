import { assert, describe, it } from "@effect/vitest"
import { encodeAttribute } from "../../../src/domain/otlp/AnyValue.ts"
import { Keys } from "../../../src/domain/otlp/Attributes.ts"
import { bytesPerStep, cut, cutting } from "../../../src/domain/otlp/Cut.ts"
import { deleteAttribute, deleteField, renameAttribute, setAttribute, setField } from "../../../src/domain/otlp/EditFields.ts"
import { editItems, filterItems } from "../../../src/domain/otlp/EditItems.ts"
import { Edits } from "../../../src/domain/otlp/Edits.ts"
import { END, Groups, HEAD, HEAD_END, HEAD_LENGTH_AT, LENGTH_AT, PAYLOAD, START } from "../../../src/domain/otlp/Groups.ts"
import { Logs } from "../../../src/domain/otlp/Logs.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { Metrics } from "../../../src/domain/otlp/Metrics.ts"
import { Traces } from "../../../src/domain/otlp/Traces.ts"
import { textField } from "../../../src/domain/otlp/Write.ts"
import { signals, type Signal } from "../../../src/domain/Signal.ts"
import { SlabPool } from "../../../src/domain/SlabPool.ts"
import { distort } from "../../support/otlp/Distort.ts"
import { randomRequest } from "../../support/otlp/Payloads.ts"
import { Random } from "../../support/otlp/Random.ts"
import { decode, encode, groupsOf, itemsOf, type Plain } from "../../support/otlp/Reference.ts"

type Mutable = { [field: string]: unknown }
type Pair = { key?: string; value?: unknown }

const pool = new SlabPool()
const viewOf = (signal: Signal) => (signal === "traces" ? new Traces() : signal === "logs" ? new Logs() : new Metrics())

const index = (view: Groups, bytes: Uint8Array): void => {
  const fault = view.index(bytes)
  if (fault !== undefined) throw new Error(String(fault))
}

const rebuilt = (edits: Edits): Uint8Array => {
  const { bytes, lease } = edits.rebuild(pool)
  const copy = bytes.slice()
  lease.release()
  return copy
}

const cases = function* (runs: number): Generator<readonly [Signal, Random, Uint8Array]> {
  for (let seed = 0; seed < runs; seed++) {
    for (const signal of signals) {
      const rng = new Random(seed)
      const plain = randomRequest(signal, rng)
      yield [signal, rng, rng.chance(0.5) ? distort(signal, rng, plain) : plain]
    }
  }
}

const lists = (signal: Signal): readonly [string, string, string] =>
  signal === "traces"
    ? ["resourceSpans", "scopeSpans", "spans"]
    : signal === "logs"
      ? ["resourceLogs", "scopeLogs", "logRecords"]
      : ["resourceMetrics", "scopeMetrics", "metrics"]

/** Decode-edit-encode without the encode: the decoded request with items dropped, and what is empty then. */
const filtered = (signal: Signal, request: Plain, keep: (item: number) => boolean): Plain => {
  const [resources, scopes, records] = lists(signal)
  let item = 0
  const prune = (owner: Mutable, name: string, stays: (child: Mutable) => boolean): boolean => {
    const list = ((owner[name] ?? []) as Array<Mutable>).filter(stays)
    if (list.length > 0) owner[name] = list
    else delete owner[name]
    return list.length > 0
  }
  const copy = structuredClone(request) as Mutable
  const keepMetric = (metric: Mutable): boolean => {
    const data = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"].find((name) => metric[name] !== undefined)
    return data === undefined || prune(metric[data] as Mutable, "dataPoints", () => keep(item++))
  }
  prune(copy, resources, (resource) =>
    prune(resource, scopes, (scope) => prune(scope, records, (record) => (signal === "metrics" ? keepMetric(record) : keep(item++))))
  )
  return copy
}

const attributesOf = (signal: Signal): number | undefined => (signal === "traces" ? 9 : signal === "logs" ? 6 : undefined)

describe("Edits", () => {
  it("change nothing where nothing is edited", () => {
    for (const [signal, , bytes] of cases(30)) {
      const view = viewOf(signal)
      const edits = new Edits()
      index(view, bytes)
      edits.begin(bytes)
      if (signal !== "metrics") {
        // Metrics without points would go, as empty groups do.
        filterItems(view, edits, () => true)
        const removed = rebuilt(edits)
        assert.deepStrictEqual(
          decode(signal, removed),
          filtered(signal, decode(signal, bytes), () => true)
        )
      }
      edits.begin(bytes)
      assert.isTrue(edits.isEmpty)
      assert.deepStrictEqual(rebuilt(edits), bytes)
    }
  })

  it("drop items, and groups that are empty then", () => {
    const edits = new Edits()
    for (const [signal, rng, bytes] of cases(80)) {
      const view = viewOf(signal)
      index(view, bytes)
      const share = rng.pick([0, 0.2, 0.5, 0.9, 1])
      const keeps = Array.from({ length: view.items }, () => rng.chance(share))
      edits.begin(view.bytes)
      const kept = filterItems(view, edits, (item) => keeps[item]!)
      const result = rebuilt(edits)
      assert.strictEqual(kept, keeps.filter(Boolean).length)
      assert.deepStrictEqual(
        decode(signal, result),
        filtered(signal, decode(signal, bytes), (item) => keeps[item]!)
      )
      if (signal === "metrics") continue
      const raw = (of: Groups, item: number) => [
        ...of.bytes.subarray(of.records.data[item * of.records.width + START], of.records.data[item * of.records.width + END])
      ]
      const before = keeps.flatMap((keep, item) => (keep ? [raw(view, item)] : []))
      index(view, result)
      assert.deepStrictEqual(
        before.map((_, item) => raw(view, item)),
        before
      )
    }
  })

  it("set, rename and delete attributes and fields of items, and of their resource after them", () => {
    const edits = new Edits()
    const added = "added"
    for (const [signal, rng, bytes] of cases(80)) {
      const field = attributesOf(signal)
      if (field === undefined) continue
      const view = viewOf(signal)
      index(view, bytes)
      const keys = new Keys(["k", "a.b", added, "service.name"])
      edits.begin(view.bytes)
      const value = "v".repeat(rng.pick([1, 100, 200, 20000]))
      const put = (record: Uint8Array) => [edits.put(record, 0, record.length), edits.arenaEnd] as const
      const expected = structuredClone(decode(signal, bytes)) as Mutable
      const touched = Array.from({ length: view.items }, () => rng.chance(0.7))
      const nameField = signal === "traces" ? 5 : 3
      const edit = (item: number, start: number, end: number): boolean => {
        if (!touched[item]) return true
        assert.isUndefined(keys.find(view.bytes, start, end, field))
        deleteAttribute(edits, keys, 0)
        setAttribute(edits, keys, 2, end, ...put(encodeAttribute(field, added, value)))
        renameAttribute(edits, view.bytes, keys, 3, 1)
        assert.isUndefined(setField(edits, view.bytes, start, end, nameField, ...put(textField(nameField, "named"))))
        assert.isUndefined(deleteField(edits, view.bytes, start, end, signal === "traces" ? 1 : 9))
        return true
      }
      const { resources, scopes, records } = view
      const enter = (data: Int32Array, at: number) => edits.enter(data[at + LENGTH_AT]!, data[at + PAYLOAD]!, data[at + END]!)
      for (let r = 0; r < resources.count; r++) {
        const at = r * resources.width
        enter(resources.data, at)
        for (let s = resources.data[at + 7]!; s < resources.data[at + 8]!; s++) {
          const scope = s * scopes.width
          enter(scopes.data, scope)
          for (let i = scopes.data[scope + 7]!; i < scopes.data[scope + 8]!; i++) {
            enter(records.data, i * records.width)
            edit(i, records.data[i * records.width + PAYLOAD]!, records.data[i * records.width + END]!)
            edits.leave()
          }
          edits.leave()
        }
        if (resources.data[at + HEAD]! >= 0) {
          const end = resources.data[at + HEAD_END]!
          edits.enter(resources.data[at + HEAD_LENGTH_AT]!, resources.data[at + HEAD]!, end)
          assert.isUndefined(keys.find(view.bytes, resources.data[at + HEAD]!, end, 1))
          setAttribute(edits, keys, 2, end, ...put(encodeAttribute(1, added, value)))
          edits.leave()
        } else edits.insert(resources.data[at + END]!, ...put(Uint8Array.from([10, 0])))
        edits.leave()
      }
      const named = signal === "traces" ? "name" : "severityText"
      const setIn = (owner: Mutable) => {
        const list = (owner["attributes"] ??= []) as Array<Pair>
        const entry = { key: added, value: { stringValue: value } }
        const at = list.findIndex((pair) => pair.key === added)
        if (at < 0) list.push(entry)
        else list[at] = entry
      }
      const [resourceLists] = lists(signal)
      for (const group of (expected[resourceLists] ?? []) as Array<Mutable>) {
        if (group["resource"] === undefined) group["resource"] = {}
        else setIn(group["resource"] as Mutable)
      }
      for (const [item, record] of itemsOf(signal, expected).entries() as Iterable<[number, Mutable]>) {
        if (!touched[item]) continue
        record[named] = "named"
        delete record["traceId"]
        const list = (record["attributes"] ?? []) as Array<Pair>
        const first = (name: string) => list.findIndex((pair) => pair.key === name)
        if (first("k") >= 0) list.splice(first("k"), 1)
        const from = list[first("service.name")]
        if (from !== undefined) {
          if (first("a.b") >= 0) list.splice(first("a.b"), 1)
          from.key = "a.b"
        }
        if (list.length === 0) delete record["attributes"]
        setIn(record)
      }
      assert.deepStrictEqual(decode(signal, rebuilt(edits)) as unknown, expected)
    }
  })

  it("keep what is added at a message's end inside it when the neighbour was dropped before", () => {
    const request = encode("logs", {
      resourceLogs: [
        { resource: { attributes: [{ key: "a" }] }, scopeLogs: [{ logRecords: [{}] }, { logRecords: [{ severityNumber: 9 }] }] }
      ]
    })
    const view = new Logs()
    index(view, request)
    const edits = new Edits()
    edits.begin(request)
    const { data } = view.resources
    edits.enter(data[LENGTH_AT]!, data[PAYLOAD]!, data[END]!)
    edits.delete(view.scopes.data[START]!, view.scopes.data[END]!)
    edits.enter(data[HEAD_LENGTH_AT]!, data[HEAD]!, data[HEAD_END]!)
    const added = encodeAttribute(1, "b", true)
    edits.insert(data[HEAD_END]!, edits.put(added, 0, added.length), edits.arenaEnd)
    edits.leave()
    edits.leave()
    assert.deepStrictEqual(decode("logs", rebuilt(edits)) as unknown, {
      resourceLogs: [
        {
          resource: { attributes: [{ key: "a" }, { key: "b", value: { boolValue: true } }] },
          scopeLogs: [{ logRecords: [{ severityNumber: 9 }] }]
        }
      ]
    })
  })

  it("forget the edits of an item that is dropped after all", () => {
    const edits = new Edits()
    for (const [signal, rng, bytes] of cases(30)) {
      const view = viewOf(signal)
      index(view, bytes)
      const keeps = Array.from({ length: view.items }, () => rng.chance(0.5))
      edits.begin(view.bytes)
      editItems(view, edits, (item, start, end) => {
        if (!keeps[item]) edits.delete(start, end)
        return keeps[item]!
      })
      assert.deepStrictEqual(
        decode(signal, rebuilt(edits)),
        filtered(signal, decode(signal, bytes), (item) => keeps[item]!)
      )
    }
  })
})

describe("cut", () => {
  const flat = (signal: Signal, request: Plain) =>
    groupsOf(signal, request).flatMap(({ resource, scope, items }) => items.map((item) => ({ resource, scope, item })))
  const concat = (chunks: ReadonlyArray<Uint8Array>) => Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))

  it("goes in steps of bounded bytes, and gives the same as in one", () => {
    const rng = new Random(1)
    const chunks = rng.many(600, () => randomRequest("traces", rng))
    const sizeBytes = chunks.reduce((size, chunk) => size + chunk.length, 0)
    const limits = { maxItems: 3, maxBytes: 0 }
    const steps = cutting("traces", chunks, limits)
    let pauses = 0
    let step = steps.next()
    for (; step.done !== true; step = steps.next()) pauses++
    assert.isAtLeast(pauses, Math.floor(sizeBytes / bytesPerStep))
    assert.isAtLeast(pauses, 3)
    assert.deepStrictEqual(step.value, cut("traces", chunks, limits))
  })

  it("keeps every item with its resource and scope, in order, within the limits", () => {
    for (const [signal, rng, first] of cases(100)) {
      const chunks = [first, ...rng.many(2, () => randomRequest(signal, rng))]
      const limits = { maxItems: rng.pick([0, 1, 2, 5, 1000]), maxBytes: rng.pick([0, 1, 300, 1000, 100000]) }
      const parts = cut(signal, chunks, limits)
      if (parts instanceof Malformed) throw new Error(String(parts))
      const whole = decode(signal, concat(chunks))
      const pieces = parts.map((part) => decode(signal, concat(part.chunks)))
      assert.deepStrictEqual(
        pieces.flatMap((piece) => flat(signal, piece)),
        flat(signal, whole)
      )
      for (const [i, { items, sizeBytes, chunks: own }] of parts.entries()) {
        assert.strictEqual(items, itemsOf(signal, pieces[i]!).length)
        assert.strictEqual(sizeBytes, concat(own).length)
        if (limits.maxItems > 0) assert.isAtMost(items, limits.maxItems)
        if (limits.maxBytes > 0 && items > 1) assert.isAtMost(sizeBytes, limits.maxBytes)
        // Every chunk is a request by itself.
        assert.deepStrictEqual(
          own.flatMap((chunk) => flat(signal, decode(signal, chunk))),
          flat(signal, pieces[i]!)
        )
      }
      if (limits.maxBytes === 0 && limits.maxItems > 0) {
        for (const part of parts.slice(0, -1)) if (part.items > 0) assert.strictEqual(part.items, limits.maxItems)
      }
    }
  })

  it("copies nothing where groups stay whole", () => {
    const bytes = randomRequest("traces", new Random(7), { resources: 5 })
    const parts = cut("traces", [bytes], { maxItems: 0, maxBytes: 0 })
    assert.deepStrictEqual(parts, [
      { chunks: [bytes], items: itemsOf("traces", decode("traces", bytes)).length, sizeBytes: bytes.length }
    ] as never)
  })

  it("does not blow up where a huge resource would be repeated for every tiny item", () => {
    const frame = (tag: number, payload: Uint8Array) =>
      concat([textField(tag, "x".repeat(payload.length)).subarray(0, -payload.length), payload])
    const items = concat(Array.from({ length: 5000 }, () => Uint8Array.of(18, 0)))
    const group = frame(1, concat([frame(1, encodeAttribute(1, "k", "x".repeat(100_000))), frame(2, items)]))
    const parts = cut("traces", [group], { maxItems: 1, maxBytes: 0 })
    if (parts instanceof Malformed) throw new Error(String(parts))
    assert.strictEqual(
      parts.reduce((sum, part) => sum + part.items, 0),
      5000
    )
    assert.isBelow(
      parts.reduce((sum, part) => sum + part.sizeBytes, 0),
      20 * group.length + (2 << 20)
    )
  })

  it("refuses malformed bytes", () => {
    const fault = cut("logs", [Uint8Array.of(10, 0), Uint8Array.of(10, 5)], { maxItems: 1, maxBytes: 0 })
    assert.instanceOf(fault, Malformed)
    assert.strictEqual(fault.offset, 3)
  })
})
