import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { readFileSync } from "node:fs"
import { Batch, defaultTenant, noMetadata } from "../../../src/domain/Batch.ts"
import { Lease } from "../../../src/domain/Lease.ts"
import { Refusal } from "../../../src/domain/Refusal.ts"
import type { Signal } from "../../../src/domain/Signal.ts"
import { fromJson } from "../../support/otlp/fromJson.ts"
import { toJson } from "../../../src/domain/otlp/json/ToJson.ts"
import { filter } from "../../../src/layers/analysis/processors/Filter.ts"
import { transform } from "../../../src/layers/analysis/processors/Transform.ts"
import { bytesOf, pure } from "../../layers/analysis/Analysis.ts"
import { RecordingAck } from "../../support/Accounts.ts"
import { apply, canonical, type Change, type Json } from "./Canonical.ts"
import { allCases, type Case } from "./Cases.ts"
import { deviations } from "./Deviations.ts"
import { fixtures } from "./Fixtures.ts"

/** What the Collector made of a case; `output` is what has changed in the fixture, null if nothing was sent on. */
interface Answer {
  readonly id: string
  readonly refused?: true
  readonly failed?: true
  readonly panic?: true
  readonly output?: Change | null
}

const answers = new Map<string, Answer>()
for (const line of readFileSync(new URL("golden/answers.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")) {
  const answer = JSON.parse(line) as Answer
  answers.set(answer.id, answer)
}

// The protobuf library's schema is older than some fields here, so the bytes come from and go to OTLP JSON, as in the Collector.
const bytes = (signal: Signal): Uint8Array => fromJson(signal, Buffer.from(JSON.stringify(fixtures[signal]))) as Uint8Array
const read = (signal: Signal, request: Uint8Array): Json =>
  canonical(JSON.parse(Buffer.from(toJson(signal, [request]) as Uint8Array).toString()) as Json)
const untouched = { traces: read("traces", bytes("traces")), logs: read("logs", bytes("logs")), metrics: read("metrics", bytes("metrics")) }

const outcome = ({ config, processor, signal }: Case) =>
  Effect.map(Effect.exit(pure(processor === "transform" ? transform : filter, signal, config)), (made) => {
    if (Exit.isFailure(made)) return { refused: true }
    const request = bytes(signal)
    const origin = { signal, tenant: defaultTenant, arrivedAt: 0, deadline: Number.POSITIVE_INFINITY, metadata: noMetadata }
    const result = made.value.process(new Batch(origin, [request], 0, request.length, Lease.none, new RecordingAck()))
    if (result instanceof Refusal) return { failed: true }
    return { output: result.sizeBytes === 0 ? null : read(signal, bytesOf(result)) }
  })

describe("the Collector's transform and filter processors, answer by answer", () => {
  for (const test of allCases) {
    it.effect(test.id, () =>
      Effect.gen(function* () {
        const answer = answers.get(test.id)!
        const expected: unknown =
          answer.refused || answer.failed || answer.panic
            ? answer.refused
              ? { refused: true }
              : answer.failed
                ? { failed: true }
                : { panic: true }
            : { output: answer.output === null ? null : apply(untouched[test.signal], answer.output) }
        const actual: unknown = yield* outcome(test)
        const reason = deviations[test.id]
        if (reason === undefined) assert.deepStrictEqual<unknown>(actual, expected)
        else assert.notDeepEqual<unknown>(actual, expected, `this does not deviate any more: ${reason}`)
      })
    )
  }
})
