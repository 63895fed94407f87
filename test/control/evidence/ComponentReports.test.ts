import { assert, describe, it } from "@effect/vitest"
import { ComponentReports, defaultComponentLimits } from "../../../src/control/evidence/ComponentReports.ts"
import { type ComponentReport, type Flow, noFlow, noQueue, type QueueState } from "../../../src/domain/loop/ComponentReport.ts"

const start = 1_790_000_000_000
/** A moment, in seconds after the start. */
const at = (second: number) => start + second * 1000

const flow = (tenant: string, counts: Partial<Flow>): Flow => ({
  component: { kind: "exporter", id: "otlp" },
  tenant,
  signal: "traces",
  ...noFlow,
  ...counts
})
const queue = (size: number, rest: Partial<QueueState> = {}): QueueState => ({
  exporter: "otlp",
  signal: "traces",
  ...noQueue,
  size,
  capacity: 100,
  ...rest
})

const report = (agent: string, from: number, to: number, parts: Partial<ComponentReport> = {}): ComponentReport => ({
  agent,
  revision: "",
  startUnixMillis: at(from),
  endUnixMillis: at(to),
  flows: [],
  queues: [],
  ...parts
})

const filled = (agent: string, second: number) => report(agent, second, second + 1, { queues: [queue(second)] })

describe("reports on components", () => {
  it("add up over a window; what is held is of the newest report", () => {
    const reports = new ComponentReports()
    const first = flow("acme", { accepted: 10, delivered: 4, dropped: { sampled: 1 }, held: 5 })
    const second = flow("acme", {
      accepted: 30,
      delivered: 6,
      dropped: { sampled: 1, queue_full: 2 },
      refused: { queue_full: 7 },
      held: 26
    })
    reports.add(report("a", 0, 1, { flows: [first, flow("beta", { accepted: 1, held: 1 })] }), at(1))
    reports.add(report("a", 1, 3, { flows: [second] }), at(3))
    reports.add(report("a", 3, 4, { flows: [flow("acme", { delivered: 25, held: 1 })] }), at(4))
    const found = reports.of("a", at(0), at(3))!
    assert.deepStrictEqual([found.seconds, found.atUnixMillis], [3, at(4)])
    assert.deepStrictEqual(found.flows, [
      flow("acme", { accepted: 40, delivered: 10, dropped: { sampled: 2, queue_full: 2 }, refused: { queue_full: 7 }, held: 1 }),
      flow("beta", { accepted: 1, held: 0 })
    ])
    assert.deepStrictEqual(reports.of("a", at(1), at(3))!.seconds, 2)
    assert.isUndefined(reports.of("b", at(0), at(3)))
  })

  it("say how a queue stands and where it goes", () => {
    const reports = new ComponentReports()
    for (let second = 0; second < 12; second++) {
      reports.add(report("a", second, second + 1, { queues: [queue(10 + 3 * second, { failedAttempts: 2 })] }), at(second + 1))
    }
    const [grown] = reports.of("a", at(6), at(12))!.queues
    assert.deepStrictEqual([grown!.size, grown!.capacity, grown!.failedAttempts], [43, 100, 12])
    assert.closeTo(grown!.growth, 3, 1e-9)
    for (const [second, size] of [3, 1, 3, 1, 3].entries()) {
      reports.add(report("b", second, second + 1, { queues: [queue(size)] }), at(12))
    }
    assert.closeTo(reports.of("b", at(0), at(12))!.queues[0]!.growth, 0, 1e-9)
    reports.add(filled("c", 11), at(12))
    assert.strictEqual(reports.of("c", at(0), at(12))!.queues[0]!.growth, 0)
  })

  it("say which queues of all agents are the fullest", () => {
    const reports = new ComponentReports()
    for (let second = 0; second < 5; second++) {
      const half = { exporter: "half", capacity: 10, failedAttempts: 1 }
      reports.add(
        report("a", second, second + 1, { queues: [queue(second), queue(1 + second, half), queue(0, { exporter: "idle" })] }),
        at(5)
      )
      reports.add(report("b", second, second + 1, { queues: [queue(90 - second)] }), at(5))
    }
    const shown = (most: number) =>
      reports.fullest(most, at(0), at(4)).map(({ agent, queue: { exporter, size } }) => [agent, exporter, size])
    assert.deepStrictEqual(shown(9), [
      ["b", "otlp", 86],
      ["a", "half", 5],
      ["a", "otlp", 4]
    ])
    assert.strictEqual(shown(2).length, 2)
    const { seconds, queue: half } = reports.fullest(9, at(0), at(4))[1]!
    assert.deepStrictEqual([seconds, half.failedAttempts], [4, 4])
    assert.closeTo(half.growth, 1, 1e-9)
  })

  it("count an interval once, and none of another time", () => {
    const reports = new ComponentReports()
    assert.strictEqual(reports.add(filled("a", 0), at(1)), "added")
    assert.strictEqual(reports.add(filled("a", 0), at(2)), "repeated")
    assert.strictEqual(reports.add(filled("a", 200), at(2)), "outside")
    assert.strictEqual(reports.add(filled("a", -200), at(2)), "outside")
    assert.strictEqual(reports.size.rows, 1)
  })

  it("are forgotten in time, and with them agents that have gone", () => {
    const reports = new ComponentReports()
    for (let second = 0; second < 60; second++) {
      if (second < 5) reports.add(filled("gone", second), at(second + 1))
      reports.add(filled("here", second), at(second + 1))
      assert.isAtMost(reports.size.rows, 40)
    }
    assert.deepStrictEqual(reports.size, { agents: 1, rows: 20 })
    assert.isUndefined(reports.of("gone", at(0), at(60)))
    assert.isUndefined(reports.of("here", at(90), at(100)))
    assert.deepStrictEqual(reports.size, { agents: 0, rows: 0 })
  })

  it("are bounded: the oldest go first, agents above the limit and reports above it have no place", () => {
    const reports = new ComponentReports({ ...defaultComponentLimits, rows: 6, agents: 3 })
    for (const agent of ["a", "b", "c"]) assert.strictEqual(reports.add(filled(agent, 0), at(1)), "added")
    assert.strictEqual(reports.add(filled("d", 0), at(1)), "full")
    const large = (rows: number) =>
      report("c", 1, 2, { queues: Array.from({ length: rows }, (_, i) => queue(1, { exporter: `otlp/${i}` })) })
    assert.strictEqual(reports.add(large(7), at(2)), "full")
    assert.strictEqual(reports.add(large(5), at(2)), "added")
    assert.deepStrictEqual(reports.size, { agents: 1, rows: 6 })
  })
})
