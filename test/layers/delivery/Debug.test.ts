import { readFileSync } from "node:fs"
import { assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Writable } from "node:stream"
import { noMetadata } from "../../../src/domain/Batch.ts"
import { fromJson } from "../../support/otlp/fromJson.ts"
import { type Signal, signals } from "../../../src/domain/Signal.ts"
import type { ExportRequest } from "../../../src/layers/graph/Component.ts"
import { slices } from "../../../src/domain/otlp/Slices.ts"
import { toJson } from "../../../src/domain/otlp/json/ToJson.ts"
import { detailedText } from "../../../src/layers/delivery/DebugDetailed.ts"
import { normalText } from "../../../src/layers/delivery/DebugNormal.ts"
import { Place } from "../../../src/layers/delivery/DebugPlace.ts"
import type { Json } from "../../../src/layers/delivery/DebugValue.ts"
import { make, Sampler } from "../../../src/layers/delivery/Debug.ts"
import { ExportError } from "../../../src/streams/ExportError.ts"
import { turns } from "../../../src/streams/Turns.ts"
import { randomRequest } from "../../support/otlp/Payloads.ts"
import { Random } from "../../support/otlp/Random.ts"
import { decode, itemsOf } from "../../support/otlp/Reference.ts"

const defaults = { verbosity: "basic", sampling_initial: 2, sampling_thereafter: 1, use_internal_logger: true } as const

const console = () => {
  const lines: Array<string> = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk))
      done()
    }
  })
  return { stream, text: () => lines.join("") }
}

const requestOf = (signal: Signal, bytes: Uint8Array): ExportRequest => ({
  signal,
  tenant: "default",
  metadata: noMetadata,
  chunks: [bytes],
  items: itemsOf(signal, decode(signal, bytes)).length,
  sizeBytes: bytes.length
})

const sent = (signal: Signal) =>
  requestOf(
    signal,
    fromJson(signal, readFileSync(new URL(`../../domain/otlp/json/golden/${signal}.sent.jsonl`, import.meta.url))) as Uint8Array
  )

// golden/debug-*.txt is what the OpenTelemetry Collector v0.161.0 wrote for the same request.
const golden = (verbosity: string, signal: Signal) =>
  readFileSync(new URL(`golden/debug-${verbosity}-${signal}.txt`, import.meta.url), "utf8")

describe("debug", () => {
  for (const signal of signals) {
    for (const verbosity of ["normal", "detailed"] as const) {
      it.effect(`writes ${signal} as the Collector does, ${verbosity}`, () =>
        Effect.gen(function* () {
          const out = console()
          const exported = yield* make({ ...defaults, verbosity }, "debug/x", signal, out.stream, () => 0)(sent(signal))
          assert.deepStrictEqual(exported, { rejected: 0 })
          // The Collector rounds the bounds of exponential buckets by way of logarithms.
          const expected = golden(verbosity, signal)
            .replace("le-4095.999999999997", "le-4096")
            .replace("le1.5258789062500007e-05", "le0.0000152587890625")
            .replace("le0.00024414062500000016", "le0.000244140625")
          const about = `{"otelcol.component.id":"debug/x","otelcol.component.kind":"exporter","otelcol.signal":"${signal}"}`
          assert.strictEqual(out.text().split("\n").slice(1).join("\n"), `1970-01-01T00:00:00.000Z\tinfo\t${expected}\t${about}\n`)
        })
      )
    }
  }

  it.effect("counts, in a line", () =>
    Effect.gen(function* () {
      const rng = new Random(4)
      for (const signal of signals) {
        for (let i = 0; i < 20; i++) {
          const bytes = randomRequest(signal, rng)
          const request = requestOf(signal, bytes)
          const out = console()
          yield* make(defaults, "debug", signal, out.stream)(request)
          const line = JSON.parse(out.text().split("\t")[3]!) as { [name: string]: number }
          const decoded = decode(signal, bytes) as { [name: string]: ReadonlyArray<object> | undefined }
          const noun = { traces: "spans", logs: "log records", metrics: "data points" }[signal]
          const resources = { traces: "resourceSpans", logs: "resourceLogs", metrics: "resourceMetrics" }[signal]
          assert.strictEqual(line[noun], request.items)
          assert.strictEqual(line[`resource ${signal === "traces" ? "spans" : signal}`], decoded[resources]?.length ?? 0)
          if (signal === "metrics") {
            const metrics = (decoded["resourceMetrics"] ?? []) as ReadonlyArray<{
              scopeMetrics?: ReadonlyArray<{ metrics?: ReadonlyArray<object> }>
            }>
            const count = metrics.flatMap((group) => (group.scopeMetrics ?? []).flatMap((scope) => scope.metrics ?? [])).length
            assert.strictEqual(line["metrics"], count)
          }
        }
      }
    })
  )

  it.effect("survives every request, and refuses what is malformed for good", () =>
    Effect.gen(function* () {
      const rng = new Random(9)
      for (const signal of signals) {
        for (const verbosity of ["normal", "detailed"] as const) {
          const out = console()
          const push = make({ ...defaults, verbosity }, "debug", signal, out.stream)
          for (let i = 0; i < 30; i++) yield* push(requestOf(signal, randomRequest(signal, rng)))
          assert.notInclude(out.text(), "undefined")
          assert.notInclude(out.text(), "[object")
          const failure = yield* Effect.flip(push({ ...requestOf(signal, new Uint8Array(0)), chunks: [Uint8Array.of(0x0a, 9)] }))
          assert.instanceOf(failure, ExportError)
          assert.isFalse(failure.retryable)
        }
      }
    })
  )

  it("samples by the second", () => {
    const sampler = new Sampler(2, 3)
    const passed = (second: number) => Array.from({ length: 9 }, () => sampler.passes(second * 1000 + 1))
    const expected = [true, true, false, false, true, false, false, true, false]
    assert.deepStrictEqual(passed(5), expected)
    assert.deepStrictEqual(passed(6), expected)
    const none = new Sampler(1, 0)
    assert.deepStrictEqual(
      [0, 1, 2].map(() => none.passes(0)),
      [true, false, false]
    )
  })
})

