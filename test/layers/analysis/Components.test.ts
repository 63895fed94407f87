import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Batch } from "../../../src/domain/Batch.ts"
import { Refusal } from "../../../src/domain/Refusal.ts"
import { forward } from "../../../src/layers/analysis/connectors/Forward.ts"
import { routing } from "../../../src/layers/analysis/connectors/Routing.ts"
import { filter } from "../../../src/layers/analysis/processors/Filter.ts"
import { transform } from "../../../src/layers/analysis/processors/Transform.ts"
import type { CountingLease } from "../../support/Accounts.ts"
import { attribute, decode, itemsOf } from "../../support/Otlp.ts"
import { batchOf, bytesOf, connecting, pure } from "./Analysis.ts"

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const span = (name: string, ...attributes: ReadonlyArray<object>) => ({ name, attributes })
const resourceSpans = (tenant: string, ...spans: ReadonlyArray<object>) => ({
  resource: { attributes: [text("tenant", tenant)] },
  scopeSpans: [{ scope: { name: "s" }, spans }]
})
const spans = (...groups: ReadonlyArray<object>) => ({ resourceSpans: groups })

const named = (batch: Batch): ReadonlyArray<string> =>
  itemsOf("traces", decode("traces", bytesOf(batch))).map(
    (it) => `${attribute(it.resource["resource"]!, "tenant")}/${String(it.item["name"])}`
  )

const failureOf = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit) ? String(exit.cause) : assert.fail("expected a failure")

describe("transform", () => {
  it.effect("edits every chunk and frees the old memory once", () =>
    Effect.gen(function* () {
      const { process } = yield* pure(transform, "traces", { trace_statements: ['set(span.name, Concat([span.name, "!"], ""))'] })
      const { batch, lease } = batchOf("traces", [spans(resourceSpans("a", span("x"))), spans(resourceSpans("b", span("y")))])
      const result = process(batch) as Batch
      assert.deepStrictEqual(named(result), ["a/x!", "b/y!"])
      assert.strictEqual(result.items, 2)
      assert.strictEqual(result.sizeBytes, bytesOf(result).length)
      assert.strictEqual(lease.frees, 1)
      result.lease.release()
    })
  )

  it.effect("hands on the very batch if no statement changed anything", () =>
    Effect.gen(function* () {
      const { process } = yield* pure(transform, "traces", { trace_statements: ['set(span.name, "n") where span.attributes["k"] == "v"'] })
      const { batch, lease } = batchOf("traces", [spans(resourceSpans("a", span("x", text("k", "w"))))])
      assert.strictEqual(process(batch), batch)
      assert.strictEqual(lease.frees, 0)
    })
  )

  it.effect("keeps unchanged chunks where they lie, and their memory until the new batch ends", () =>
    Effect.gen(function* () {
      const { process } = yield* pure(transform, "traces", { trace_statements: ['set(span.name, "n") where span.name == "x"'] })
      const { batch, lease } = batchOf("traces", [spans(resourceSpans("a", span("x"))), spans(resourceSpans("b", span("y")))])
      const untouched = batch.chunks[1]
      const result = process(batch) as Batch
      assert.deepStrictEqual(named(result), ["a/n", "b/y"])
      assert.strictEqual(result.chunks[1], untouched)
      assert.strictEqual(lease.frees, 0)
      result.lease.release()
      assert.strictEqual(lease.frees, 1)
    })
  )

  it.effect("turns the request away under propagate, untouched", () =>
    Effect.gen(function* () {
      const settings = { error_mode: "Propagate", trace_statements: ['set(span.name, "n")', "set(span.kind, span.name)"] }
      const { process } = yield* pure(transform, "traces", settings)
      const { batch, lease } = batchOf("traces", [spans(resourceSpans("a", span("x")))])
      const result = process(batch)
      assert.instanceOf(result, Refusal)
      assert.include((result as Refusal).message, "set(span.kind, span.name)")
      assert.deepStrictEqual(named(batch), ["a/x"])
      assert.strictEqual(lease.frees, 0)
    })
  )

  it.effect("runs groups in turn over the whole payload, with conditions and contexts of their own", () =>
    Effect.gen(function* () {
      const { process } = yield* pure(transform, "traces", {
        trace_statements: [
          { context: "resource", statements: ['set(attributes["seen"], "yes")'] },
          {
            conditions: ['span.name == "x"', 'span.name == "y"'],
            statements: ['set(span.attributes["seen"], resource.attributes["seen"])']
          }
        ]
      })
      const { batch } = batchOf("traces", [spans(resourceSpans("a", span("x"), span("y"), span("z")))])
      const items = itemsOf("traces", decode("traces", bytesOf(process(batch) as Batch)))
      assert.deepStrictEqual(
        items.map(({ item }) => attribute(item, "seen")),
        ["yes", "yes", undefined]
      )
    })
  )

  it.effect("names every mistake of a configuration at its place", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        pure(transform, "traces", {
          trace_statements: ["set(span.nmae, 1)", "set(span.name"],
          log_statements: [
            { context: "log", conditions: ["bdy == 1"], statements: ["sett(body, 1)"] },
            { context: "span", statements: ["set(name, 1)"] }
          ]
        })
      )
      const message = failureOf(exit)
      for (const part of [
        "span.name",
        "1:14",
        "log.body",
        "did you mean set",
        "unknown context",
        '["trace_statements"][0][4]',
        '["log_statements"][0]["conditions"][0][0]'
      ]) {
        assert.include(message, part)
      }
    })
  )
})

