import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Books } from "../../../src/domain/Books.ts"
import { make } from "../../../src/layers/delivery/ExporterNode.ts"
import { permanent, scriptedPush, transient } from "./ScriptedPush.ts"
import { offer, request, settings } from "./Sender.ts"

type Entry = readonly [level: string, message: string, annotations: { readonly [name: string]: unknown }]

const start = Effect.fnUntraced(function* (yaml: unknown) {
  const lines: Array<Entry> = []
  const logger = Logger.make<unknown, void>(({ message, logLevel, fiber }) => {
    lines.push([logLevel, String(message), fiber.getRef(References.CurrentLogAnnotations)])
  })
  const backend = yield* scriptedPush
  const scope = yield* Scope.make()
  const { queue, activate } = yield* make({
    id: "otlp/test",
    signal: "traces",
    settings: settings(yaml),
    push: backend.push,
    books: new Books()
  }).pipe(Scope.provide(scope), Effect.provide(Layer.mergeAll(Logger.layer([logger]))))
  activate()
  return { lines, queue, next: backend.next, close: Scope.close(scope, Exit.void) }
})

const quiet = Effect.promise(() => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))))
const exporter = { exporter: "otlp/test", signal: "traces" }

describe("the log of an exporter", () => {
  it.effect("warns of attempts that will be tried again: at once, then their number every ten seconds", () =>
    Effect.gen(function* () {
      const node = yield* start({ retry_on_failure: { initial_interval: "2s", multiplier: 1, randomization_factor: 0 } })
      offer(node.queue, request(1))
      const message = "Exporting failed. Will retry the request after interval."
      const line = (failures: number) => ["Warn", message, { ...exporter, error: "backend is restarting", interval: "2.000s", failures }]
      for (let i = 0; i < 4; i++) {
        yield* (yield* node.next).fail(transient())
        yield* quiet
        yield* TestClock.adjust(2000)
      }
      assert.deepStrictEqual(node.lines as unknown, [line(1)])
      yield* TestClock.adjust(2000)
      assert.deepStrictEqual(node.lines as unknown, [line(1), line(3)])
    })
  )

  it.effect("says what was dropped by reason, and the rest when the node closes", () =>
    Effect.gen(function* () {
      const node = yield* start({ sending_queue: { num_consumers: 1 } })
      const message = "Exporting failed. Dropping data."
      offer(node.queue, request(4))
      yield* (yield* node.next).fail(permanent())
      yield* quiet
      offer(node.queue, request(3))
      yield* (yield* node.next).succeed({ rejected: 2, message: "too old" })
      yield* quiet
      offer(node.queue, request(5))
      yield* node.next
      offer(node.queue, request(6))
      const first = { ...exporter, error: "backend does not want this", dropped_items: 4, reasons: "permanent_error:4" }
      assert.deepStrictEqual(node.lines as unknown, [["Error", message, first]])
      const drain = yield* Effect.forkChild(node.queue.drain(2000), { startImmediately: true })
      yield* TestClock.adjust(2000)
      yield* Effect.yieldNow
      yield* quiet
      assert.isDefined(drain.pollUnsafe())
      yield* node.close
      const rest = { ...exporter, error: "not delivered before the stop", dropped_items: 13, reasons: "partial_success:2,shutdown:11" }
      assert.deepStrictEqual(node.lines.slice(1) as unknown, [["Error", message, rest]])
    })
  )

  it.effect("says what senders that wait are refused", () =>
    Effect.gen(function* () {
      const node = yield* start({ sending_queue: { enabled: false } })
      offer(node.queue, request(7))
      yield* (yield* node.next).fail(transient(1000))
      yield* quiet
      const said = { ...exporter, error: "backend is restarting", rejected_items: 7 }
      assert.deepStrictEqual(node.lines as unknown, [["Error", "Exporting failed. Rejecting data.", said]])
    })
  )
})