describe("the text of a large request", () => {
  const parsed = (signal: Signal, chunks: ReadonlyArray<Uint8Array>) =>
    JSON.parse(new TextDecoder().decode(toJson(signal, chunks) as Uint8Array)) as Json

  /** Groups of one to five items; metrics of one to five points. */
  const requestOfMany = (signal: Signal): Uint8Array => {
    let made = 0
    const many = <A>(make: (number: number) => A): ReadonlyArray<A> => Array.from({ length: 1 + (made++ % 5) }, (_, i) => make(i))
    const item = (number: number) => {
      if (signal !== "metrics") return { name: `n${number}`, traceId: "01".repeat(16) }
      const dataPoints = many((point) => ({ asInt: `${point}`, attributes: [{ key: "a", value: { intValue: `${number}` } }] }))
      return { name: `m${number}`, [number % 2 === 0 ? "gauge" : "sum"]: { dataPoints } }
    }
    const [resources, scopes, items] = {
      traces: ["resourceSpans", "scopeSpans", "spans"],
      logs: ["resourceLogs", "scopeLogs", "logRecords"],
      metrics: ["resourceMetrics", "scopeMetrics", "metrics"]
    }[signal] as [string, string, string]
    const scope = () => ({ [items]: many(item), scope: { name: "s" }, schemaUrl: "of the scope" })
    const resource = () => ({ [scopes]: many(scope), resource: { attributes: [{ key: "r" }] }, schemaUrl: "of the resource" })
    return fromJson(signal, new TextEncoder().encode(JSON.stringify({ [resources]: [1, 2, 3, 4, 5].map(resource) }))) as Uint8Array
  }

  it("is the same slice by slice as at once", () => {
    const deepest = { traces: 2, logs: 2, metrics: 4 }
    for (const signal of signals) {
      const bytes = requestOfMany(signal)
      for (const textOf of [normalText, detailedText]) {
        const whole = textOf(signal, parsed(signal, [bytes]), 0, new Place())
        for (const maxItems of [1, 2, 3, 7, 1000]) {
          const place = new Place()
          let text = ""
          let continued = 0
          for (const part of slices(signal, [bytes], { maxItems, maxBytes: Infinity, maxFields: 1000, maxRepeated: Infinity })) {
            if (part === undefined) continue
            continued = Math.max(continued, part.continued)
            text += textOf(signal, parsed(signal, part.chunks), part.continued, place)
          }
          assert.strictEqual(text, whole)
          if (maxItems < 5) assert.strictEqual(continued, deepest[signal])
        }
      }
    }
  })

  it("is written in pieces of bounded size, each in a turn", async () => {
    const span = '{"name":"s"}'
    const spans = Array.from({ length: 2000 }, () => span).join(",")
    const bytes = fromJson("traces", new TextEncoder().encode(`{"resourceSpans":[{"scopeSpans":[{"spans":[${spans}]}]}]}`)) as Uint8Array
    const writes: Array<string> = []
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        writes.push(String(chunk))
        done()
      }
    })
    const push = make({ ...defaults, verbosity: "detailed" }, "debug", "traces", stream, () => 0)
    const later = vi.spyOn(turns, "later")
    await Effect.runPromise(push(requestOf("traces", bytes)))
    assert.isAtLeast(later.mock.calls.length, 7)
    later.mockRestore()
    for (const text of writes) assert.isAtMost(text.split("Span #").length - 1, 256)
    assert.strictEqual(
      writes
        .join("")
        .match(/^Span #\d+$/gm)
        ?.at(-1),
      "Span #1999"
    )
    assert.strictEqual(writes.join("").split("ScopeSpans #").length, 2)
  })
})
