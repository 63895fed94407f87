import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { Batch } from "../../../src/domain/Batch.ts"
import { load } from "../../../src/domain/config/Load.ts"
import { field } from "../../../src/domain/config/Fields.ts"
import { Source } from "../../../src/domain/config/Source.ts"
import { Gateway } from "../../../src/layers/Gateway.ts"
import * as Component from "../../../src/layers/graph/Component.ts"
import { ComponentError } from "../../../src/layers/graph/ComponentError.ts"
import { CountingLease, opaqueBatch, RecordingAck } from "../../support/Accounts.ts"

/** Components without a network: the test sends through what the receiver was given and reads what exporters were pushed. */
const world = () => {
  const inlets = new Map<string, Component.Inlet>()
  const delivered: Array<{ readonly exporter: string; readonly label: string; readonly items: number }> = []
  const gates = new Map<string, Deferred.Deferred<void>>()
  const closed: Array<string> = []
  const source = Component.receiver({
    type: "source",
    description: "Hands its inlet to the test.",
    signals: ["traces"],
    config: Schema.Struct({ label: field(Schema.String, "", "") }),
    make: (config, context) =>
      Effect.gen(function* () {
        if (config.label === "broken") return yield* new ComponentError({ component: context.id, path: ["label"], message: "broken" })
        yield* Effect.addFinalizer(() => Effect.sync(() => closed.push(`${context.id} ${config.label}`)))
        return { activate: () => inlets.set(context.id, context.inlets.traces!) }
      })
  })
  const tag = Component.processor({
    type: "half",
    description: "Keeps half of the items.",
    signals: ["traces"],
    config: Schema.Struct({}),
    make: () =>
      Effect.succeed({
        _tag: "Pure",
        process: (batch: Batch) => batch.replace(batch.chunks, Math.floor(batch.items / 2), batch.sizeBytes, new CountingLease())
      })
  })
  const slow = Component.processor({
    type: "slow",
    description: "Waits for the gate of its pipeline.",
    signals: ["traces"],
    config: Schema.Struct({ gate: field(Schema.String, "", "") }),
    make: ({ gate }) =>
      Effect.succeed({
        _tag: "Effectful",
        concurrency: 2,
        process: (batch: Batch) => (gates.has(gate) ? Effect.as(Deferred.await(gates.get(gate)!), batch) : Effect.succeed(batch))
      })
  })
  const sink = Component.exporter({
    type: "sink",
    description: "Delivers to the test.",
    signals: ["traces"],
    config: Schema.Struct({ label: field(Schema.String, "", ""), gate: field(Schema.String, "", "") }),
    make: ({ label, gate }, { id }) =>
      Effect.succeed((request: Component.ExportRequest) =>
        Effect.gen(function* () {
          if (gates.has(gate)) yield* Deferred.await(gates.get(gate)!)
          delivered.push({ exporter: id, label, items: request.items })
          return { rejected: 0 }
        })
      )
  })
  const all = [source, tag, slow, sink]
  const registry = {
    all,
    find: (kind: Component.Component["kind"], type: string) => all.find((one) => one.kind === kind && one.type === type)
  }
  const checked = (yaml: string) => {
    const verdict = load([new Source("test.yaml", yaml)], { env: () => undefined, file: () => undefined } as never, registry as never)
    if (Result.isFailure(verdict)) throw new Error(JSON.stringify(verdict.failure.map(({ message }) => message)))
    return verdict.success.checked as never
  }
  const send = (id: string, items: number) => {
    const ack = new RecordingAck()
    const lease = new CountingLease()
    inlets.get(id)!.submit([opaqueBatch({ items, ack, lease })], ack, { kind: "receiver", id, transport: "http" })
    return { ack, lease }
  }
  return { checked, send, delivered, gates, closed, inlets }
}

const pipeline = (options: {
  readonly label?: string
  readonly processors?: string
  readonly sink?: string
  readonly receiver?: string
}) => `
receivers: { source: { label: "${options.receiver ?? ""}" } }
processors: { half: {}, slow: { gate: "slow" } }
exporters: { sink: { label: "${options.label ?? ""}", gate: "sink" }, sink/other: {} }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [source], processors: [${options.processors ?? ""}], exporters: [${options.sink ?? "sink"}] }
`

const settled = (ack: RecordingAck) => ack.settlements === 1

/** Runs until a fact holds; facts come from fibers that are already on their way. */
const until = (fact: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() =>
    fact()
      ? Effect.void
      : Effect.andThen(
          Effect.promise(() => new Promise<void>((next) => setImmediate(next))),
          until(fact)
        )
  )

/** Lets virtual time pass until `effect` has ended; how many milliseconds that took. */
const millisUntilEnd = (effect: Effect.Effect<void>): Effect.Effect<number> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    let millis = 0
    for (; fiber.pollUnsafe() === undefined; millis += stepMillis) {
      yield* Effect.promise(() => new Promise<void>((next) => setImmediate(next)))
      yield* TestClock.adjust(stepMillis)
    }
    yield* Fiber.join(fiber)
    return millis
  })

const stepMillis = 100

