import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { collector, missing } from "../../scripts/peers/Peers.ts"
import { Batch } from "../../src/domain/Batch.ts"
import type { Signal } from "../../src/domain/Signal.ts"
import { filter } from "../../src/layers/analysis/processors/Filter.ts"
import { batchOf, bytesOf, pure } from "../layers/analysis/Analysis.ts"
import { freePort, isListening, until } from "../support/Facts.ts"
import { decode, encode } from "../support/Otlp.ts"

const text = (stringValue: string) => ({ stringValue })
const attributes = (values: { readonly [key: string]: object }) => Object.entries(values).map(([key, value]) => ({ key, value }))

/** Resources that differ in every way that properties ask about: names present, absent and of odd types; values of each type. */
const resources = [
  { "service.name": text("checkout"), env: text("prod"), zone: { intValue: 1 } },
  { "service.name": text("cart"), env: text("production"), zone: { doubleValue: 1 } },
  { "service.name": { intValue: 5 }, env: { boolValue: true }, zone: { doubleValue: 1.5 } },
  { env: { arrayValue: { values: [text("prod")] } } },
  {}
].map((values) => ({ attributes: attributes(values) }))

const scopes = [{ name: "lib", version: "1" }, { name: "lib" }, { name: "other", version: "2" }, {}]

const attributeSets = [
  {},
  { k: text("v") },
  { k: text('say "v" \\ now') },
  { k: { intValue: 1 } },
  { k: { doubleValue: 1 } },
  { k: { doubleValue: 1.5 } },
  { k: { boolValue: true } },
  { k: { kvlistValue: { values: [{ key: "v", value: text("v") }] } } },
  { k: text("v"), other: text("x") }
].map(attributes)

const id = (n: number): Buffer => Buffer.from(n.toString(16).padStart(16, "0"), "hex")

/** Each combination of resource and scope, with items that differ in all else; the number of an item is its identity. */
const grouped = (groups: string, scopeGroups: string, items: string, make: (n: number) => ReadonlyArray<object>) => {
  let n = 0
  return {
    [groups]: resources.map((resource) => ({
      resource,
      [scopeGroups]: scopes.map((scope) => {
        const made = make(n)
        n += made.length
        return { scope, [items]: made }
      })
    }))
  }
}

const spanNames = ["GET /", "GET /health", "work"]
const bodies = [undefined, text("hello"), text(""), { intValue: 7 }, { kvlistValue: { values: [{ key: "a", value: text("b") }] } }]
const severities = [0, 1, 9, 10, 17]

const requests: { readonly [S in Signal]: object } = {
  traces: grouped("resourceSpans", "scopeSpans", "spans", (n) =>
    attributeSets.map((set, i) => ({
      traceId: Buffer.alloc(16, 1),
      spanId: id(n + i + 1),
      name: spanNames[i % 3],
      kind: i % 6,
      attributes: set
    }))
  ),
  metrics: grouped("resourceMetrics", "scopeMetrics", "metrics", (n) =>
    ["cpu", "cpu.time", "memory"].map((name, i) => ({
      name,
      description: String(n + i),
      gauge: { dataPoints: [{ timeUnixNano: 1, asDouble: 1 }] }
    }))
  ),
  logs: grouped("resourceLogs", "scopeLogs", "logRecords", (n) =>
    attributeSets.map((set, i) => ({
      timeUnixNano: n + i + 1,
      body: bodies[i % 5],
      severityNumber: severities[(i + n) % 5],
      severityText: ["INFO", "WARN", ""][i % 3],
      attributes: set
    }))
  )
}

const strict = (properties: object) => ({ match_type: "strict", ...properties })
const regexp = (properties: object) => ({ match_type: "regexp", ...properties })

const values = ["v", 'say "v" \\ now', 1, 1.5, true, undefined]
const withValue = (value: unknown) => (value === undefined ? { key: "k" } : { key: "k", value })

/** Properties, each of which becomes an `include` and an `exclude`. */
const spans = [
  strict({ services: ["checkout"] }),
  strict({ services: ["checkout", "5"] }),
  strict({ services: ["<nil-service-name>"] }),
  regexp({ services: ["^c"] }),
  regexp({ services: ["."] }),
  regexp({ services: ["nil"] }),
  strict({ span_names: ["work", "GET /"] }),
  regexp({ span_names: ["GET", "^w.rk$"] }),
  strict({ span_kinds: ["SPAN_KIND_SERVER", "SPAN_KIND_CLIENT"] }),
  regexp({ span_kinds: ["SERVER|CLIENT"] }),
  regexp({ span_kinds: ["^$"] }),
  ...values.map((value) => strict({ attributes: [withValue(value)] })),
  regexp({ attributes: [{ key: "k", value: "v|1|true" }] }),
  regexp({ attributes: [{ key: "k" }, { key: "other", value: "x" }] }),
  strict({ resources: [{ key: "env", value: "prod" }] }),
  strict({ resources: [{ key: "zone", value: 1 }] }),
  strict({ resources: [{ key: "zone", value: 1.5 }] }),
  regexp({ resources: [{ key: "env", value: "prod" }] }),
  strict({ libraries: [{ name: "lib" }] }),
  strict({ libraries: [{ name: "lib", version: "1" }] }),
  strict({ libraries: [{ name: "lib", version: "" }] }),
  strict({ libraries: [{ name: "lib" }, { name: "other" }] }),
  regexp({ libraries: [{ name: "^l", version: "1|2" }] }),
  strict({
    services: ["cart"],
    span_names: ["work"],
    attributes: [{ key: "k" }],
    resources: [{ key: "env" }],
    libraries: [{ name: "lib" }]
  })
]