describe("filter", () => {
  it.effect("drops items and what is left empty, and counts", () =>
    Effect.gen(function* () {
      const { process } = yield* pure(filter, "traces", { trace_conditions: ['span.name == "x"', 'resource.attributes["tenant"] == "c"'] })
      const { batch } = batchOf("traces", [
        spans(resourceSpans("a", span("x")), resourceSpans("b", span("x"), span("y")), resourceSpans("c", span("z"), span("z")))
      ])
      const result = process(batch) as Batch
      assert.deepStrictEqual(named(result), ["b/y"])
      assert.strictEqual(result.items, 1)
      assert.strictEqual(decode("traces", bytesOf(result))["resourceSpans"]!["length"] as unknown, 1)
    })
  )

  it.effect("reads the older form", () =>
    Effect.gen(function* () {
      const { process } = yield* pure(filter, "logs", { logs: { log_record: ["severity_number < SEVERITY_NUMBER_WARN"] } })
      const record = (severityNumber: number) => ({ severityNumber, body: { stringValue: "b" } })
      const { batch } = batchOf("logs", [{ resourceLogs: [{ scopeLogs: [{ logRecords: [record(9), record(17)] }] }] }])
      assert.strictEqual((process(batch) as Batch).items, 1)
    })
  )

  it.effect("leaves nothing when everything is dropped", () =>
    Effect.gen(function* () {
      const { process } = yield* pure(filter, "traces", { traces: { span: ["true"] } })
      const { batch } = batchOf("traces", [spans(resourceSpans("a", span("x")))])
      const result = process(batch) as Batch
      assert.deepStrictEqual([result.items, result.sizeBytes, result.chunks.length], [0, 0, 0])
    })
  )

  it.effect("refuses both forms for one signal, and mixed styles", () =>
    Effect.gen(function* () {
      const both = yield* Effect.exit(pure(filter, "traces", { trace_conditions: ["span.name == nil"], traces: { span: ["true"] } }))
      assert.include(failureOf(both), "not both")
      const mixed = yield* Effect.exit(
        pure(filter, "traces", { trace_conditions: ["span.name == nil", { conditions: ["span.name == nil"] }] })
      )
      assert.include(failureOf(mixed), "not both")
    })
  )
})

/** What a connector has emitted, in order; every piece is let go of. */
const routed = (settings: object, batch: Batch, pipelines: ReadonlyArray<string>) =>
  Effect.map(connecting(routing, "traces", pipelines, settings), (connector) => {
    const pieces: Array<readonly [to: string, names: ReadonlyArray<string>]> = []
    const note = (to: string, piece: Batch): void => {
      const names = named(piece)
      assert.strictEqual(piece.items, names.length)
      pieces.push([to, names])
      piece.lease.release()
    }
    const refusal = connector.route(
      batch,
      (pipeline, piece) => note(pipeline, piece),
      (piece, reason) => note(reason, piece)
    )
    return { pieces, refusal }
  })

const twoTenants = () =>
  batchOf("traces", [spans(resourceSpans("a", span("x"), span("y")), resourceSpans("b", span("x")), resourceSpans("a", span("z")))])

const assertFreed = (lease: CountingLease): void => assert.strictEqual(lease.frees, 1)

