import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { formatProblems } from "../../../src/domain/config/Problem.ts"
import { loadTexts, lookups } from "./Samples.ts"

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const seedText = `receivers:
  otlp:
    protocols: {grpc: , http: {endpoint: "\${env:HOST:-localhost}:4318"}}
exporters:
  debug: &d {<<: {verbosity: basic}}
  otlphttp/eu: {endpoint: http://b, headers: {k: "\${KEY}"}, sending_queue: {queue_size: 5}}
connectors: {forward: }
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces/in: {receivers: [otlp], processors: [], exporters: [forward]}
    traces: {receivers: [forward], exporters: [debug, otlphttp/eu]}
`

const fragments = [
  "{",
  "}",
  "[",
  "]",
  ": ",
  "\n",
  "  ",
  "- ",
  "&a ",
  "*a ",
  "<<: ",
  "${",
  "$$",
  "}",
  "env:",
  "file:",
  "null",
  "\t",
  "|\n",
  "!!x ",
  "'",
  '"',
  "#",
  "9".repeat(20),
  "__proto__",
  "\u0000",
  "é😀",
  "? ",
  "%",
  "---\n",
  "...\n",
  "traces",
  "otlp",
  "forward"
]

const mutate = (text: string, next: () => number): string => {
  let result = text
  for (let edits = 1 + Math.floor(next() * 3); edits > 0; edits--) {
    const at = Math.floor(next() * result.length)
    const length = next() < 0.3 ? Math.floor(next() * 20) : 0
    const piece = next() < 0.2 ? result.slice(at, at + Math.floor(next() * 40)) : fragments[Math.floor(next() * fragments.length)]!
    result = result.slice(0, at) + piece + result.slice(at + length)
  }
  return result
}

describe("any text at all", () => {
  it("is accepted or reported, and the report can be printed: 3000 mutations of a configuration", () => {
    const from = lookups({ KEY: "[a, {b: 1}]", HOST: "h", otlp: "[a, {b: '${otlp}'}]" }, { traces: seedText })
    let accepted = 0
    for (let seed = 0; seed < 3000; seed++) {
      const text = mutate(seedText, random(seed))
      let result
      try {
        result = loadTexts(seed % 5 === 0 ? [seedText, text] : [text], from)
      } catch (cause) {
        throw new Error(`seed ${seed} threw`, { cause })
      }
      if (Result.isSuccess(result)) accepted++
      else {
        assert.isAbove(result.failure.length, 0, `seed ${seed}`)
        assert.isAbove(formatProblems(result.failure).length, 0, `seed ${seed}`)
      }
    }
    // Both sides have to be reached for the test to mean anything.
    assert.isAbove(accepted, 50)
    assert.isBelow(accepted, 2900)
  })
})
