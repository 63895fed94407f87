import { assert, describe, it } from "@effect/vitest"
import { defaultLimits, Observations } from "../../../src/control/evidence/Observations.ts"
import { noFigures } from "../../../src/domain/loop/Figures.ts"
import { noVolume } from "../../../src/domain/loop/Metric.ts"
import type { Subject } from "../../../src/domain/loop/Observation.ts"
import type { Report } from "../../../src/domain/loop/Report.ts"
import { histogramOf } from "../../../src/domain/stats/HistogramRecorder.ts"

const now = 1_790_000_000_000
const checkout: Subject = { tenant: "acme", service: "checkout", signal: "traces" }
const cart: Subject = { tenant: "acme", service: "cart", signal: "traces" }

/** What an agent saw from a second on: so many items of each subject. */
const report = (agent: string, second: number, items: ReadonlyArray<readonly [Subject, number]>, seconds = 1, revision = "r1"): Report => {
  const about = { agent, revision, startUnixMillis: now + second * 1000, endUnixMillis: now + (second + seconds) * 1000 }
  return {
    id: `${agent}@${second}`,
    ...about,
    lost: 0,
    observations: items.map(([subject, count]) => ({
      ...about,
      subject,
      ...noFigures,
      received: { ...noVolume, items: count },
      durations: histogramOf([count])
    }))
  }
}

const items = { read: (figures: typeof noFigures) => figures.received.items }

describe("observations", () => {
  it("count once, however often a report comes", () => {
    const observations = new Observations()
    const first = report("a", 0, [[checkout, 3]])
    assert.strictEqual(observations.add(first, now), "added")
    assert.strictEqual(observations.add(first, now), "repeated")
    assert.strictEqual(observations.add(report("b", 0, [[checkout, 4]]), now), "added")
    assert.deepStrictEqual(observations.series(items.read, checkout, now, now + 1000), [[now, 7]])
  })

  it("are a series over all agents, in which a second without subjects is 0 and one without agents is missing", () => {
    const observations = new Observations()
    observations.add(
      report("a", 0, [
        [checkout, 3],
        [cart, 1]
      ]),
      now
    )
    observations.add(report("a", 1, []), now)
    observations.add(report("b", 3, [[cart, 5]]), now)
    const until = now + 10_000
    assert.deepStrictEqual(observations.series(items.read, { service: "checkout" }, now, until), [
      [now, 3],
      [now + 1000, 0],
      [now + 3000, 0]
    ])
    assert.deepStrictEqual(observations.series(items.read, { tenant: "acme" }, now, until), [
      [now, 4],
      [now + 1000, 0],
      [now + 3000, 5]
    ])
  })

  it("add up agent by agent, with the seconds that each has reported on and the revisions that it ran", () => {
    const observations = new Observations()
    for (let second = 0; second < 5; second++) {
      observations.add(
        report(
          "a",
          second,
          [
            [checkout, 2],
            [cart, 9]
          ],
          1,
          second < 2 ? "r1" : "r2"
        ),
        now
      )
      if (second !== 3) observations.add(report("b", second, [[checkout, 1]]), now)
    }
    const totals = observations.totals({ service: "checkout" }, now, now + 5000)
    assert.deepStrictEqual(
      totals.map(({ agent, figures, reported, seconds, revisions }) => [agent, figures.received.items, reported, seconds, revisions]),
      [
        ["a", 10, 5, 5, ["r1", "r2"]],
        ["b", 4, 4, 5, ["r1"]]
      ]
    )
    assert.strictEqual(totals[0]!.figures.durations!.count, 5)
  })

  it("of a longer interval are spread over its seconds, the durations stay with the last", () => {
    const observations = new Observations()
    observations.add(report("collector", 0, [[checkout, 10]], 5), now)
    assert.deepStrictEqual(
      observations.series(items.read, checkout, now, now + 9000),
      [0, 1, 2, 3, 4].map((second) => [now + second * 1000, 2])
    )
    assert.deepStrictEqual(
      [0, 4].map((second) => observations.second(now + second * 1000).subjects[0]!.figures.durations?.count),
      [undefined, 1]
    )
  })

  it("are forgotten after the retention, and with them subjects, agents and ids", () => {
    const observations = new Observations({ ...defaultLimits, retentionMillis: 10_000, subjects: 2, agents: 1 })
    observations.add(
      report("a", 0, [
        [checkout, 1],
        [cart, 1],
        [{ ...cart, service: "third" }, 7]
      ]),
      now
    )
    assert.deepStrictEqual(
      observations.second(now).subjects.map(({ subject, figures }) => [subject.service, figures.received.items]),
      [
        ["checkout", 1],
        ["cart", 1],
        ["_other", 7]
      ]
    )
    assert.strictEqual(observations.add(report("b", 1, []), now), "full")
    const later = now + 11_000
    assert.strictEqual(observations.add(report("b", 11, [[{ ...cart, service: "third" }, 7]]), later), "added")
    assert.strictEqual(observations.size, 1)
    assert.strictEqual(observations.second(later).subjects[0]!.subject.service, "third")
    assert.strictEqual(observations.add(report("a", 0, [[checkout, 1]]), later), "outside")
    assert.strictEqual(observations.add(report("b", 200, []), later), "outside")
  })

  it("stay below their number, the oldest seconds go", () => {
    const observations = new Observations({ ...defaultLimits, observations: 10 })
    for (let second = 0; second < 20; second++)
      observations.add(
        report("a", second, [
          [checkout, 1],
          [cart, 1]
        ]),
        now + second * 1000
      )
    assert.isAtMost(observations.size, 10)
    assert.deepStrictEqual(
      observations.series(items.read, cart, now, now + 30_000).map(([at]) => (at - now) / 1000),
      [15, 16, 17, 18, 19]
    )
  })
})