/** What a stop may take, whatever hangs. */
const longestStopMillis = 15_000

describe("swap", () => {
  it.live("switches edges between two requests and delivers what the old graph still holds", () =>
    Effect.gen(function* () {
      const test = world()
      const slowGate = yield* Deferred.make<void>()
      test.gates.set("slow", slowGate)
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Gateway.layer(test.checked(pipeline({ processors: "slow" }))), scope)
      const gateway = yield* Gateway.pipe(Effect.provide(context))
      const held = test.send("source", 10)
      assert.strictEqual(held.ack.answers, 1)
      yield* gateway.swap(test.checked(pipeline({ processors: "half", sink: "sink/other" })))
      const through = test.send("source", 10)
      yield* until(() => settled(through.ack))
      assert.deepStrictEqual(test.delivered, [{ exporter: "sink/other", label: "", items: 5 }])
      yield* Deferred.succeed(slowGate, undefined)
      yield* until(() => settled(held.ack))
      assert.deepStrictEqual(test.delivered[1], { exporter: "sink", label: "", items: 10 })
      assert.deepStrictEqual([held.lease.frees, through.lease.frees], [1, 1])
      assert.strictEqual(gateway.balance().held, 0)
      yield* Scope.close(scope, Exit.void)
    })
  )

  it.live("a changed exporter inherits the filled queue", () =>
    Effect.gen(function* () {
      const test = world()
      const gate = yield* Deferred.make<void>()
      test.gates.set("sink", gate)
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Gateway.layer(test.checked(pipeline({ label: "old" }))), scope)
      const gateway = yield* Gateway.pipe(Effect.provide(context))
      const sent = Array.from({ length: 50 }, (_, i) => test.send("source", i + 1))
      yield* gateway.swap(test.checked(pipeline({ label: "new" })))
      yield* Deferred.succeed(gate, undefined)
      yield* until(() => sent.every(({ ack }) => settled(ack)))
      assert.strictEqual(
        test.delivered.reduce((sum, { items }) => sum + items, 0),
        (50 * 51) / 2
      )
      assert.isTrue(test.delivered.some(({ label }) => label === "new"))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(gateway.balance().held, 0)
    })
  )

  it.live("a configuration that cannot be built leaves the running graph untouched", () =>
    Effect.gen(function* () {
      const test = world()
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Gateway.layer(test.checked(pipeline({}))), scope)
      const gateway = yield* Gateway.pipe(Effect.provide(context))
      const inlet = test.inlets.get("source")
      const outcome = yield* Effect.result(gateway.swap(test.checked(pipeline({ receiver: "broken", processors: "half" }))))
      assert.isTrue(Result.isFailure(outcome) && outcome.failure.message === "source.label: broken")
      assert.strictEqual(test.inlets.get("source"), inlet)
      assert.deepStrictEqual(test.closed, [])
      const { ack } = test.send("source", 10)
      yield* until(() => settled(ack))
      assert.strictEqual(ack.delivered, 10)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(test.closed, ["source "])
    })
  )

  it.effect("stops in order, and drops what a hanging backend leaves, counted", () =>
    Effect.gen(function* () {
      const test = world()
      test.gates.set("sink", yield* Deferred.make<void>())
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Gateway.layer(test.checked(pipeline({}))), scope)
      const gateway = yield* Gateway.pipe(Effect.provide(context))
      const sent = [test.send("source", 3), test.send("source", 4)]
      assert.isBelow(yield* millisUntilEnd(Scope.close(scope, Exit.void)), longestStopMillis)
      assert.deepStrictEqual(gateway.balance(), { accepted: 7, created: 0, restored: 0, delivered: 0, dropped: 7, returned: 0, held: 0 })
      assert.isTrue(sent.every(({ ack, lease }) => settled(ack) && lease.frees === 1))
      assert.strictEqual(test.send("source", 1).ack.refusal?.reason, "shutdown")
    })
  )

  it.effect("a stop drops, counted, what a removed exporter and a removed processor could not get rid of", () =>
    Effect.gen(function* () {
      const test = world()
      test.gates.set("sink", yield* Deferred.make<void>())
      test.gates.set("slow", yield* Deferred.make<void>())
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Gateway.layer(test.checked(pipeline({}))), scope)
      const gateway = yield* Gateway.pipe(Effect.provide(context))
      const sent = [test.send("source", 3)]
      yield* gateway.swap(test.checked(pipeline({ processors: "slow", sink: "sink/other" })))
      sent.push(test.send("source", 4))
      yield* gateway.swap(test.checked(pipeline({ sink: "sink/other" })))
      sent.push(test.send("source", 5))
      yield* until(() => settled(sent[2]!.ack))
      assert.isBelow(yield* millisUntilEnd(Scope.close(scope, Exit.void)), longestStopMillis)
      const { accepted, delivered, dropped, held } = gateway.balance()
      assert.deepStrictEqual({ accepted, delivered, dropped, held }, { accepted: 12, delivered: 5, dropped: 7, held: 0 })
      assert.isTrue(sent.every(({ ack, lease }) => settled(ack) && lease.frees === 1))
    })
  )
})