describe("routing", () => {
  it.effect("cuts resources out by tenant without copying", () =>
    Effect.gen(function* () {
      const { batch, lease } = twoTenants()
      const table = [{ condition: 'attributes["tenant"] == "a"', pipelines: ["traces/a"] }]
      const { pieces } = yield* routed({ table, default_pipelines: ["traces/d"] }, batch, ["traces/a", "traces/d"])
      assert.deepStrictEqual(pieces, [
        ["traces/a", ["a/x", "a/y", "a/z"]],
        ["traces/d", ["b/x"]]
      ])
      assertFreed(lease)
    })
  )

  it.effect("hands on whole batches, to several pipelines", () =>
    Effect.gen(function* () {
      const { batch, lease } = twoTenants()
      const table = [{ statement: 'route() where resource.attributes["tenant"] != nil', pipelines: ["traces/a", "traces/d"] }]
      const { pieces } = yield* routed({ table }, batch, ["traces/a", "traces/d"])
      assert.deepStrictEqual(
        pieces.map(([to, names]) => [to, names.length]),
        [
          ["traces/a", 4],
          ["traces/d", 4]
        ]
      )
      assertFreed(lease)
    })
  )

  it.effect("tries rows in order, across contexts, and drops what has no way", () =>
    Effect.gen(function* () {
      const { batch, lease } = twoTenants()
      const table = [
        { context: "span", condition: 'name == "x"', pipelines: ["traces/x"] },
        { context: "resource", condition: 'attributes["tenant"] == "a"', pipelines: ["traces/a"] },
        { context: "span", condition: 'name == "y"', pipelines: ["traces/x"] }
      ]
      const { pieces } = yield* routed({ table: table.slice(0, 1) }, batch.share(), ["traces/x"])
      assert.deepStrictEqual(pieces, [
        ["traces/x", ["a/x", "b/x"]],
        ["unroutable", ["a/y", "a/z"]]
      ])
      const all = yield* routed({ table }, batch, ["traces/x", "traces/a"])
      assert.deepStrictEqual(all.pieces, [
        ["traces/x", ["a/x", "b/x"]],
        ["traces/a", ["a/y", "a/z"]]
      ])
      assertFreed(lease)
    })
  )

  it.effect("routes by what the sender's request says", () =>
    Effect.gen(function* () {
      const table = [
        { context: "span", condition: 'name == "x"', pipelines: ["traces/x"] },
        { context: "request", condition: 'request["X-Env"] == "prod"', pipelines: ["traces/p"] }
      ]
      const settings = { table, default_pipelines: ["traces/d"] }
      const { batch } = batchOf("traces", [spans(resourceSpans("a", span("x"), span("y")))], { "x-env": ["prod"] })
      assert.deepStrictEqual((yield* routed(settings, batch, ["traces/x", "traces/p", "traces/d"])).pieces, [
        ["traces/x", ["a/x"]],
        ["traces/p", ["a/y"]]
      ])
    })
  )

  it.effect("turns the request away when a condition fails, and lets go of it", () =>
    Effect.gen(function* () {
      const { batch, lease } = twoTenants()
      const table = [{ context: "span", condition: "Int(name) == 1", pipelines: ["traces/a"] }]
      const { pieces, refusal } = yield* routed({ table }, batch, ["traces/a"])
      assert.deepStrictEqual(pieces, [])
      assert.strictEqual(refusal?.reason, "processor_error")
      assertFreed(lease)
    })
  )

  it.effect("refuses unknown pipelines, wrong OTTL and rows that say the same", () =>
    Effect.gen(function* () {
      const exit = (settings: object) => Effect.map(Effect.exit(connecting(routing, "traces", ["traces/a"], settings)), failureOf)
      assert.include(yield* exit({ default_pipelines: ["traces/b"] }), "traces/b")
      assert.include(yield* exit({ table: [{ condition: "attributs == nil", pipelines: [] }] }), "resource.attributes")
      assert.include(yield* exit({ table: [{ condition: "true" }, { condition: "true" }] }), "once")
      assert.include(yield* exit({ table: [{}] }), "either a condition or a statement")
    })
  )
})

describe("forward", () => {
  it.effect("shares one memory among all pipelines", () =>
    Effect.gen(function* () {
      const connector = yield* connecting(forward, "traces", ["traces/a", "traces/b"], {})
      const { batch, lease } = twoTenants()
      const seen: Array<string> = []
      connector.route(
        batch,
        (pipeline, piece) => {
          seen.push(pipeline)
          assert.strictEqual(lease.frees, 0)
          piece.lease.release()
        },
        () => assert.fail("nothing is to be dropped")
      )
      assert.deepStrictEqual(seen, ["traces/a", "traces/b"])
      assertFreed(lease)
    })
  )
})
