import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { Books } from "../../../src/domain/Books.ts"
import { Malformed } from "../../../src/domain/otlp/Malformed.ts"
import { ReportDecoder } from "../../../src/domain/loop/ReportDecoder.ts"
import type { Report } from "../../../src/domain/loop/Report.ts"
import { Observer } from "../../../src/layers/observation/Observer.ts"
import { Reporter } from "../../../src/layers/observation/Reporter.ts"
import { Registry } from "../../../src/layers/telemetry/Registry.ts"
import { Backend, type Behaviour, ok, permanent } from "../../support/Backend.ts"
import { until } from "../../support/Facts.ts"

const agent = "0192f0c1-2b3c-7d4e-8f50-a1b2c3d4e5f6"

/** A reporter, and a backend of which the test knows what it has acknowledged. */
const setUp = (behaviour: Behaviour) =>
  Effect.gen(function* () {
    const reports: Array<Report> = []
    const decoder = new ReportDecoder()
    const backend = yield* Effect.acquireRelease(
      Effect.promise(() =>
        Backend.start({
          protocol: "http",
          behaviour,
          onDelivery: ({ bytes }) => {
            const decoded = decoder.decode(bytes)
            if (decoded instanceof Malformed) throw new Error(String(decoded))
            reports.push(...decoded.reports)
          }
        })
      ),
      (started) => Effect.promise(() => started.kill())
    )
    const telemetry = new Registry()
    const books = new Books()
    const observer = new Observer(books)
    const reporter = yield* Reporter.make({ observer, books, telemetry, identity: () => ({ agent, revision: "c0ffee" }) })
    const lost = () => telemetry.counter("observationsLost", { what: "report" }).total
    const seconds = () => reports.map(({ startUnixMillis, endUnixMillis }) => [startUnixMillis / 1000, endUnixMillis / 1000])
    const endpoint = `http://127.0.0.1:${backend.port}/v1/metrics`
    const arrived = (count: number) => Effect.promise(() => until(`${count} reports have arrived`, () => reports.length === count))
    return { reporter, observer, reports, backend, lost, seconds, endpoint, arrived }
  })

describe("the reporter", () => {
  it.effect("turns the observer on and reports each second, also one without anything", () =>
    Effect.gen(function* () {
      const { reporter, observer, reports, seconds, endpoint, arrived } = yield* setUp(ok)
      yield* TestClock.adjust("400 millis")
      assert.isFalse(reporter.send({ endpoint: "ftp://nowhere" }, 0))
      assert.isFalse(observer.isOn)
      assert.isTrue(reporter.send({ endpoint }, yield* Clock.currentTimeMillis))
      assert.isTrue(observer.isOn)
      for (let second = 1; second <= 3; second++) {
        yield* TestClock.adjust("1 second")
        if (second > 1) yield* arrived(second - 1)
      }
      assert.deepStrictEqual(seconds(), [
        [1, 2],
        [2, 3]
      ])
      assert.deepStrictEqual([reports[0]!.agent, reports[0]!.revision, reports[0]!.lost], [agent, "c0ffee", 0])
      reporter.send(undefined, 0)
      assert.isFalse(observer.isOn)
    })
  )

  it.effect("keeps what cannot be sent for a minute, sends it later in order, and counts what was lost", () =>
    Effect.gen(function* () {
      const { reporter, seconds, lost, backend, endpoint } = yield* setUp(ok)
      yield* Effect.promise(() => backend.kill())
      reporter.send({ endpoint }, 0)
      yield* TestClock.adjust("70 seconds")
      assert.strictEqual(lost(), 10)
      yield* Effect.promise(() => backend.revive())
      while (seconds().length < 60) {
        yield* TestClock.adjust("1 second")
        yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
      }
      const starts = seconds().map(([start]) => start!)
      assert.deepStrictEqual(
        starts,
        starts.toSorted((a, b) => a - b)
      )
      assert.strictEqual(new Set(starts).size, starts.length)
    })
  )

  it.effect("lets go of a report that the other side refuses for good", () =>
    Effect.gen(function* () {
      const { reporter, reports, lost, endpoint } = yield* setUp(permanent)
      reporter.send({ endpoint }, 0)
      yield* TestClock.adjust("1 second")
      yield* Effect.promise(() => until("it is lost", () => lost() === 1))
      assert.strictEqual(reports.length, 0)
    })
  )
})
