import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Writable } from "node:stream"
import { noMetadata } from "../../../src/domain/Batch.ts"
import { fromJson } from "../../../src/domain/otlp/json/FromJson.ts"
import { type Signal, signals } from "../../../src/domain/Signal.ts"
import type { ExportRequest } from "../../../src/layers/graph/Component.ts"
import { make, Sampler } from "../../../src/layers/delivery/Debug.ts"
import { ExportError } from "../../../src/streams/ExportError.ts"
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