const metrics = [
  strict({}),
  strict({ metric_names: ["cpu"] }),
  regexp({ metric_names: ["^cpu", "mem"] }),
  strict({ resource_attributes: [{ key: "env", value: "prod" }] }),
  regexp({ resource_attributes: [{ key: "env", value: "prod" }] }),
  strict({ resource_attributes: [{ key: "env" }] }),
  strict({ metric_names: ["cpu"], resource_attributes: [{ key: "env", value: "prod" }] })
]

const logs = [
  strict({}),
  ...values.map((value) => strict({ record_attributes: [withValue(value)] })),
  strict({ resource_attributes: [{ key: "env", value: "prod" }] }),
  regexp({ resource_attributes: [{ key: "env", value: "^prod$" }] }),
  strict({ severity_texts: ["INFO"] }),
  strict({ severity_texts: [""] }),
  regexp({ severity_texts: ["INFO|WARN"] }),
  ...["INFO", "info2", "17", ""].map((min) => strict({ severity_number: { min } })),
  strict({ severity_number: { min: "INFO", match_undefined: true } }),
  strict({ bodies: ["hello", "7"] }),
  strict({ bodies: [""] }),
  strict({ bodies: ['{"a":"b"}'] }),
  regexp({ bodies: ["e|7"] }),
  regexp({ bodies: [".*"] }),
  strict({ bodies: ["hello"], severity_number: { min: "DEBUG" }, record_attributes: [{ key: "k" }] })
]

interface Case {
  readonly signal: Signal
  readonly settings: object
}

const sides = (signal: Signal, section: string, all: ReadonlyArray<object>): ReadonlyArray<Case> => [
  ...all.map((include) => ({ signal, settings: { [section]: { include } } })),
  ...all.map((exclude) => ({ signal, settings: { [section]: { exclude } } })),
  { signal, settings: { [section]: { include: all[2], exclude: all[1] } } }
]

const cases = [...sides("traces", "spans", spans), ...sides("metrics", "metrics", metrics), ...sides("logs", "logs", logs)]

/** The file exporter writes hexadecimal digits, the plain form of protobuf base64. */
const hexOf = (spanId: string): string => (spanId.length === 16 ? spanId : Buffer.from(spanId, "base64").toString("hex"))

/** The identities of what is in a request, in order. */
const identities = (signal: Signal, request: unknown): ReadonlyArray<string> => {
  const found: Array<string> = []
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk)
    if (typeof value !== "object" || value === null) return
    const { spanId, description, timeUnixNano, dataPoints } = value as { readonly [key: string]: unknown }
    const identity = signal === "traces" ? spanId : signal === "metrics" ? description : dataPoints === undefined ? timeUnixNano : undefined
    if (identity !== undefined) found.push(signal === "traces" ? hexOf(String(identity)) : String(identity))
    else Object.values(value).forEach(walk)
  }
  walk(request)
  return found
}

/** What the Collector keeps, case by case: one process, a pipeline for each. */
const keptByCollector = async (): Promise<ReadonlyArray<ReadonlyArray<string>>> => {
  const folder = mkdtempSync(join(tmpdir(), "weir-filter-"))
  const port = await freePort()
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    processors: Object.fromEntries(cases.map(({ settings }, i) => [`filter/${i}`, settings])),
    exporters: Object.fromEntries(cases.map((_, i) => [`file/${i}`, { path: join(folder, `${i}.jsonl`) }])),
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: Object.fromEntries(
        cases.map(({ signal }, i) => [`${signal}/${i}`, { receivers: ["otlp"], processors: [`filter/${i}`], exporters: [`file/${i}`] }])
      )
    }
  }
  writeFileSync(join(folder, "config.yaml"), JSON.stringify(config))
  const child = spawn(collector.program, ["--config", join(folder, "config.yaml")], { stdio: ["ignore", "ignore", "pipe"] })
  try {
    let said = ""
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()))
    await until("the collector listens", () => {
      assert.strictEqual(child.exitCode, null, said)
      return isListening(port)
    })
    for (const signal of ["traces", "metrics", "logs"] as const) {
      const body = Buffer.from(encode(signal, requests[signal]))
      const answer = await fetch(`http://127.0.0.1:${port}/v1/${signal}`, {
        method: "POST",
        headers: { "content-type": "application/x-protobuf" },
        body
      })
      assert.strictEqual(answer.status, 200)
    }
    const ended = once(child, "exit")
    child.kill("SIGTERM")
    await ended
    return cases.map(({ signal }, i) =>
      readFileSync(join(folder, `${i}.jsonl`), "utf8")
        .split("\n")
        .flatMap((line) => (line === "" ? [] : identities(signal, JSON.parse(line))))
    )
  } finally {
    child.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  }
}

const absent = missing(collector)

describe.skipIf(absent !== undefined)(`include and exclude of the filter processor${absent === undefined ? "" : `: ${absent}`}`, () => {
  it.live(
    "keep what the Collector keeps",
    () =>
      Effect.gen(function* () {
        const expected = yield* Effect.promise(keptByCollector)
        const differing: Array<string> = []
        for (const [i, { signal, settings }] of cases.entries()) {
          const { process } = yield* pure(filter, signal, settings)
          const { batch } = batchOf(signal, [requests[signal]])
          const result = process(batch)
          assert.instanceOf(result, Batch)
          const kept = result instanceof Batch && result.items > 0 ? identities(signal, decode(signal, bytesOf(result))) : []
          if (kept.join() !== expected[i]!.join()) differing.push(JSON.stringify(settings))
        }
        assert.deepStrictEqual(differing, [])
        const all = (["traces", "metrics", "logs"] as const).map((signal) => identities(signal, requests[signal]).length)
        assert.isAbove(expected.filter((kept) => kept.length > 0 && !all.includes(kept.length)).length, cases.length / 2)
      }),
    60_000
  )
})
